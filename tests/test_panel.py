"""The panel without a browser: fields in, verdicts, buttons and values out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import zecnb
from zecnb.emulator.seeds import WEB_07

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.panel import Panel
    from zecnb.session import Session


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """One demo account for the tests that write nothing."""
    with zecnb.demo(progress=False) as zec:
        yield zec


@pytest.fixture
def zec(shared: Session) -> Session:
    """The shared account, with nothing remembered of other tests."""
    shared.panel_memory.clear()
    return shared


@pytest.fixture
def fresh() -> Iterator[Session]:
    """An account of the test's own."""
    with zecnb.demo(progress=False) as zec:
        yield zec


def settle(panel: Panel) -> Panel:
    """Wait until the panel has nothing left to do."""
    assert panel._reader.idle()
    assert panel._worker.idle()
    return panel


def text(panel: Panel) -> str:
    """What stands in the panel's outputs, without markup."""
    parts = (panel._head, panel._about, panel._status, panel._table, panel._question, panel._receipt, panel._snippet)
    return re.sub(r"<[^>]+>", " ", " ".join(part.value for part in parts))


def test_an_empty_panel_says_what_to_do(zec: Session) -> None:
    """Nothing is asked yet: words, no verdict, nothing to press."""
    panel = settle(zec.panel())
    assert "Name a vNIC" in text(panel)
    assert panel.plan is None
    assert panel._assign.disabled
    assert panel._save.disabled
    assert panel._undo.disabled


def test_a_conflict_is_named_and_cannot_be_assigned(zec: Session) -> None:
    """A blocked plan shows the holder and keeps Assign disabled."""
    panel = settle(zec.panel(WEB_07, ip_addresses="10.0.4.93-97"))
    assert "Blocked" in text(panel)
    assert "web-09" in text(panel)
    assert panel._assign.disabled


def test_typing_takes_the_verdict_back_at_once(zec: Session) -> None:
    """Between a keystroke and its answer there is no plan, and nothing can be assigned."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    assert not panel._assign.disabled
    panel._count.value = "3"
    assert panel.plan is None
    assert panel._assign.disabled
    settle(panel)
    assert panel._assign.description == "Assign 3 addresses"


def test_assign_asks_first_then_undo_takes_back(fresh: Session) -> None:
    """Assign, Yes, receipt; Undo, Yes, released; values for the next cell."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._assign.click()
    assert "Assign 2 addresses to" in text(panel)
    assert panel.receipt is None
    panel._yes.click()
    settle(panel)
    assert panel.receipt is not None
    assert panel.receipt.states == {"assigned": 2}
    assert "2 assigned" in text(panel)
    panel._undo.click()
    panel._yes.click()
    settle(panel)
    assert panel.receipt.states == {"released": 2}


