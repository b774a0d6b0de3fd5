"""``python -m zecnb`` is ``zecnb``."""

from zecnb.cli import main

main()
