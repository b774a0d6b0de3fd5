"""The panel without a browser: fields in, verdicts, buttons and values out."""

from __future__ import annotations

import base64
import html
import io
import ipaddress
import re
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import zecnb
from zecnb.addresses import parse
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.errors import UsageError
from zecnb.execution.steps import Progress
from zecnb.planner.options import POLICIES
from zecnb.widgets.fields import MODES, POLICY_HELP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zecnb.execution.receipt import Receipt
    from zecnb.panel import Panel
    from zecnb.session import Session


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def stopped() -> threading.Event:
    """A Stop that came before the first call."""
    event = threading.Event()
    event.set()
    return event


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """One demo account for the tests that write nothing."""
    with zecnb.demo(progress=False) as zec:
        yield zec


@pytest.fixture
def zec(shared: Session) -> Session:
    """The shared account, with nothing remembered of other tests."""
    return shared


@pytest.fixture(scope="module")
def free(shared: Session) -> str:
    """An address that is free in the subnet of web-07."""
    return shared.inventory().free(APP_SIN, 1)[0]


@pytest.fixture(scope="module")
def held(shared: Session) -> tuple[str, str]:
    """An address in the subnet of web-07 that another vNIC has as a secondary, and the name of that vNIC."""
    holders = shared.inventory().holders
    here = holders[(holders["subnet_id"] == APP_SIN) & (holders["kind"] == "nic_secondary")]
    row = here[here["holder_id"] != WEB_07].iloc[0]
    return row["address"], row["holder_name"]


@pytest.fixture
def fresh() -> Iterator[Session]:
    """An account of the test's own."""
    with zecnb.demo(progress=False) as zec:
        yield zec


def settle(panel: Panel) -> Panel:
    """Wait until the panel has nothing left to do."""
    for worker in (panel._worker, panel._reader, panel._worker):
        assert worker.idle(60)
    return panel


def text(panel: Panel) -> str:
    """What stands in the panel's outputs, without markup."""
    parts = (
        panel._head,
        panel.form.about,
        panel._status,
        panel._table,
        panel._ask.words,
        panel._receipt,
        panel._snippet,
    )
    return re.sub(r"<[^>]+>", " ", " ".join(part.value for part in parts))


def test_an_empty_panel_says_what_to_do(zec: Session) -> None:
    """Nothing is asked yet: words, no verdict, nothing to press."""
    panel = settle(zec.panel())
    assert "Name a vNIC" in text(panel)
    assert panel.plan is None
    assert panel._assign.disabled
    assert panel._save.disabled
    assert panel._past.undo.disabled


def test_a_conflict_is_named_and_cannot_be_assigned(zec: Session, held: tuple[str, str]) -> None:
    """A blocked plan shows the holder and keeps Assign disabled."""
    address, name = held
    panel = settle(zec.panel(WEB_07, ip_addresses=address))
    assert "Blocked" in text(panel)
    assert name in text(panel)
    assert panel._assign.disabled


def test_typing_takes_the_verdict_back_at_once(zec: Session) -> None:
    """Between a keystroke and its answer there is no plan, and nothing can be assigned."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    assert not panel._assign.disabled
    panel.form.count.value = "3"
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
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt is not None
    assert panel.receipt.states == {"assigned": 2}
    assert "2 assigned" in text(panel)
    panel._past.undo.click()
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt.states == {"released": 2}


def test_a_count_that_was_assigned_is_not_asked_again(fresh: Session) -> None:
    """What would be picked next is not a click away: it is judged when the count is typed anew, or on Refresh."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._assign.click()
    panel._ask.yes.click()
    settle(panel)
    assert "Done  2 assigned" in text(panel)
    assert panel.plan is None
    assert panel._assign.disabled
    assert panel.map.layout.display is None
    panel.outdated()
    settle(panel)
    assert "Done  2 assigned" in text(panel)
    panel._refresh.click()
    settle(panel)
    assert panel._assign.description == "Assign 2 addresses"


