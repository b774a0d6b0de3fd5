"""Files appear whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zecnb.errors import UsageError
from zecnb.files import whole

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_takes_its_place_when_it_is_done(tmp_path: Path) -> None:
    """Until then what was there stays; afterwards nothing else is left."""
    target = tmp_path / "plan.json"
    target.write_text("old")
    with whole(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_what_goes_wrong_leaves_the_old_file(tmp_path: Path) -> None:
    """A half-written file is swept away."""
    target = tmp_path / "plan.json"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), whole(target) as partial:
        partial.write_text(f"half {1 / 0}")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["missing/plan.json", "file/plan.json"])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    """A folder that is not there, or is none, is named in words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=f"cannot write .*{name}: "), whole(tmp_path / name) as partial:
        partial.write_text("x")
