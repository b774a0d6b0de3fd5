"""HTML tables: escaped, readable without style, and honest about what they leave out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.render import frames
from tests.render.frames import EVIL
from zecnb.render.palette import TONES
from zecnb.render.tables import (
    ROWS,
    bare_table,
    batch_html,
    inventory_html,
    plan_html,
    receipt_html,
    table_html,
)

_ALLOWED = {"div", "style", "p", "span", "table", "caption", "thead", "tbody", "tr", "th", "td", "i", "wbr", "details"}
_ALLOWED |= {"summary"}


class _Reader(HTMLParser):
    """Collects what a browser would make of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "wbr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def _shape(html: str) -> list[str]:
    """Return the page's tags, without the places where long codes may wrap."""
    return [tag for tag in _Reader(html).tags if tag != "wbr"]


def _outputs(name: str) -> dict[str, str]:
    nasty = frames.plan_frame(name).assign(nic_name=name, address=name, fix=name, verdict=name, api_code=name)
    return {
        "plan": plan_html(
            nasty,
            frames.calls().assign(predicted=name),
            frames.findings(name).assign(severity=name, code=name),
            frames.summary().assign(cidr=name),
        ),
        "inventory": inventory_html(name, frames.coverage(name), frames.sources().assign(detail=name, status=name)),
        "receipt": receipt_html(frames.receipt().assign(state=name, request_id=name), name),
        "any": table_html(pd.DataFrame({name: [name], "list": [(name, name)]}), caption=name),
    }


@pytest.mark.parametrize("what", list(_outputs("x")))
@pytest.mark.parametrize(
    "name", [EVIL, "</td></table><script>alert(1)</script>", '" onmouseover="alert(1)', "</style>", "&lt;"]
)
def test_names_never_become_markup(what: str, name: str):
    """Wherever a hostile text comes up, the page has our tags only, and the text is shown as it is."""
    reader = _Reader(_outputs(name)[what])
    assert set(reader.tags) <= _ALLOWED
    assert not [key for key, _ in reader.attributes if key.startswith("on")]
    assert not reader.open
    assert name in reader.text


@settings(max_examples=40)  # each makes twelve pages
@given(st.text(max_size=200))
def test_no_text_breaks_out(name: str):
    """Any text at all leaves the page's structure as it was; a state's own word gets its badge, of course."""
    assume(name not in TONES)
    shape, plain = ([_shape(html) for html in _outputs(text).values()] for text in (name or "x", "x"))
    assert shape == plain


def test_no_script_and_no_request():
    """No output has a script or an address that a browser would fetch."""
    for html in _outputs("x").values():
        assert not re.search(r"<script|https?://|url\(|@import|src=|href=", html)


def test_a_long_token_is_wrapped():
    """What somebody pasted as an address must not run over the cells beside it; addresses stay on one line."""
    frame = pd.DataFrame({"address": ["x" * 80, "10.0.4.10-10.0.4.255"]})
    for whole in (False, True):
        html = bare_table(frame, whole=whole)
        assert re.findall('class="(zn-mono[^"]*)"', html) == ["zn-mono", "zn-mono zn-long", "zn-mono"]
    said = bare_table(pd.DataFrame({"why": ["x" * 45 + " is not an IPv4 address", "a sentence of words " * 4]}))
    assert re.findall('class="(zn-text[^"]*)"', said) == ["zn-text", "zn-text zn-long", "zn-text"]


def test_headings_are_headings():
    """Each column has a heading cell with a scope, for screen readers."""
    html = table_html(frames.summary())
    assert html.count('<th scope="col"') == frames.summary().shape[1]


def test_each_output_brings_its_style():
    """Outputs are shown one by one, so each has its own style sheet, once."""
    for html in _outputs("x").values():
        assert html.count("<style>") == 1


def test_verdict_is_word_symbol_and_colour():
    """A verdict reads without colour."""
    html = plan_html(frames.plan_frame(), frames.calls(), frames.findings(), frames.summary())
    assert re.search(r'zn-bad"><span aria-hidden="true">✕</span> BLOCK', html)
    assert re.search(r'zn-good"><span aria-hidden="true">✓</span> OK', html)


def test_plan_counts_its_verdicts():
    """Above the rows stands how many there are of each verdict, harmless first."""
    text = _Reader(plan_html(frames.plan_frame(), frames.calls(), frames.findings(), frames.summary())).text
    assert re.search(r"2 ✓ OK · 1 = NOOP · 1 ! RISK · 1 ✕ BLOCK", text)


