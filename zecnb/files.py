"""Files that appear whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from zecnb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["whole"]


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, whose file takes the place of ``path`` when it is done.

    Raises:
        UsageError: it cannot be written; what was there before stays.
    """
    target = Path(path)
    partial = target.with_name(target.name + ".part")
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()