def test_what_was_assigned_is_told_first(fresh: Session) -> None:
    """When the account cannot be read afterwards, the run is not called a failure."""
    panel = settle(fresh.panel(WEB_07, ip_addresses=fresh.inventory().free(APP_SIN, 1)))

    def apply(**options: Any) -> Receipt:
        receipt = fresh.apply(panel.plan, **options)
        fresh.emulator.faults.add("error", "DescribeSubnets", times=0, code="AUTHFAILURE_SIGNATURE_FAILURE")
        return receipt

    panel._run(apply)
    settle(panel)
    assert re.search("Done  1 assigned · what holds now could not be read: .*AUTHFAILURE", text(panel))
    assert panel._assign.disabled
    assert panel.map.layout.display == "none"


def test_after_drift_the_panel_shows_what_holds_now(fresh: Session) -> None:
    """The refusal is told, and below it the verdict on what is there."""
    (address,) = fresh.inventory().free(APP_SIN, 1)
    panel = settle(fresh.panel(WEB_07, ip_addresses=address))
    nics = fresh.inventory().nics.query("subnet_id == @APP_SIN and status == 'USED' and nic_id != @WEB_07")
    fresh._client.batch_assign_network_interface_ipv4(nics["nic_id"].iloc[0], ip_addresses=[address])
    panel._assign.click()
    panel._ask.yes.click()
    settle(panel)
    assert "the cloud changed since the plan was made" in text(panel)
    assert panel.plan.verdicts == {"BLOCK": 1}
    assert panel._assign.disabled


def test_a_read_only_session_assigns_nothing(fresh: Session) -> None:
    """It previews, says so, and offers nothing that writes."""
    fresh.apply(fresh.plan(WEB_07, ip_address_count=1))
    fresh._client.read_only = True
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    assert panel.plan.ok
    assert "read-only" in panel._head.value
    assert panel._assign.disabled
    assert panel._past.undo.disabled


def test_stop_is_answered_at_once(fresh: Session) -> None:
    """The button has been heard, and what comes of it is said."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._writing.begin()
    assert not panel._writing.stop.disabled
    panel._writing.stop.click()
    assert panel._writing.stop.disabled
    assert "stopping after the call under way" in text(panel)
    panel._writing.report(Progress(1, 2, ""))
    assert "stopping after the call under way" in text(panel)


def test_another_vnic_takes_the_map_away(zec: Session) -> None:
    """Until it is read nothing of the vNIC before it can be picked."""
    panel = zec.panel(WEB_07)
    assert panel.map.layout.display == "none"
    settle(panel)
    assert panel.map.layout.display is None
    panel.form.nic.value = "another"
    assert panel.map.layout.display == "none"
    assert panel.form.about.value == ""


def test_no_means_no(fresh: Session) -> None:
    """Answering No, or typing on, sends nothing."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._assign.click()
    panel._ask.no.click()
    settle(panel)
    assert panel.receipt is None
    panel._assign.click()
    panel.form.count.value = "3"
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt is None
    assert not len(fresh.journal())


def test_the_code_repeats_what_was_clicked(zec: Session) -> None:
    """The shown code gives the same plan in a plain cell."""
    panel = settle(zec.panel(WEB_07, ip_address_count=3))
    panel.form.policy.value = "contiguous"
    settle(panel)
    panel._code.click()
    assert "zec.apply(plan)" in text(panel)
    names: dict[str, object] = {"zec": zec}
    exec(panel.fields.code(), names)
    assert names["plan"].digest == panel.plan.digest


def test_running_the_cell_again_keeps_what_was_typed(zec: Session) -> None:
    """The same call in the same session shows the fields as they were left."""
    first = settle(zec.panel(WEB_07, ip_addresses="10.0.4.100"))
    first.form.addresses.value = "10.0.4.101"
    settle(first)
    second = settle(zec.panel(WEB_07, ip_addresses="10.0.4.100"))
    assert second.form.addresses.value == "10.0.4.101"


