"""The report: one HTML file to send, print or archive; it needs nothing beside it and asks nothing of the network."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zecnb.files import whole
from zecnb.render.cells import plain
from zecnb.render.redact import Redactor
from zecnb.render.tables import STYLE, bare_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from zecnb.render.figures import Chart

__all__ = ["Section", "Table", "html_report"]


class Table(NamedTuple):
    """A table of a report.

    Attributes:
        frame: any frame.
        caption: plain text.
        columns: those to show, in order; None for all.
        limit: rows shown at most; None for all.
        total: rows there are, when ``frame`` is only the first of them.
    """

    frame: pd.DataFrame
    caption: str = ""
    columns: Sequence[str] | None = None
    limit: int | None = 500
    total: int | None = None


class Section(NamedTuple):
    """A part of a report, shown in this order.

    Attributes:
        heading, paragraphs: plain text.
        tables: what to read.
        charts: what to look at, above the tables.
    """

    heading: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


class _Picture(NamedTuple):
    data: str
    width: int
    height: int
    alt: str
    text: str


def html_report(
    path: str | Path,
    title: str,
    sections: Iterable[Section],
    *,
    lines: Sequence[str] = (),
    redact: bool | Redactor = False,
) -> Path:
    """Write a report as one self-contained HTML file.

    Args:
        path: where to; overwritten when it exists.
        title: plain text.
        sections: what it says.
        lines: a few lines under the title, such as when and of which account; plain text.
        redact: replace ids, names and addresses by pseudonyms, the same by the same; a ``Redactor`` of one's own
            keeps them the same over several reports.

    Raises:
        UsageError: the file cannot be written.
    """
    path = Path(path)
    parts = list(sections)
    said = [title, *lines]
    footer = "Made with zecnb."
    if redact:
        redactor = redact if isinstance(redact, Redactor) else Redactor()
        redactor.learn(table.frame for part in parts for table in part.tables)
        parts = [_redacted(part, redactor) for part in parts]
        said = [redactor.text(line) for line in said]
        footer += " Identifiers are replaced by pseudonyms; the same thing has the same one throughout."
    html = (
        _environment()
        .get_template("report.html")
        .render(
            title=plain(said[0]),
            lines=[plain(line) for line in said[1:]],
            sections=[_prepared(part) for part in parts],
            table_style=Markup(STYLE),  # noqa: S704 - our own constant
            footer=footer,
        )
    )
    with whole(path) as partial:
        partial.write_text(html, encoding="utf-8")
    return path


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("zecnb.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _redacted(part: Section, redactor: Redactor) -> Section:
    return Section(
        redactor.text(part.heading),
        [redactor.text(paragraph) for paragraph in part.paragraphs],
        [_redacted_table(table, redactor) for table in part.tables],
        [chart.pseudonymous(redactor) for chart in part.charts],
    )


def _redacted_table(table: Table, redactor: Redactor) -> Table:
    shown = table.frame if table.limit is None else table.frame.head(table.limit)
    total = len(table.frame) if table.total is None else table.total
    return table._replace(frame=redactor.frame(shown), caption=redactor.text(table.caption), total=total)


def _prepared(part: Section) -> dict[str, object]:
    return {
        "heading": plain(part.heading),
        "paragraphs": [plain(paragraph) for paragraph in part.paragraphs],
        "tables": [Markup(_html(table)) for table in part.tables],  # noqa: S704 - escaped cell by cell
        "charts": [_picture(chart) for chart in part.charts],
    }


def _html(table: Table) -> str:
    frame, caption, columns, limit, total = table
    return bare_table(frame, columns, caption=caption, limit=limit, where="the data", total=total, whole=True)


def _picture(chart: Chart) -> _Picture:
    data, shown = chart._repr_png_()
    return _Picture(base64.b64encode(data).decode(), shown["width"], shown["height"], shown["alt"], chart.text())
