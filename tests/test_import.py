"""What importing the package costs and exports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import zecnb


def run(code: str) -> str:
    """Run code in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


@pytest.mark.parametrize("heavy", ["pandas", "numpy", "matplotlib", "ipywidgets", "pyarrow", "httpx", "sqlalchemy"])
def test_importing_zecnb_loads_nothing_heavy(heavy: str) -> None:
    """``import zecnb`` alone loads none of the large libraries."""
    assert run(f"import sys, zecnb; print({heavy!r} in sys.modules)") == "False"


def test_every_public_name_is_there() -> None:
    """``__all__`` is sorted, each name resolves, and others are refused."""
    assert zecnb.__all__ == sorted(zecnb.__all__)
    for name in zecnb.__all__:
        assert getattr(zecnb, name) is not None
    assert dir(zecnb) == zecnb.__all__


def test_no_module_is_called_like_a_public_name() -> None:
    """Importing such a module would put it in the name's place."""
    modules = {path.stem for path in Path(zecnb.__file__).parent.iterdir()}
    assert modules & set(zecnb.__all__) == {"capacity", "scale"}
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = zecnb.nothing_of_the_kind