def test_running_the_cells_of_a_new_session_keeps_it_too(zec: Session, fresh: Session) -> None:
    """Run All makes the session again; what was typed is the account's."""
    first = settle(zec.panel(WEB_07))
    first.form.addresses.value = "10.0.4.101"
    settle(first)
    assert settle(fresh.panel(WEB_07)).form.addresses.value == "10.0.4.101"


def test_vnics_are_found_by_part_of_a_name(zec: Session) -> None:
    """Typing offers the vNICs whose name or id contains it."""
    panel = settle(zec.panel())
    panel.form.nic.value = "WEB-0"
    assert panel.form.nic.options
    assert all("web-0" in option for option in panel.form.nic.options)


def test_a_name_that_one_vnic_has_is_as_good_as_its_id(zec: Session) -> None:
    """Typed in full, it names the vNIC; what several have, or nobody, is judged as it is."""
    panel = settle(zec.panel())
    panel.form.offer(["web-07 · 1", "twice · 2", "twice · 3", "4"])
    given = {}
    for text in ("web-07", " WEB-07 ", "web-07 · 1", "1", "twice", "web-0", "4", ""):
        panel.form.nic.value = text
        given[text] = panel.fields.nic_id
    assert list(given.values()) == ["1", "1", "1", "1", "twice", "web-0", "4", ""]


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
    panel.form.count.value = typed
    settle(panel)
    assert "Blocked" in text(panel)
    assert panel._assign.disabled


def test_five_megabytes_pasted(zec: Session, free: str) -> None:
    """A huge paste is judged, shown in part, and the panel stays usable."""
    paste = "\n".join(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(400_000))
    assert len(paste) > 4_800_000
    panel = zec.panel(WEB_07, ip_addresses=free)
    settle(panel)
    panel.form.addresses.value = paste
    assert panel._worker.idle(60)
    assert "blocked" in text(panel)
    assert len(panel._table.value) < 200_000
    panel.form.addresses.value = free
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
        panel.form.nic.value = WEB_07
        panel.form.mode.value = "count"
        panel.form.count.value = "2"
        assert panel._worker.idle(60)
        assert "It did not work" in text(panel)
        assert panel._assign.disabled


def test_what_the_session_reads_anew_is_judged_anew(fresh: Session) -> None:
    """A colleague's change shows as soon as the session has read it."""
    free = fresh.inventory().free(APP_SIN, 1)
    panel = settle(fresh.panel(WEB_07, ip_addresses=free))
    assert "Ready" in text(panel)
    fresh.apply(fresh.plan(WEB_07, ip_addresses=free))
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
    form = panel.form
    for control in (form.nic, form.mode, form.addresses, form.count, form.policy, form.upload, form.batch):
        assert control.description
    verbs = (panel._assign, panel._writing.stop, panel._save, panel._code, panel._past.undo, panel._refresh)
    for button in (*verbs, panel._past.offer.resume, panel._past.offer.drop, *panel._folds.toggles.values()):
        assert button.description


def test_the_map_is_there_before_anything_is_asked(zec: Session) -> None:
    """A vNIC is enough to see its subnet and pick from it."""
    panel = settle(zec.panel())
    assert panel.map.layout.display == "none"
    panel.form.nic.value = WEB_07
    settle(panel)
    assert panel.map.layout.display is None
    assert len(panel.map.cells) == 1024
    assert panel.plan is None
    assert "pick them on the map" in text(panel)


def test_a_name_that_is_known_later_is_judged_again(zec: Session) -> None:
    """The names may be read after the first preview: what was typed is that vNIC then, and the panel says so."""
    panel = settle(zec.panel())
    panel.form._ids.clear()
    panel.form.mode.value, panel.form.count.value, panel.form.nic.value = "count", "2", "web-07"
    assert not settle(panel).plan.ok
    panel._reader.do(panel._load_names)
    settle(panel)
    assert panel.fields.nic_id == WEB_07
    assert panel.plan.ok
    assert panel._assign.description == "Assign 2 addresses"


