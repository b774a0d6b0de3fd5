"""The report: one file that needs nothing, tells all it should and nothing it should not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.render import frames
from tests.render.frames import EVIL
from tests.render.subnets import subnet
from zecnb.errors import UsageError
from zecnb.render.charts import UtilisationChart, VpcChart
from zecnb.render.compare import BeforeAfterChart
from zecnb.render.occupancy import OccupancyChart
from zecnb.render.redact import Redactor
from zecnb.render.report import Section, Table, html_report
from zecnb.render.runs import FragmentationChart, FreeRunChart

if TYPE_CHECKING:
    from pathlib import Path


def _sections(name: str = "web-03") -> list[Section]:
    cells = subnet(24)
    subnets = pd.DataFrame(
        {
            "subnet_id": ["s-1"],
            "name": [name],
            "cidr": ["10.0.4.0/24"],
            "usable": [253],
            "used": [99],
            "utilisation": [0.39],
        }
    )
    charts = [
        OccupancyChart("10.0.4.0/24", cells, unseen=2, title=name, nic_name=name),
        BeforeAfterChart("10.0.4.0/24", cells, cells, title=name),
        FreeRunChart("10.0.4.0/24", cells, title=name),
        FragmentationChart("10.0.4.0/24", cells, title=name),
        UtilisationChart(subnets),
    ]
    return [
        Section(
            "Plan", [f"Four addresses for {name} in 10.0.4.0/22."], [Table(frames.plan_frame(name), f"For {name}")]
        ),
        Section("Subnet", charts=charts, tables=[Table(frames.summary())]),
        Section("Receipt", tables=[Table(frames.receipt())]),
    ]


def _words(html: str) -> str:
    return re.sub(r'base64,[^"]*', "", html)


def test_one_file_without_requests(tmp_path: Path):
    """Nothing in the file points outside, and it forbids itself to load anything."""
    html = _words(html_report(tmp_path / "r.html", "Report", _sections()).read_text())
    assert not re.search(r"<script|<link|https?://|url\(|@import", html)
    assert re.findall(r'(?:src|href)="([^"#:]*)', html).count("data") == 5
    assert "default-src 'none'" in html


def test_it_says_all_it_was_given(tmp_path: Path):
    """Title, lines, headings, paragraphs, captions, cells and the charts in words are all there."""
    html = html_report(tmp_path / "r.html", "My report", _sections(), lines=["account: demo"]).read_text()
    for said in (
        "My report",
        "account: demo",
        "Four addresses for web-03",
        "For web-03",
        "10.0.4.12",
        "OccupancyChart(",
    ):
        assert said in html


def test_hostile_names_are_text(tmp_path: Path):
    """A name with markup is shown, never run, wherever it stands."""
    html = html_report(tmp_path / "r.html", EVIL, _sections(EVIL), lines=[EVIL]).read_text()
    assert "<img src=x" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 10


def test_same_input_same_bytes(tmp_path: Path):
    """No clock and no random id: two reports of the same content are the same file."""
    one, other = (html_report(tmp_path / f"{name}.html", "R", _sections()).read_bytes() for name in "ab")
    assert one == other


def test_redacted_report_identifies_nothing(tmp_path: Path):
    """With pseudonyms, no address, id or name is left in the words, and none in the charts' titles."""
    html = _words(
        html_report(tmp_path / "r.html", "For web-03", _sections(), lines=["10.0.4.12"], redact=True).read_text()
    )
    assert not re.search(r"10\.0\.4|web-0\d|\d{12,}|req-\d", html)
    assert "nic-1" in html
    assert "replaced by pseudonyms" in html
    assert "INVALID_" in html


def test_pictures_have_the_pseudonyms_of_the_tables(tmp_path: Path):
    """One subnet has one pseudonym: in the table, in the ranking, under its VPC and as a picture's title."""
    subnets = pd.DataFrame(
        {
            "subnet_id": ["s-1", "s-2", "s-3"],
            "name": ["app", "db", "lab"],
            "vpc_id": ["v-1", "v-2", "v-1"],
            "cidr": ["10.0.4.0/24", "10.0.5.0/24", "10.0.6.0/24"],
            "usable": [253] * 3,
            "used": [30, 20, 99],
            "utilisation": [0.12, 0.08, 0.39],
        }
    )
    charts = [UtilisationChart(subnets), VpcChart(subnets), OccupancyChart("10.0.6.0/24", subnet(24), title="lab")]
    section = Section("Subnets", tables=[Table(subnets)], charts=charts)
    html = html_report(tmp_path / "r.html", "R", [section], redact=True).read_text()
    ranking, vpcs, picture = re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)
    for said in (ranking, vpcs):
        rows = [line.split() for line in said.splitlines() if line.startswith("subnet-")]
        assert [(row[0], row[1]) for row in rows] == [
            ("subnet-3", "ip-3/24"),
            ("subnet-1", "ip-1/24"),
            ("subnet-2", "ip-2/24"),
        ]
    assert picture.startswith("ip-3/24 · a /24 subnet")


def test_redactor_of_ones_own_is_kept(tmp_path: Path):
    """Two reports with one redactor call the same thing the same."""
    redactor = Redactor()
    first = html_report(tmp_path / "a.html", "A", _sections(), redact=redactor).read_text()
    alias = redactor.frame(frames.receipt())["address"].iloc[0]
    assert f">{alias}<" in first


@pytest.mark.parametrize("redact", [False, True])
def test_long_tables_say_what_is_left_out(tmp_path: Path, *, redact: bool):
    """A table is cut at its limit, and the number of rows left out is right, redacted or not."""
    table = Table(pd.concat([frames.plan_frame()] * 200), limit=100)
    html = html_report(tmp_path / "r.html", "R", [Section("Plan", tables=[table])], redact=redact).read_text()
    assert "… 900 more rows" in html


def test_paper_has_no_titles_to_point_at(tmp_path: Path):
    """Ids and reasons are whole: on paper nothing is found by pointing at it."""
    name = "a name that is far longer than any table of a notebook would show it in a cell " * 2
    html = html_report(tmp_path / "r.html", "R", [Section("Plan", tables=[Table(frames.plan_frame(name))])]).read_text()
    assert f">{frames.NIC}<" in html
    assert f"held by {name}" in html
    assert "…" not in _words(html)
    assert ' title="' not in html


def test_tall_pictures_are_printed_on_tall_pages(tmp_path: Path):
    """Pages lie, as tables are wide; a picture that is taller than wide has one that stands."""
    wide, tall = (OccupancyChart(f"10.0.4.0/{prefix}", subnet(prefix)) for prefix in (28, 22))
    html = html_report(tmp_path / "r.html", "R", [Section("Subnets", charts=[wide, tall])]).read_text()
    assert re.findall("<figure(.*?)>", html) == ["", ' class="tall"']
    assert html.index(".zecnb table.zn th,.zecnb table.zn td{") < html.index("@media print {")


def test_few_sections_need_no_contents(tmp_path: Path):
    """Contents are listed when there is something to look up."""
    assert "<nav" not in html_report(tmp_path / "a.html", "R", _sections()[:2]).read_text()
    assert "<nav" in html_report(tmp_path / "b.html", "R", _sections()).read_text()


def test_file_that_cannot_be_written(tmp_path: Path):
    """A path that cannot be written is an error that names it."""
    with pytest.raises(UsageError, match="cannot write"):
        html_report(tmp_path / "missing" / "r.html", "R", [])
