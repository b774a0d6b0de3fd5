"""HTML of the widget panel: its style, its head line, its status line, the verdict table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zecnb.render.cells import percent, plain
from zecnb.render.tables import bare_table, verdict_view, wrap

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "STYLE",
    "age_words",
    "code_html",
    "headline",
    "nic_html",
    "picture_html",
    "question_html",
    "status_html",
    "verdicts_html",
]

STYLE = (
    "<style>"
    ".zecnb-panel{border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:12px 14px;max-width:1100px;"
    "box-sizing:border-box}"
    ".zecnb-panel .widget-html-content,.zecnb-panel .jupyter-widgets.widget-html>.widget-html-content{line-height:1.45}"
    ".zecnb-head{font-size:13px;opacity:.85}.zecnb-head b{opacity:1}"
    ".zecnb-status{font-size:14px;min-height:1.6em;padding:.3em .6em;border-left:4px solid rgba(128,128,128,.5);"
    "background:rgba(128,128,128,.08);margin:.2em 0}"
    ".zecnb-status b{margin-right:.25em}"
    ".zecnb-status.ready,.zecnb-status.done{border-left-color:#009E73}"
    ".zecnb-status.blocked,.zecnb-status.error{border-left-color:#D55E00}"
    ".zecnb-status.partly,.zecnb-status.stale,.zecnb-status.risk{border-left-color:#E69F00}"
    ".zecnb-status.running,.zecnb-status.loading{border-left-color:#0072B2}"
    ".zecnb-chart{max-width:min(100%,640px);height:auto;display:block;margin:.4em 0}"
    ".zecnb-code{font-size:12px;padding:.6em .8em;background:rgba(128,128,128,.12);border-radius:4px;overflow-x:auto;"
    "white-space:pre-wrap;user-select:all;margin:.4em 0}"
    ".zecnb-panel button:focus-visible,.zecnb-panel input:focus-visible,.zecnb-panel textarea:focus-visible,"
    ".zecnb-panel select:focus-visible{outline:2px solid #0072B2;outline-offset:1px}"
    ".zecnb-panel .widget-toggle-buttons{display:flex;flex-direction:row;align-items:center}"
    ".zecnb-panel .widget-toggle-buttons .widget-label{flex:0 0 auto;text-align:right}"
    ".zecnb-ask{align-items:center;gap:6px}"
    "</style>"
)

_WORDS = {
    "empty": "Nothing to check yet",
    "loading": "Checking",
    "error": "It did not work",
    "blocked": "Blocked",
    "risk": "Ready, with risks",
    "ready": "Ready",
    "nothing": "Nothing to do",
    "running": "Working",
    "partly": "Partly done",
    "done": "Done",
}


def age_words(seconds: float) -> str:
    """Return an age as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def headline(account: str, age: float | None = None, coverage: float | None = None) -> str:
    """Return the line that says what the verdict rests on."""
    parts = [f"<b>zecnb</b> account: {escape(plain(account))}"]
    if age is not None:
        parts.append(f"inventory read {age_words(age)} ago")
    if coverage is not None:
        parts.append(f"coverage {percent(coverage)}")
    return f"<div class='zecnb-head'>{' · '.join(parts)}</div>"


def status_html(state: str, words: str, summary: pd.DataFrame | None = None) -> str:
    """Return the status line; screen readers are told when it changes.

    Args:
        state: one of those of ``_WORDS``.
        words: plain text.
        summary: columns of ``schema.SUMMARY``; its first row's utilisation is added.
    """
    parts = [f"<b>{_WORDS[state]}</b> {escape(plain(words))}"]
    if summary is not None and len(summary) == 1:
        row = summary.iloc[0]
        before, after = percent(row["utilisation_before"]), percent(row["utilisation_after"])
        parts.append(f"utilisation {before} → {after}")
        parts.append(f"free {row['free_after']:,}")
        parts.append(f"largest free run {row['largest_run_after']:,}")
        if row["unseen"]:
            parts.append(f"{row['unseen']:,} unseen")
    return f"<div class='zecnb-status {state}' role='status' aria-live='polite'>{' · '.join(parts)}</div>"


def verdicts_html(frame: pd.DataFrame) -> str:
    """Return the verdict table of a plan about one vNIC: address, verdict, holder, why, what to do."""
    return wrap(bare_table(verdict_view(frame), where=".frame"))


def picture_html(png: str, alt: str) -> str:
    """Return a picture with its text alternative.

    Args:
        png: the picture, Base64.
        alt: what it shows, in words.
    """
    return f"<img class='zecnb-chart' alt='{escape(alt, quote=True)}' src='data:image/png;base64,{png}'>"


def nic_html(name: str, status: str, subnet: str, used: int, limit: int | None) -> str:
    """Return a line about the vNIC, "" when there is none.

    Args:
        name: its name; "" and no status when the inventory has no such vNIC.
        status: as the API has it.
        subnet: name and CIDR.
        used: private IPv4 addresses it has.
        limit: how many it may have, None when that is not known.
    """
    if not status:
        return ""
    share = f"{used} of {limit} addresses" if limit is not None else f"{used} addresses"
    parts = [plain(part) for part in (name, status, f"subnet {subnet}", share) if part]
    return f"<div class='zecnb-head'>{escape(' · '.join(parts))}</div>"


def question_html(question: str) -> str:
    """Return a question that screen readers announce."""
    return f"<span role='alert'>{escape(plain(question))}</span>"


def code_html(code: str) -> str:
    """Return code to copy."""
    return f"<pre class='zecnb-code'>{escape(code)}</pre>"