def test_a_pick_goes_into_the_field_and_is_judged(zec: Session, free: str) -> None:
    """What is picked on the map is what the plan is about."""
    panel = settle(zec.panel(WEB_07))
    panel.map.selection = free
    settle(panel)
    assert panel.form.addresses.value == free
    assert panel.plan.frame["address"].tolist() == [free]
    assert panel._assign.description == "Assign 1 address"


def test_typing_is_picked_on_the_map(zec: Session, held: tuple[str, str]) -> None:
    """The map shows what the field says of its subnet, as planned or in conflict."""
    panel = settle(zec.panel(WEB_07, ip_addresses=f"{held[0]} - {held[0]}, 10.9.9.9"))
    assert panel.map.selection == held[0]
    assert len(panel.map.overlay) == 4


def test_showing_what_was_typed_is_no_pick(zec: Session, free: str) -> None:
    """While the map follows the field, the field may have moved on: it is left alone."""
    panel = settle(zec.panel(WEB_07, ip_addresses=free))
    panel.form.addresses.unobserve_all()
    panel.form.addresses.value = "typed meanwhile"
    panel._place("")
    assert panel.map.selection == ""
    assert panel.form.addresses.value == "typed meanwhile"


def test_a_pick_is_not_lost_to_a_preview_under_way(zec: Session, free: str) -> None:
    """A preview may put the older addresses back on the map before the pick is written: the pick counts."""
    panel = settle(zec.panel(WEB_07, ip_addresses=free))
    panel._pick("")
    settle(panel)
    assert (panel.form.addresses.value, panel.map.selection) == ("", "")


def test_the_head_does_not_depend_on_which_was_read_first(zec: Session) -> None:
    """With a vNIC it tells of what the preview rests on, also when the names come later: else the map would move."""
    panel = settle(zec.panel(WEB_07))
    told = panel._head.value
    panel._load_names()
    assert panel._head.value == told


def test_picking_after_a_count_asks_for_addresses(zec: Session, free: str) -> None:
    """A pick says which, so the count gives way."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    panel.map.selection = free
    settle(panel)
    assert panel.form.mode.value == "addresses"
    assert panel.fields.addresses == free


def test_the_map_tells_holders(zec: Session, held: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds a cell is told when somebody looks at it."""
    panel = settle(zec.panel(WEB_07))
    told: list[dict[str, object]] = []
    monkeypatch.setattr(panel.map, "send", told.append)
    offset = int(parse([held[0]])[0][0]) - panel.map.network
    panel.map._asked(panel.map, {"holder_of": offset}, [])
    panel.map._asked(panel.map, {"holder_of": 0}, [])
    assert str(told[0]["words"]).startswith(f"nic secondary · {held[1]} · ")
    assert str(told[1]["words"]).startswith("network")


def test_an_address_asked_for_twice_counts_once(zec: Session, free: str) -> None:
    """The button says how many addresses the vNIC would get."""
    panel = settle(zec.panel(WEB_07, ip_addresses=f"{free}, {free}"))
    assert panel._assign.description == "Assign 1 address"


def test_each_policy_has_its_help(zec: Session) -> None:
    """What a policy does stands below it."""
    assert set(POLICY_HELP) == set(POLICIES)
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    panel.form.policy.value = "aligned"
    assert POLICY_HELP["aligned"] in panel.form.help.value


