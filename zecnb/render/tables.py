"""Tables for notebooks: plain HTML that reads in light and dark, on GitHub and with a screen reader.

Each output brings its own style sheet and no script, so nothing is lost where outputs are shown one by one; without
styles (GitHub strips them) the words and symbols still say it all.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from zecnb.render.cells import ID_LIMIT, NOTHING, Kind, Shown, heading, kind_of, plain, shorten, show
from zecnb.render.palette import TONES, tones
from zecnb.schema import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ROWS",
    "STYLE",
    "bare_table",
    "batch_html",
    "inventory_html",
    "plan_html",
    "receipt_html",
    "table_html",
    "verdict_view",
    "worst_first",
    "wrap",
]

ROWS = 50
"""Rows shown at most."""

_TEXT_LIMIT = 90
_ONE_LINE = 40  # characters of a word that is never broken; no address or id is longer, and what is must not run over
_CHANGE = "Subnets, before and after"
_BRIEFLY = ("subnet_id", "cidr", "utilisation_before", "utilisation_after", "free_after", "largest_run_after")
_KIND_WORDS = {
    "network": "network address",
    "gateway": "gateway",
    "broadcast": "broadcast address",
    "nic_primary": "primary of vNIC",
    "nic_secondary": "secondary of vNIC",
    "havip": "HaVip",
    "lb": "load balancer",
    "lb_health": "health check of load balancer",
}

STYLE = (
    ".zecnb{font-size:13px;line-height:1.45;max-width:100%}"
    ".zecnb p{margin:.3em 0}"
    ".zecnb .zn-scroll{overflow-x:auto;margin:.3em 0 .7em}"
    ".zecnb table.zn{border-collapse:collapse;border:0;margin:0;font-size:13px;color:inherit;table-layout:auto}"
    ".zecnb table.zn caption{text-align:left;caption-side:top;padding:.2em 0 .4em;font-weight:600;color:inherit}"
    ".zecnb table.zn th,.zecnb table.zn td{text-align:left;vertical-align:baseline;"
    "padding:.3em .8em .3em .5em;border:0;border-bottom:1px solid rgba(128,128,128,.3);"
    "background:none;color:inherit;white-space:normal;"
    "unicode-bidi:isolate;max-width:34em;overflow-wrap:break-word}"
    ".zecnb table.zn tbody tr,.zecnb table.zn tbody tr:nth-child(odd){background:none}"
    ".zecnb table.zn tbody tr:hover{background:rgba(128,128,128,.12)}"
    ".zecnb table.zn thead th{font-weight:600;vertical-align:bottom;border-bottom:2px solid rgba(128,128,128,.5)}"
    ".zecnb table.zn .zn-number,.zecnb table.zn .zn-share{text-align:right;"
    "font-variant-numeric:tabular-nums}"
    ".zecnb table.zn td.zn-mono,.zecnb table.zn td.zn-code{font-size:12px;"
    "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    ".zecnb table.zn td.zn-mono,.zecnb table.zn td.zn-number,.zecnb table.zn td.zn-share{white-space:nowrap}"
    ".zecnb table.zn td.zn-long{white-space:normal;overflow-wrap:anywhere;min-width:8em}"
    ".zecnb table.zn td.zn-list,.zecnb table.zn td.zn-text{min-width:8em}"
    ".zecnb table.zn td.zn-word{white-space:nowrap}"
    ".zecnb .zn-more{opacity:.75;font-style:italic}"
    ".zecnb .zn-bar{display:inline-block;width:4.5em;height:.6em;margin-left:.6em;border-radius:2px;"
    "background:rgba(128,128,128,.25);overflow:hidden}"
    ".zecnb .zn-bar>i{display:block;height:100%;background:#0072B2}"
    ".zecnb .zn-tone{display:inline-block;white-space:nowrap;font-weight:600;border:1px solid;border-radius:3px;"
    "padding:0 .45em;color:inherit}"
    ".zecnb details{margin:.2em 0}.zecnb summary{cursor:pointer;padding:.15em 0}"
    "@media print{.zecnb .zn-scroll{overflow:visible}}"
) + "".join(f".zecnb .zn-{tone.name}{{border-color:{tone.colour};background:{tone.colour}33}}" for tone in tones())
"""Everything scoped to ``.zecnb``; greys are translucent and text inherits its colour, so any theme will do."""


def wrap(*parts: str) -> str:
    """Return HTML parts as one output with its style sheet."""
    return f'<div class="zecnb"><style>{STYLE}</style>{"".join(parts)}</div>'


def table_html(
    frame: pd.DataFrame, columns: Sequence[str] | None = None, *, caption: str = "", limit: int | None = ROWS
) -> str:
    """Return any frame as an HTML table.

    Args:
        frame: any frame; what a column holds is told by its name and dtype.
        columns: those to show, in order; all by default.
        caption: above the table, plain text.
        limit: rows shown at most, None for all; how many are left out is said.
    """
    return wrap(bare_table(frame, columns, caption=caption, limit=limit))


def plan_html(frame: pd.DataFrame, calls: pd.DataFrame, findings: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return a plan: its verdicts, the subnets before and after, the calls, every finding.

    Args:
        frame: columns of ``schema.PLAN``; blocked and risky rows come first when there are more than ``ROWS``.
        calls: columns of ``schema.CALLS``.
        findings: columns of ``schema.FINDINGS``.
        summary: columns of ``schema.SUMMARY``.
    """
    return wrap(
        _whose(frame),
        _tally(frame["verdict"], VERDICTS),
        _plan_rows(frame),
        bare_table(summary, caption=_CHANGE, where=".summary") if len(summary) else "",
        _folded(f"API calls ({len(calls):,})", bare_table(calls, where=".calls")) if len(calls) else "",
        _folded(f"Findings ({len(findings):,})", _findings(findings), opened=not len(frame)) if len(findings) else "",
    )


