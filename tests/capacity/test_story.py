"""The README's example of capacity planning does what it says, on the demo account."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

import zecnb
from zecnb.capacity.outlook import Forecast

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_example_of_the_readme_runs() -> None:
    """The block under Capacity runs as it stands: a day of history, scenarios, and where a subnet fits."""
    block = re.search(r"## Capacity.*?```python\n(.*?)```", README, re.DOTALL)
    assert block
    with zecnb.demo(progress=False) as zec:
        names: dict[str, object] = {"zec": zec}
        exec(block[1], names)
        forecast, places = names["forecast"], names["places"]
        assert isinstance(forecast, Forecast)
        assert set(forecast.frame["status"]) == {"not enough data"}
        assert isinstance(places, pd.DataFrame)
        assert len(places) > 0
        assert len(zec.history().frame()) == 40