def test_a_batch_says_whose_and_what_it_counts():
    """Of one vNIC the tables leave out which: it stands above them; findings are called that, addresses too."""
    text = _Reader(batch_html(frames.plan_frame(), frames.findings(), frames.summary())).text
    assert text.partition("Findings: ")[0].endswith("vNIC web-07 · 1680855999352675875")
    assert "Addresses (5)" in text
    rows = frames.plan_frame()
    rows.loc[2:, "nic_id"] = "1680855999352670002"
    assert (
        "vNIC web-07 · 1680855999352675875" not in _Reader(batch_html(rows, frames.findings(), frames.summary())).text
    )


def test_plan_names_the_holder():
    """A conflict says what holds the address: kind, name and id."""
    text = _Reader(plan_html(frames.plan_frame(), frames.calls(), frames.findings(), frames.summary())).text
    assert "secondary of vNIC web-03 · 1680855…675001" in text


def test_plan_of_one_nic_names_it_once():
    """What is the same in every row stands above the table, not in a column."""
    one = plan_html(frames.plan_frame(), frames.calls(), frames.findings(), frames.summary())
    assert "vNIC web-07 · 1680855999352675875" in _Reader(one).text
    assert ">vNIC</th>" not in one
    rows = frames.plan_frame()
    rows.loc[2:, "nic_id"] = "1680855999352670002"
    assert ">vNIC</th>" in plan_html(rows, frames.calls(), frames.findings(), frames.summary())


def test_long_plan_shows_the_worst_first():
    """Of many rows the blocked ones are shown, and how many are left out is said."""
    many = pd.concat([frames.plan_frame().iloc[[0]]] * 500 + [frames.plan_frame().iloc[[2]]], ignore_index=True)
    html = plan_html(many, frames.calls(), frames.findings(), frames.summary())
    text = _Reader(html).text
    assert "Worst of 501 rows first." in text
    assert f"… {501 - ROWS} more rows, see .frame" in text
    assert text.index("10.0.4.12") < text.index("10.0.4.10")


def test_huge_plan_is_a_small_page():
    """A plan of 100,000 rows makes an output that a notebook can keep."""
    many = pd.concat([frames.plan_frame()] * 20_000, ignore_index=True)
    assert len(plan_html(many, frames.calls(), frames.findings(), frames.summary())) < 60_000


def test_plan_without_rows_shows_its_findings():
    """An empty request has findings only; they are not folded away."""
    html = plan_html(frames.plan_frame().head(0), frames.calls().head(0), frames.findings(), frames.summary().head(0))
    assert "<details open><summary>Findings (3)" in html


def test_shares_are_percent_with_a_bar():
    """Utilisation is written in percent, and the bar has that width."""
    html = table_html(frames.summary())
    assert "61.2 %" in html
    assert 'style="width:61.2%"' in html


def test_bars_stay_in_their_box():
    """A share above one, which a wrong count can give, does not burst the table."""
    assert 'style="width:100.0%"' in table_html(frames.summary().assign(utilisation_after=1.7))


def test_long_values_keep_the_whole():
    """What is shortened has the whole value in its title."""
    html = table_html(pd.DataFrame({"subnet_id": ["1680855999352670022"], "reason": ["word " * 50]}))
    assert 'title="1680855999352670022">1680855…670022<' in html
    assert f'title="{"word " * 50}"' in html


def test_error_codes_may_wrap():
    """A long error code breaks at its underscores rather than pushing the table out of the page."""
    html = receipt_html(frames.receipt())
    assert "INVALID_<wbr>SUBNET_<wbr>PRIVATE_<wbr>IPV4_<wbr>IN_<wbr>USED" in html


def test_inventory_says_what_is_missing():
    """A source that could not be read stands out, with the reason, before the subnets."""
    text = _Reader(inventory_html("Inventory(...)", frames.coverage(), frames.sources())).text
    assert "Not completely read" in text
    assert text.index("havips") < text.index("app-sin")
    complete = frames.sources().query("status == 'complete'")
    assert "Not completely read" not in inventory_html("Inventory(...)", frames.coverage(), complete)


def test_receipt_counts_its_states():
    """Above the rows stands how many there are of each state, in words as in the rows."""
    text = _Reader(receipt_html(frames.receipt(), "Receipt(apply)")).text
    assert "1 ✓ assigned · 1 = already present · 1 ✕ rejected · 1 · not attempted" in text
    assert "not_attempted" not in text


def test_scrolling_box_can_be_reached_by_keyboard():
    """A table that is too wide scrolls in a box that the tab key reaches."""
    assert '<div class="zn-scroll" tabindex="0">' in table_html(frames.summary())


def test_inputs_are_not_changed():
    """Showing a frame leaves it as it was."""
    plan, before = frames.plan_frame(), frames.plan_frame()
    plan_html(plan, frames.calls(), frames.findings(), frames.summary())
    pd.testing.assert_frame_equal(plan, before)
