"""HTML of the widget panel: its style, its head line, its status line, the verdict table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zecnb.render.cells import clock, percent, plain
from zecnb.render.tables import bare_table, verdict_view, worst_first, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

__all__ = [
    "STYLE",
    "code_html",
    "coverage_words",
    "files_html",
    "headline",
    "nic_html",
    "question_html",
    "quiet_html",
    "status_html",
    "verdicts_html",
]

STYLE = (
    "<style>"
    ".zecnb-panel{border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:12px 14px;max-width:1100px;"
    "box-sizing:border-box;container-type:inline-size}"
    ".zecnb-panel .widget-html-content,.zecnb-panel .jupyter-widgets.widget-html>.widget-html-content{line-height:1.45}"
    ".zecnb-panel .widget-html,.zecnb-panel .widget-html-content{min-width:0;max-width:100%}"
    ".zecnb-head{font-size:13px;opacity:.85;overflow-wrap:anywhere}.zecnb-head b{opacity:1}"
    ".zecnb-status{font-size:14px;min-height:1.6em;padding:.3em .6em;border-left:4px solid rgba(128,128,128,.5);"
    "background:rgba(128,128,128,.08);margin:.2em 0}"
    "@container (max-width:900px){.zecnb-status{min-height:2.9em}}"
    "@container (max-width:480px){.zecnb-status{min-height:4.4em}}"
    "@container (max-width:700px){.zecnb table.zn td,.zecnb table.zn th{padding:.3em .35em}"
    ".zecnb table.zn td.zn-list,.zecnb table.zn td.zn-text{min-width:5em;overflow-wrap:anywhere}}"
    ".zecnb-status b{margin-right:.25em}"
    ".zecnb-status.ready,.zecnb-status.done{border-left-color:#009E73}"
    ".zecnb-status.blocked,.zecnb-status.error{border-left-color:#D55E00}"
    ".zecnb-status.partly,.zecnb-status.stale,.zecnb-status.old,.zecnb-status.unapproved,.zecnb-status.risk{border-left-color:#E69F00}"
    ".zecnb-status.running,.zecnb-status.loading{border-left-color:#0072B2}"
    ".zecnb-files{display:flex;flex-wrap:wrap;gap:6px 14px;margin:.4em 0}"
    ".zecnb-panel .zecnb-file{color:inherit;text-decoration:underline}"
    ".zecnb-csv textarea{font-family:var(--jp-code-font-family,monospace);font-size:12px;white-space:pre}"
    ".zecnb-code{font-size:12px;padding:.6em .8em;background:rgba(128,128,128,.12);border-radius:4px;overflow-x:auto;"
    "white-space:pre-wrap;user-select:all;margin:.4em 0}"
    ".zecnb-panel button:focus-visible,.zecnb-panel input:focus-visible,.zecnb-panel textarea:focus-visible,"
    ".zecnb-panel select:focus-visible{outline:2px solid #0072B2;outline-offset:1px}"
    ".zecnb-panel .widget-toggle-buttons{display:flex;flex-direction:row;align-items:center}"
    ".zecnb-panel .widget-toggle-buttons .widget-label{flex:0 0 auto;text-align:right;margin-right:8px}"
    ".zecnb-fold{border-top:1px solid rgba(128,128,128,.3);padding-top:4px;margin-top:4px}"
    ".zecnb-ask{align-items:center;gap:6px}"
    "</style>"
)

_WORDS = {
    "empty": "Nothing to check yet",
    "loading": "Checking",
    "error": "It did not work",
    "blocked": "Blocked",
    "risk": "Ready, with risks",
    "unapproved": "Not approved yet",
    "ready": "Ready",
    "nothing": "Nothing to do",
    "stale": "Reading again",
    "old": "No longer certain",
    "running": "Working",
    "partly": "Partly done",
    "done": "Done",
}


def headline(account: str, read_at: datetime | None = None, coverage: str = "") -> str:
    """Return the line that says what the verdict rests on.

    Args:
        account: its label.
        read_at: when the inventory was read, None while it is not known; a time, since an age would not stay true.
        coverage: how much of it was seen, plain text.
    """
    parts = [f"<b>zecnb</b> account: {escape(plain(account))}"]
    if read_at is not None:
        parts.append(f"inventory read at {clock(read_at, seconds=True)}")
    if coverage:
        parts.append(escape(plain(coverage)))
    return f"<div class='zecnb-head'>{' · '.join(parts)}</div>"


def status_html(
    state: str, words: str, summary: pd.DataFrame | None = None, *, warn_at: float = 0.75, critical_at: float = 0.9
) -> str:
    """Return the status line; screen readers are told when it changes.

    Args:
        state: one of those of ``_WORDS``.
        words: plain text.
        summary: columns of ``schema.SUMMARY``; the utilisation of a single row is added.
        warn_at: utilisation, 0..1, from which on a subnet is said to be filling.
        critical_at: utilisation, 0..1, from which on it is said to be nearly full.
    """
    parts = [f"<b>{_WORDS[state]}</b> {escape(plain(words))}"]
    if summary is not None and len(summary) > 1:
        parts.append(f"{len(summary):,} subnets")
        full = int((summary["utilisation_after"] >= warn_at).sum())
        parts.append(f"{full:,} of them from {warn_at * 100:.4g} % on" if full else f"all below {warn_at * 100:.4g} %")
    if summary is not None and len(summary) == 1:
        row = summary.iloc[0]
        before, after = percent(row["utilisation_before"]), percent(row["utilisation_after"])
        parts.append(f"utilisation {before} → {after}, {_level(row['utilisation_after'], warn_at, critical_at)}")
        parts.append(f"free {row['free_after']:,}")
        parts.append(f"largest free run {row['largest_run_after']:,}")
        if row["unseen"]:
            parts.append(f"{row['unseen']:,} unseen")
    return f"<div class='zecnb-status {state}' role='status' aria-live='polite'>{' · '.join(parts)}</div>"


def _level(share: float, warn_at: float, critical_at: float) -> str:
    if share >= critical_at:
        return f"critical: from {critical_at * 100:.4g} % on"
    if share >= warn_at:
        return f"warning: from {warn_at * 100:.4g} % on"
    return f"normal: below {warn_at * 100:.4g} %"


def verdicts_html(frame: pd.DataFrame) -> str:
    """Return the verdict table of a plan about one vNIC; of too many rows for a table the worst."""
    rows = worst_first(frame)
    note = quiet_html(f"Worst of {len(frame):,} rows first.") if len(rows) < len(frame) else ""
    return wrap(note, bare_table(verdict_view(rows), where="panel.plan.frame", total=len(frame)))


def quiet_html(words: str) -> str:
    """Return a line that says something beside the point."""
    return f"<div class='zecnb-head'>{escape(plain(words))}</div>"


def coverage_words(of: str, share: float, unseen: int, partial: Sequence[str]) -> str:
    """Return what the verdict does not rest on: addresses and sources that could not be seen.

    Args:
        of: what was read.
        share: addresses some listing shows, of those the API counts, 0..1.
        unseen: addresses the API counts and no listing shows.
        partial: sources that were not completely read.
    """
    parts = [f"coverage of {of} {percent(share)}"]
    parts.append(f"{unseen:,} addresses are used by something no listing shows" if unseen else "nothing is unseen")
    if partial:
        parts.append(f"not completely read: {', '.join(partial)}")
    return " · ".join(parts)


def files_html(words: str, links: Sequence[tuple[str, str, str]]) -> str:
    """Return links to download files.

    Args:
        words: what they hold.
        links: word, file name and ``data:`` URL each; one without URL is too large for a page.
    """
    shown = [
        f"<a class='zecnb-file' download='{escape(name, quote=True)}' href='{escape(url, quote=True)}'>"
        f"Download {escape(word.lower())}</a>"
        if url
        else f"{escape(word)}: too large for a link, Save plan writes it beside the notebook"
        for word, name, url in links
    ]
    return f"<p class='zecnb-files'>{' '.join(shown)}</p>{quiet_html(words)}"


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
