"""A progress bar for what takes longer than a moment."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["bar"]


@contextmanager
def bar(what: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar from the second second on.

    Args:
        what: is being done.
        shown: False shows nothing.

    Yields:
        What to tell how much is done of how much.
    """
    if not shown:
        yield lambda _done, _total: None
        return
    from tqdm.auto import tqdm

    line = tqdm(desc=what, delay=1.0, leave=False, dynamic_ncols=True)

    def tick(done: int, total: int) -> None:
        line.total = total
        line.update(done - line.n)

    try:
        yield tick
    finally:
        line.close()