def test_thresholds_and_coverage_are_said(zec: Session) -> None:
    """How full is too full, and what could not be seen, stand in the panel."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    assert "normal: below 75 %" in text(panel)
    assert "coverage of the subnets read 100.0 % · nothing is unseen" in panel._head.value


def test_a_pasted_batch_is_judged(zec: Session, free: str, held: tuple[str, str]) -> None:
    """A CSV becomes findings with rows; Assign stays off until nothing is blocked."""
    panel = settle(zec.panel())
    panel.form.mode.value = "batch"
    assert "Upload or paste a CSV" in text(panel)
    panel.form.batch.value = f"nic_id,ip_addresses\n{WEB_07},{free}\n{WEB_07},{held[0]}\n"
    settle(panel)
    assert "1 OK · 1 blocked of 2 addresses" in text(panel)
    assert panel._assign.disabled
    assert panel.map.layout.display == "none"
    assert "Download corrected file" in text(panel)
    panel.form.batch.value = f"nic_id,ip_addresses\n{WEB_07},{free}\n"
    settle(panel)
    assert panel._assign.description == "Assign 1 address"
    assert panel.fields.code() == "plan = zec.plan('requests.csv')"


def test_a_batch_without_rows_is_not_blocked(zec: Session) -> None:
    """A header alone asks for nothing: that is said, and nothing can be assigned."""
    panel = settle(zec.panel())
    panel.form.mode.value = "batch"
    panel.form.batch.value = "nic_id,ip_addresses\n"
    settle(panel)
    assert "Nothing to check yet" in text(panel)
    assert "no rows below the header" in text(panel)
    assert "Blocked" not in text(panel)
    assert panel._assign.disabled


@pytest.mark.parametrize("content", ["nothing like it", "a,b\n1,2", "nic_id,ip_addresses\n1,2,3,4", "nic_id\n1", '"'])
def test_a_file_that_is_none_is_words(zec: Session, content: str) -> None:
    """Text that is no batch is said in the panel, not raised."""
    panel = settle(zec.panel())
    panel.form.mode.value = "batch"
    panel.form.batch.value = content
    settle(panel)
    assert "It did not work" in text(panel)
    assert panel._assign.disabled


def test_an_uploaded_file_is_text_in_the_field(zec: Session) -> None:
    """What was uploaded can be read and changed; the byte order mark of spreadsheets goes."""
    panel = settle(zec.panel())
    panel.form.upload.value = (
        {"name": "a.csv", "type": "", "size": 9, "content": memoryview(b"\xef\xbb\xbfnic_id\n"), "last_modified": NOW},
    )
    settle(panel)
    assert panel.form.batch.value == "nic_id\n"
    assert panel.form.upload.value == ()


def test_an_old_plan_is_read_again_not_sent(fresh: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was agreed to on stale grounds is judged again instead."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._assign.click()
    monkeypatch.setattr(type(panel.plan), "age", 301.0)
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt is None
    assert not len(fresh.journal())


def test_a_plan_that_became_old_cannot_be_assigned(fresh: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once what it rests on is too old the verdict is taken back, until the account is read again."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._expire()
    assert not panel._assign.disabled
    with monkeypatch.context() as later:
        later.setattr(type(panel.plan), "age", 301.0)
        panel._expire()
    assert panel._assign.disabled
    assert "No longer certain  what was read is 5 min old" in text(panel)
    panel._refresh.click()
    settle(panel)
    assert panel._assign.description == "Assign 2 addresses"


def test_a_stopped_run_is_offered_and_resumed(fresh: Session) -> None:
    """Stop ends the run; the panel offers it, another panel too, and finishes it."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    assert panel._past.offer.layout.display == "none"
    panel._execute(partial(fresh.apply, panel.plan), stopped())
    settle(panel)
    assert panel.receipt.states == {"not_attempted": 2}
    other = settle(fresh.panel())
    assert other._past.offer.layout.display is None
    assert "did not come to its end" in other._past.offer.words.value
    other._past.offer.resume.click()
    other._ask.yes.click()
    settle(other)
    assert other.receipt.states == {"assigned": 2}
    assert other._past.offer.layout.display == "none"