def test_no_means_no(fresh: Session) -> None:
    """Answering No, or typing on, sends nothing."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._assign.click()
    panel._no.click()
    settle(panel)
    assert panel.receipt is None
    panel._assign.click()
    panel._count.value = "3"
    panel._yes.click()
    settle(panel)
    assert panel.receipt is None
    assert not len(fresh.journal())


def test_the_code_repeats_what_was_clicked(zec: Session) -> None:
    """The shown code gives the same plan in a plain cell."""
    panel = settle(zec.panel(WEB_07, ip_address_count=3))
    panel._policy.value = "contiguous"
    settle(panel)
    panel._code.click()
    assert "zec.apply(plan)" in text(panel)
    names: dict[str, object] = {"zec": zec}
    exec(panel.fields.code(), names)
    assert names["plan"].digest == panel.plan.digest


def test_running_the_cell_again_keeps_what_was_typed(zec: Session) -> None:
    """The same call in the same session shows the fields as they were left."""
    first = settle(zec.panel(WEB_07, ip_addresses="10.0.4.100"))
    first._addresses.value = "10.0.4.101"
    settle(first)
    second = settle(zec.panel(WEB_07, ip_addresses="10.0.4.100"))
    assert second._addresses.value == "10.0.4.101"


def test_vnics_are_found_by_part_of_a_name(zec: Session) -> None:
    """Typing offers the vNICs whose name or id contains it."""
    panel = settle(zec.panel())
    panel._nic.value = "WEB-0"
    assert panel._nic.options
    assert all("web-0" in option for option in panel._nic.options)


@pytest.mark.parametrize(
    "typed",
    [
        "10.0.0.300",
        "\u00a0010.0.0.5",
        "::1",
        "\uff11\uff10.0.4.9",
        "<script>alert(1)</script>",
        "'\"\n\t",
        "10.0.4.9/33",
    ],
)
def test_awkward_addresses_are_findings(zec: Session, typed: str) -> None:
    """Whatever is typed becomes a row with a reason, and nothing runs as markup."""
    panel = settle(zec.panel(WEB_07, ip_addresses="10.0.4.100 " + typed))
    assert panel._assign.disabled or not typed.strip("'\"\n\t")
    assert "<script" not in panel._table.value + panel._status.value


@pytest.mark.parametrize("typed", ["0", "-1", "1000000000", "3.7", "True", "nan", "four", "9" * 40])
def test_awkward_counts_are_findings(zec: Session, typed: str) -> None:
    """A count that cannot be is said in the panel, not raised."""
    panel = settle(zec.panel(WEB_07, ip_address_count=1))
    panel._count.value = typed
    settle(panel)
    assert "Blocked" in text(panel)
    assert panel._assign.disabled


def test_five_megabytes_pasted(zec: Session) -> None:
    """A huge paste is judged, shown in part, and the panel stays usable."""
    paste = "\n".join(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(400_000))
    assert len(paste) > 4_800_000
    panel = zec.panel(WEB_07, ip_addresses="10.0.4.100")
    settle(panel)
    panel._addresses.value = paste
    assert panel._worker.idle(60)
    assert "blocked" in text(panel)
    assert len(panel._table.value) < 200_000
    panel._addresses.value = "10.0.4.100"
    settle(panel)
    assert not panel._assign.disabled


def test_an_unknown_vnic_is_words(zec: Session) -> None:
    """A vNIC that does not exist is a finding that says what to do."""
    panel = settle(zec.panel(WEB_07[:-1] + "0", ip_address_count=1))
    assert "there is no vNIC" in text(panel)
    assert "check the id" in text(panel)


def test_a_dead_connection_is_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the account cannot be read the panel says so and stays usable."""
    with zecnb.demo(progress=False) as zec:
        panel = settle(zec.panel())
        assert zec.emulator is not None
        zec.emulator.stop()
        monkeypatch.setattr("time.sleep", lambda _: None)
        zec.refresh()
        panel._nic.value = WEB_07
        panel._mode.value = "count"
        panel._count.value = "2"
        assert panel._worker.idle(60)
        assert "It did not work" in text(panel)
        assert panel._assign.disabled


def test_what_the_session_reads_anew_is_judged_anew(fresh: Session) -> None:
    """A colleague's change shows as soon as the session has read it."""
    panel = settle(fresh.panel(WEB_07, ip_addresses="10.0.4.100"))
    assert "Ready" in text(panel)
    fresh.apply(fresh.plan(WEB_07, ip_addresses="10.0.4.100"))
    settle(panel)
    assert "Nothing to do" in text(panel)


def test_saved_plans_load_again(zec: Session, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save plan writes a file that Plan.load reads."""
    monkeypatch.chdir(tmp_path)
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    panel._save.click()
    (file,) = tmp_path.glob("plan-*.json")
    assert zecnb.Plan.load(file).digest == panel.plan.digest
    assert file.name in text(panel)


def test_every_control_has_words(zec: Session) -> None:
    """Each field and button says what it is."""
    panel = settle(zec.panel())
    for control in (panel._nic, panel._mode, panel._addresses, panel._count, panel._policy):
        assert control.description
    for button in (panel._assign, panel._cancel, panel._save, panel._code, panel._undo, panel._refresh):
        assert button.description


def test_repr_is_one_line(zec: Session) -> None:
    """The text form names the account."""
    assert repr(settle(zec.panel())) == "Panel(demo (local))"
