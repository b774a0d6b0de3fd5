"""A batch in the panel: every finding with its row, the file without what is wrong, and files to take along."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zecnb.addresses import parse
from zecnb.columns import column
from zecnb.render.panel import files_html
from zecnb.render.tables import findings_html
from zecnb.schema import PLAN
from zecnb.widgets.subnetmap import compact

if TYPE_CHECKING:
    import pandas as pd

    from zecnb.planner.plan import Plan

__all__ = ["batch_html", "corrected", "write_files"]

_LARGEST_LINK = 4_000_000  # bytes of a file that travels as a link in the page


def corrected(plan: Plan) -> pd.DataFrame:
    """Return the requests of a batch without what is blocked, asked twice or there already, to plan again.

    Returns:
        One row per input row that keeps anything, in its order: ``nic_id``; ``ip_addresses`` as ranges or
        ``ip_address_count``; the caller's own columns; ``left_out``, what was taken away and why.
    """
    import pandas as pd

    frame = plan.frame
    others = [name for name in frame.columns if name not in PLAN]
    twice = frame["codes"].map(lambda codes: any(code.startswith("DUPLICATE") for code in codes)).astype(bool)
    good = (frame["verdict"].isin(["OK", "RISK"]) & ~twice).to_numpy()
    rows = []
    for _, part in frame.groupby("row", sort=True):
        kept = part[good[part.index]]
        if not len(kept):
            continue
        named = kept[kept["mode"] == "explicit"]
        count = len(kept) - len(named)
        away = part[~good[part.index]]
        said = [f"{address}: {why}" if why else address for address, why in _pairs(away)]
        rows.append(
            {
                "nic_id": part["nic_id"].iloc[0],
                "ip_addresses": compact(np.unique(parse(column(named["address"]))[0])),
                "ip_address_count": str(count) if count else "",
                **{name: part[name].iloc[0] for name in others},
                "left_out": "; ".join(said),
            }
        )
    names = ["nic_id", "ip_addresses", "ip_address_count", *others, "left_out"]
    return pd.DataFrame(rows, columns=list(dict.fromkeys(names)))


def _pairs(rows: pd.DataFrame) -> list[tuple[str, str]]:
    addresses, reasons = rows["address"].fillna("the row"), rows["reason"].fillna("")
    return list(zip(addresses.astype(str), reasons.astype(str), strict=True))


def batch_html(plan: Plan) -> str:
    """Return the findings of a batch with their rows, and links to the files."""
    fixed = corrected(plan)
    links = _links(plan, fixed)
    if not len(plan.findings):
        return files_html("", [link for link in links if link[0] == "Plan"])
    requests = int(plan.frame["row"].nunique())
    words = f"The corrected file keeps {len(fixed):,} of {requests:,} rows. Row 0 is the first below the header."
    return findings_html(plan.findings) + files_html(words, links)


def _links(plan: Plan, fixed: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return word, file name and content of each file as a ``data:`` URL, "" for one too large for a link."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _written(plan, fixed, Path(folder))
        return [(word, path.name, _url(path)) for word, path in paths.items()]


def _url(path: Path) -> str:
    if path.stat().st_size > _LARGEST_LINK:
        return ""
    kind = "application/json" if path.suffix == ".json" else "text/csv;charset=utf-8"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def write_files(plan: Plan, folder: Path) -> list[str]:
    """Write the plan, the corrected file and the findings; return their names."""
    return [path.name for path in _written(plan, corrected(plan), folder).values()]


def _written(plan: Plan, fixed: pd.DataFrame, folder: Path) -> dict[str, Path]:
    stem = plan.digest[:12]
    paths = {
        "Corrected file": folder / f"corrected-{stem}.csv",
        "Findings": folder / f"findings-{stem}.csv",
        "Plan": folder / f"plan-{stem}.json",
    }
    _safe(fixed).to_csv(paths["Corrected file"], index=False)
    _safe(plan.findings).to_csv(paths["Findings"], index=False)
    plan.save(paths["Plan"])
    return paths


def _safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts no spreadsheet takes for formulas: names in the account are untrusted."""
    safe = frame.copy()
    for name in safe.select_dtypes(include=["object", "str"]).columns:
        safe[name] = safe[name].map(_harmless)
    return safe


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