def test_an_offer_can_be_left(fresh: Session) -> None:
    """Not now leaves the run as it is."""
    panel = settle(fresh.panel(WEB_07, ip_address_count=2))
    panel._execute(partial(fresh.apply, panel.plan), stopped())
    settle(panel)
    panel._past.offer.drop.click()
    assert panel._past.offer.layout.display == "none"
    assert panel.receipt.states == {"not_attempted": 2}


def test_the_last_run_of_another_panel_can_be_undone(fresh: Session) -> None:
    """History comes from the journal, so a new panel knows it."""
    receipt = fresh.apply(fresh.plan(WEB_07, ip_address_count=2))
    panel = settle(fresh.panel())
    assert f"last run {receipt.run_id} of" in panel._past.last.value
    assert "assigned: 2 addresses on 1 vNIC" in panel._past.last.value
    panel._past.undo.click()
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt.states == {"released": 2}
    assert panel._past.undo.disabled


def test_pages_without_widgets_get_a_picture(zec: Session) -> None:
    """Beside the widget there is the static picture of the plan; without a plan there is none."""
    planned, sizes = settle(zec.panel(WEB_07, ip_address_count=2))._repr_mimebundle_()
    assert base64.b64decode(planned["image/png"]).startswith(b"\x89PNG")
    assert 600 < sizes["image/png"]["width"] < 900  # CSS pixels: drawn finer than it is shown
    assert "image/png" not in settle(zec.panel())._repr_mimebundle_()[0]


def test_the_modes_are_told_apart_by_words(zec: Session) -> None:
    """Each mode shows its own fields."""
    form = settle(zec.panel()).form
    shown = {}
    for mode in MODES:
        form.mode.value = mode
        parts = {"nic": form.nic, "addresses": form.addresses, "count": form.count, "batch": form.batch}
        shown[mode] = {name for name, part in parts.items() if part.layout.display != "none"}
    assert shown == {"addresses": {"nic", "addresses"}, "count": {"nic", "count"}, "batch": {"batch"}}


def test_repr_is_one_line(zec: Session) -> None:
    """The text form names the account."""
    assert repr(settle(zec.panel())) == "Panel(demo (local))"


def sheet(frame: pd.DataFrame) -> bytes:
    """An Excel file."""
    file = io.BytesIO()
    frame.to_excel(file, index=False)
    return file.getvalue()


def upload(panel: Panel, name: str, content: bytes) -> None:
    """Upload a file in batch mode."""
    panel.form.mode.value = "batch"
    panel.form.upload.value = (
        {"name": name, "type": "", "size": len(content), "content": memoryview(content), "last_modified": NOW},
    )
    settle(panel)


def test_an_excel_file_becomes_text_and_is_judged(zec: Session, free: str) -> None:
    """A spreadsheet is read as a file of the same name would be; ids keep their digits."""
    panel = settle(zec.panel())
    upload(panel, "Wünsche.XLSX", sheet(pd.DataFrame({"nic_id": [WEB_07], "ip_addresses": [f"{free}, "]})))
    assert WEB_07 in panel.form.batch.value
    assert panel._assign.description == "Assign 1 address"


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.xlsx", "a.xlsx is no Excel workbook"), ("a.ods", "a.ods: a table ends in .csv"), ("..", "ends in")],
)
def test_a_spreadsheet_that_is_none_is_words(zec: Session, free: str, name: str, words: str) -> None:
    """What cannot be read is said; the batch in the field stays, and cannot be assigned without a verdict in view."""
    panel = settle(zec.panel())
    panel.form.mode.value = "batch"
    panel.form.batch.value = f"nic_id,ip_addresses\n{WEB_07},{free}\n"
    settle(panel)
    upload(panel, name, b"no spreadsheet")
    assert words in text(panel)
    assert free in panel.form.batch.value
    assert panel._assign.disabled


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_text_that_is_not_utf_8_is_refused(zec: Session, tmp_path, encoding: str) -> None:
    """Letters would be lost on the way: it is refused by the words that a file of it gets."""
    content = f"nic_id,ip_address_count,owner\n{WEB_07},1,Jérôme\n".encode(encoding)
    (tmp_path / "wünsche.csv").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        zec.plan(str(tmp_path / "wünsche.csv"))
    panel = settle(zec.panel())
    upload(panel, "wünsche.csv", content)
    assert panel.form.batch.value == ""
    assert str(refused.value) in html.unescape(text(panel))
    assert panel._assign.disabled