def batch_html(frame: pd.DataFrame, findings: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return a batch: what was found, what each row becomes, the subnets before and after.

    Args:
        frame: columns of ``schema.PLAN``.
        findings: columns of ``schema.FINDINGS``.
        summary: columns of ``schema.SUMMARY``.
    """
    return wrap(
        _whose(frame),
        _tally(findings["severity"], VERDICTS, "Findings: ") + _findings(findings, brief=True) if len(findings) else "",
        _folded(f"Addresses ({len(frame):,})", _plan_rows(frame, brief=True), opened=not len(findings))
        if len(frame)
        else "",
        bare_table(summary, _BRIEFLY, caption=_CHANGE, where=".summary") if len(summary) else "",
    )


def _whose(frame: pd.DataFrame) -> str:
    """Return the vNIC that all rows are about: the tables below leave it out, then."""
    if not len(frame) or _varied(frame, "nic_id"):
        return ""
    return _paragraph("vNIC " + " · ".join(frame[["nic_name", "nic_id"]].iloc[0].dropna()))


def _plan_rows(frame: pd.DataFrame, *, brief: bool = False) -> str:
    """Return the rows of a plan, of too many the worst, without the columns that say nothing.

    A brief table leaves to the reason who holds an address, and fits narrow pages.
    """
    if not len(frame):
        return ""
    rows = worst_first(frame)
    view = pd.DataFrame({"row": rows["row"], "vNIC": _named(rows, "nic"), "address": rows["address"]})
    if brief:
        view["verdict"], view["why"], view["what to do"] = rows["verdict"], rows["reason"], rows["fix"]
    else:
        view["mode"], view["verdict"], view["holder"] = rows["mode"], rows["verdict"], _holders(rows)
        view["why"], view["what to do"] = _beside_holder(rows["reason"]), rows["fix"]
        view["api_code"] = rows["api_code"]
    same = {"row": "row", "vNIC": "nic_id", "mode": "mode"}  # columns that say nothing when all rows agree
    columns = [name for name in view.columns if _varied(frame, same.get(name)) and not _silent(view, name)]
    note = f"Worst of {len(frame):,} rows first." if len(frame) > ROWS else ""
    return _paragraph(note) + bare_table(view, columns, where=".frame", total=len(frame))


def verdict_view(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads first of a plan's rows: address, verdict, holder, why, what to do."""
    view = rows[["address", "verdict"]].copy()
    view["holder"] = _holders(rows)
    view["why"], view["what to do"] = _beside_holder(rows["reason"]), rows["fix"]
    return view[[name for name in view.columns if not _silent(view, name)]]


def inventory_html(headline: str, coverage: pd.DataFrame, sources: pd.DataFrame) -> str:
    """Return an inventory: how much of each subnet is seen, and what could not be read.

    Args:
        headline: what it is, plain text.
        coverage: columns of ``schema.COVERAGE``.
        sources: columns of ``schema.SOURCES``.
    """
    named = sources.rename(columns={"status": "source_status"})
    broken = named[named["source_status"] != "complete"]
    return wrap(
        _paragraph(headline),
        bare_table(broken, caption="Not completely read: what it would have shown is missing here")
        if len(broken)
        else "",
        bare_table(coverage, caption="Subnets: addresses seen against the API's count", where=".coverage"),
        _folded(f"What was read ({len(named):,})", bare_table(named)) if len(named) else "",
    )


def receipt_html(frame: pd.DataFrame, headline: str = "") -> str:
    """Return what became of every address, columns of ``schema.RECEIPT``."""
    states = list(dict.fromkeys([*TONES, *frame["state"].dropna()]))
    columns = [name for name in frame.columns if frame[name].notna().any()]
    return wrap(_paragraph(headline), _tally(frame["state"], states), bare_table(frame, columns, where=".frame"))


def _findings(findings: pd.DataFrame, *, brief: bool = False) -> str:
    """Return findings as a table; a brief one leaves to the message who holds an address, and fits narrow pages."""
    rows = worst_first(findings, "severity")
    view = rows[["row", "address", "severity", "code"]].copy()
    if brief:
        view["message"], view["what to do"] = rows["message"], rows["fix"]
    else:
        view["holder"] = _holders(rows)
        view["message"], view["what to do"] = _beside_holder(rows["message"]), rows["fix"]
        view["api_code"] = rows["api_code"]
    columns = [name for name in view.columns if not _silent(view, name)]
    return bare_table(view, columns, where=".findings", total=len(findings))


def worst_first(frame: pd.DataFrame, column: str = "verdict") -> pd.DataFrame:
    """Return the rows to show: all in their order, or of too many the worst."""
    if len(frame) <= ROWS:
        return frame
    rank = frame[column].map({verdict: -place for place, verdict in enumerate(VERDICTS)}).fillna(-len(VERDICTS))
    return frame.iloc[rank.argsort(kind="stable")[:ROWS]]


def _varied(frame: pd.DataFrame, name: str | None) -> bool:
    """Tell whether a column has more than one value; True for no column, and where there are no rows."""
    if name is None or not len(frame):
        return True
    filled = frame[name].fillna("")
    return bool((filled != filled.iloc[0]).any())


def _silent(view: pd.DataFrame, name: str) -> bool:
    """Tell whether a column that often has no value has none here."""
    return name in {"holder", "why", "what to do", "api_code"} and not (view[name].fillna("") != "").any()


def _named(rows: pd.DataFrame, what: str) -> pd.Series:
    """Return ``name · id`` for each row, whichever is known."""
    names, ids = rows[f"{what}_name"].fillna(""), rows[f"{what}_id"].fillna("")
    short = [shorten(id_, ID_LIMIT, middle=True) for id_ in ids]
    pairs = zip(names, short, strict=True)
    return pd.Series([" · ".join(filter(None, (shorten(name, 40), id_))) for name, id_ in pairs], rows.index, object)


def _beside_holder(said: pd.Series) -> pd.Series:
    """Leave out of a sentence who holds the address: the column beside it tells."""
    return said.where(~said.fillna("").str.startswith("held by "), "in use")


def _holders(rows: pd.DataFrame) -> pd.Series:
    kinds = rows["holder_kind"].map(lambda kind: _KIND_WORDS.get(kind, "") if isinstance(kind, str) else "")
    parts = zip(kinds, _named(rows, "holder"), strict=True)
    return pd.Series([" ".join(filter(None, pair)) for pair in parts], rows.index, object)


def _tally(column: pd.Series, order: Sequence[str], what: str = "") -> str:
    counts = column.value_counts()
    said = [f"{counts[word]:,} {_toned(show(word, 'state', Kind.WORD))}" for word in order if word in counts]
    return f"<p>{what}{' · '.join(said) or 'no rows'}</p>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(plain(text))}</p>" if text else ""


def _folded(title: str, content: str, *, opened: bool = False) -> str:
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{content}</details>"


def bare_table(
    frame: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    caption: str = "",
    limit: int | None = ROWS,
    where: str = "the frame",
    total: int | None = None,
    whole: bool = False,
) -> str:
    """Return a table without its style sheet, for pages that have ``STYLE`` already.

    Args:
        frame: any frame.
        columns: those to show, in order; all by default.
        caption: above the table, plain text.
        limit: rows shown at most, None for all.
        where: where the rows are that are not shown.
        total: rows there are, when ``frame`` is only the first of them.
        whole: show long texts and identifiers in full.
    """
    names = [str(name) for name in (frame.columns if columns is None else columns)]
    shown = frame if limit is None else frame.head(limit)
    kinds = [kind_of(name, frame[name]) for name in names]
    head = "".join(
        f'<th scope="col" class="zn-{kind.value}">{escape(heading(name))}</th>'
        for name, kind in zip(names, kinds, strict=True)
    )
    values = [shown[name].astype(object).tolist() for name in names]
    most = None if whole else _TEXT_LIMIT
    body = "".join(_row(row, names, kinds, most) for row in zip(*values, strict=True))
    rest = (len(frame) if total is None else total) - len(shown)
    if rest or not len(frame):
        more = f"… {rest:,} more rows, see {where}" if rest else "no rows"
        body += f'<tr><td class="zn-more" colspan="{len(names)}">{escape(more)}</td></tr>'
    title = f"<caption>{escape(plain(caption))}</caption>" if caption else ""
    # A box that scrolls must be reachable by keyboard.
    return (
        f'<div class="zn-scroll" tabindex="0"><table class="zn">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(row: Sequence[object], names: Sequence[str], kinds: Sequence[Kind], most: int | None) -> str:
    cells = []
    for value, name, kind in zip(row, names, kinds, strict=True):
        shown = show(value, name, kind, limit=most)
        title = f' title="{escape(shown.full)}"' if shown.full else ""
        content = _content(shown)
        if kind is Kind.CODE:
            content = content.replace("_", "_<wbr>")
        long = " zn-long" if max(map(len, shown.text.split(" "))) > _ONE_LINE else ""
        cells.append(f'<td class="zn-{kind.value}{long}"{title}>{content}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _content(shown: Shown) -> str:
    if shown.tone:
        return _toned(shown)
    if shown.share is not None:
        return (
            f'{escape(shown.text)}<span class="zn-bar" aria-hidden="true">'
            f'<i style="width:{shown.share * 100:.1f}%"></i></span>'
        )
    return escape(shown.text) or NOTHING


def _toned(shown: Shown) -> str:
    if shown.tone is None:
        return escape(shown.text)
    symbol = f'<span aria-hidden="true">{shown.tone.symbol}</span>'
    return f'<span class="zn-tone zn-{shown.tone.name}">{symbol} {escape(shown.text)}</span>'