def test_excel_without_openpyxl_is_words(zec: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed the panel names it."""
    content = sheet(pd.DataFrame({"nic_id": [WEB_07], "ip_addresses": ["10.0.4.9"]}))
    panel = settle(zec.panel())
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    upload(panel, "a.xlsx", content)
    assert "pip install 'zecnb[excel]'" in html.unescape(text(panel))


def test_thresholds_are_chosen(zec: Session) -> None:
    """A lower warning makes the same plan a risk, and the code says so."""
    panel = settle(zec.panel(WEB_07, ip_address_count=2))
    assert "Ready " in text(panel)
    row = panel.plan.summary.iloc[0]
    panel.form.warn_at.value = round(50 * (row["utilisation_before"] + row["utilisation_after"]), 4)
    settle(panel)
    assert "warning: from 60." in text(panel)
    assert "Ready, with risks" in text(panel)
    assert "ip_address_count=2, warn_at=0.60" in panel.fields.code()
    panel.form.critical_at.value = 40
    assert "Critical is below warning" in panel.form._order.value


def test_one_of_several_interrupted_runs_is_resumed(fresh: Session) -> None:
    """Each is told by its time, vNIC and what is missing; the chosen one is finished, the other stays."""
    panel = settle(fresh.panel())
    for count in (1, 2):
        fresh.apply(fresh.plan(WEB_07, ip_address_count=count), stop=stopped())
    settle(panel)
    newest, older = (run.run_id for run in panel._past.history.interrupted)
    assert panel._past.offer.choice.value == newest
    assert "2 of 2 addresses missing" in panel._past.offer.words.value
    panel._past.offer.choice.value = older
    assert f"vNIC {WEB_07}, 1 row, 1 of 1 address missing" in panel._past.offer.words.value
    panel._past.offer.resume.click()
    assert older in panel._ask.words.value
    panel._ask.yes.click()
    settle(panel)
    assert panel.receipt.run_id == older
    assert [run.run_id for run in panel._past.history.interrupted] == [newest]


def test_the_history_is_a_table(fresh: Session) -> None:
    """Every run with its end; the heading counts them."""
    receipt = fresh.apply(fresh.plan(WEB_07, ip_address_count=2))
    fresh.undo(receipt)
    panel = settle(fresh.panel())
    assert panel._folds.toggles["History"].description.endswith("History (2)")
    assert re.search(rf"assigned.*undone.*{receipt.run_id}", panel._past.runs.value)


def test_the_worst_rows_come_first(zec: Session, free: str) -> None:
    """Of more rows than a table shows the blocked ones are in view."""
    start = int(parse([free])[0][0])
    good = ", ".join(str(ipaddress.ip_address(start)) for _ in range(60))
    panel = settle(zec.panel(WEB_07, ip_addresses=f"{good}, 10.0.4.0"))
    assert "Worst of 61 rows first" in panel._table.value
    assert "10.0.4.0<" in panel._table.value


def test_the_cell_run_again_keeps_thresholds_and_policy(zec: Session) -> None:
    """Every field stays as it was left."""
    first = settle(zec.panel(WEB_07, ip_address_count=2))
    first.form.policy.value, first.form.warn_at.value = "spread", 60
    again = settle(zec.panel(WEB_07, ip_address_count=2))
    assert again.fields == first.fields
