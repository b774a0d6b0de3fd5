"""The session: what a notebook holds."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import zecnb
from tests.execution.world import ASSIGN, UNASSIGN, World
from zecnb.connections import connect, demo
from zecnb.emulator.seeds import APP_SIN, WEB_07
from zecnb.errors import CloudError, CredentialsError, JournalError, PlanDriftedError, ReadOnlyError, UsageError
from zecnb.planner.plan import Plan
from zecnb.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAIR = ["10.0.4.7", "10.0.4.8"]


@pytest.fixture
def world() -> Iterator[World]:
    """The demo account."""
    with World() as made:
        yield made


def where(world: World) -> dict[str, Any]:
    """Return the arguments with which a user connects to it."""
    emulator = world.emulator
    who = {"access_key_id": emulator.access_key_id, "access_key_password": emulator.access_key_password}
    return {**who, "endpoint": emulator.url, "store": "sqlite://", "progress": False}


def total(world: World) -> int:
    """Return how many calls of any kind reached the API."""
    return sum(world.emulator.faults.calls.values())


# -- connecting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["vpc_id", "subnet_id", "nic_id"])
def test_a_part_that_is_not_there(part: str) -> None:
    """Nothing is not taken for an empty part of the account."""
    with zecnb.demo(progress=False) as zec, pytest.raises(UsageError, match="'17' on this account"):
        zec.inventory(**{part: "17"})


def test_a_seed_that_is_none() -> None:
    """A demo account that does not exist is said in words."""
    with pytest.raises(UsageError, match="nope is neither a seed's name nor an exported account"):
        zecnb.demo("nope")


def test_connect_with_an_access_key(world: World) -> None:
    """An access key and an endpoint are enough to read, plan, assign and undo."""
    with connect(**where(world)) as zec:
        receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
        assert receipt.ok
        assert zec.undo(receipt).ok
    assert len(world.held(WEB_07)) == 3


def test_connect_with_a_token(world: World) -> None:
    """So is a token."""
    with connect(token=world.emulator.token, endpoint=world.emulator.url, store="sqlite://", progress=False) as zec:
        assert WEB_07 in zec.inventory(nic_id=WEB_07).nics["nic_id"].tolist()


def test_connect_from_the_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing needs to be in the notebook."""
    monkeypatch.setenv("ZENLAYERCLOUD_ACCESS_KEY_ID", world.emulator.access_key_id)
    monkeypatch.setenv("ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", world.emulator.access_key_password)
    monkeypatch.setenv("ZENLAYER_ENDPOINT", world.emulator.url)
    with connect(store="sqlite://", progress=False) as zec:
        assert zec.plan(WEB_07, ip_address_count=1).ok


def test_connect_without_credentials() -> None:
    """Without any, the message lists what was looked for and names the demo; nothing is opened."""
    with pytest.raises(CredentialsError, match=r"(?s)all were looked for:\n- arguments.*\n- profile.*zecnb\.demo\(\)"):
        connect()


def test_connect_takes_a_transport(world: World) -> None:
    """A transport of one's own carries every call."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-zc-action"])
        return httpx.Response(503, json={"requestId": "T1", "code": "SOME_CODE", "message": "no"})

    with connect(**where(world), transport=httpx.MockTransport(answer)) as zec:
        zec._client._retry = lambda _when, call, *arguments: call(*arguments)
        with pytest.raises(CloudError, match="SOME_CODE"):
            zec.inventory()
    assert set(seen) <= {"DescribeNetworkInterfaces", "DescribeSubnets", "DescribeHaVips", "DescribeVpcs"}
    assert total(world) == 0


def test_store_that_cannot_be_opened(world: World, tmp_path: Path) -> None:
    """A journal that cannot be opened is said at once, not at the first write."""
    with pytest.raises(JournalError, match="unable to open database file"):
        connect(**{**where(world), "store": f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}"})


def test_journal_is_kept_between_sessions(world: World, tmp_path: Path) -> None:
    """By default the journal outlives the session, where the environment says."""
    arguments = {**where(world), "store": f"sqlite:///{tmp_path / 'x.sqlite'}"}
    with connect(**arguments) as zec:
        receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    with connect(**arguments) as zec:
        assert zec.journal()["run_id"].unique().tolist() == [receipt.run_id]
        assert zec.undo(receipt.run_id).states == {"released": 2}


def test_account_label_is_no_credential(world: World) -> None:
    """Neither the account's label nor the repr holds any part of the key."""
    with connect(**where(world)) as zec:
        shown = f"{zec!r} {zec.account} {zec._client!r} {zec._store!r} {vars(zec)}"
        assert world.emulator.access_key_password not in shown
        assert world.emulator.access_key_id not in shown
        assert repr(zec) == f"Session({world.emulator.url.removeprefix('http://')})"


# -- the demo ------------------------------------------------------------------------------------------------------


def test_demo_ends_with_its_session() -> None:
    """Closing a demo session ends the local ZEC."""
    with demo(progress=False) as zec:
        assert zec.account == "demo (local)"
        assert zec.emulator is not None
        url = zec.emulator.url
        assert httpx.post(f"{url}/api/v2/zec").status_code == 401
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{url}/api/v2/zec")


def test_demo_of_another_seed() -> None:
    """Any seed of the emulator can be the account."""
    with demo("random:7:30", progress=False) as zec:
        assert len(zec.inventory().nics) == 30
        assert repr(zec) == "Session(random:7:30 (local))"


def test_demo_that_cannot_begin_leaves_nothing(tmp_path: Path) -> None:
    """When the session cannot be made, the local ZEC is ended too."""
    before = threading.active_count()
    with pytest.raises(JournalError):
        demo(progress=False, store=f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")
    assert threading.active_count() <= before


# -- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["region_id", "vpc_id", "subnet_id", "nic_id"])
def test_inventory_of_a_part(world: World, part: str) -> None:
    """Each filter reads that part, and less than all."""
    zec = world.session()
    whole = zec.inventory()
    home = whole.nics.set_index("nic_id").loc[WEB_07]
    value = WEB_07 if part == "nic_id" else str(home[part])
    read = zec.inventory(**{part: value})
    assert WEB_07 in read.nics["nic_id"].tolist()
    assert 0 < len(read.nics) < len(whole.nics)
    wanted = whole.subnets["subnet_id"] == APP_SIN if part in ("subnet_id", "nic_id") else whole.subnets[part] == value
    assert sorted(read.subnets["subnet_id"]) == sorted(whole.subnets.loc[wanted, "subnet_id"])


def test_plan_sends_no_write(world: World) -> None:
    """Planning only reads."""
    zec = world.session()
    zec.plan(WEB_07, ip_address_count=2)
    assert total(world) > 0
    assert world.calls(ASSIGN) == world.calls(UNASSIGN) == 0
    assert {name for name in world.emulator.faults.calls if not name.startswith("Describe")} <= {ASSIGN, UNASSIGN}


def test_plans_share_what_was_read(world: World) -> None:
    """A second plan for the same vNIC within ``max_age`` asks the API nothing."""
    zec = world.session()
    zec.plan(WEB_07, ip_address_count=2)
    calls = total(world)
    assert zec.plan(WEB_07, ip_address_count=3, policy="dense").ok
    assert total(world) == calls


def test_plan_reads_again_when_too_old(world: World) -> None:
    """With ``max_age=0`` every plan reads."""
    zec = world.session()
    zec.plan(WEB_07, ip_address_count=2)
    calls = total(world)
    plan = zec.plan(WEB_07, ip_address_count=2, max_age=0)
    assert total(world) > calls
    assert plan.findings.empty  # what was just read is not old
    assert zec.rebase(plan).findings.empty


def test_plan_of_another_vnic_reads(world: World) -> None:
    """What was read for one vNIC is not taken for another."""
    zec = world.session()
    zec.plan(WEB_07, ip_address_count=2)
    calls = total(world)
    assert zec.plan(world.nic("mgmt-01"), ip_address_count=1).ok
    assert total(world) > calls


def test_refresh_forgets(world: World) -> None:
    """After a refresh a plan sees what a colleague did."""
    zec = world.session()
    lowest, second = zec.plan(WEB_07, ip_address_count=2).frame["address"]
    first = zec.plan(WEB_07, ip_address_count=1)
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=[lowest])
    assert zec.plan(WEB_07, ip_address_count=1).frame.equals(first.frame)
    zec.refresh()
    assert zec.plan(WEB_07, ip_address_count=1).frame["address"].tolist() == [second]


def test_a_run_forgets_what_was_read(world: World) -> None:
    """After an apply or an undo, the next plan sees what it did."""
    zec = world.session()
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    assert zec.plan(WEB_07, ip_addresses=PAIR).verdicts == {"NOOP": 2}
    zec.undo(receipt)
    assert zec.plan(WEB_07, ip_addresses=PAIR).verdicts == {"OK": 2}


class Watcher:
    """Counts how often it was told that it is outdated."""

    told = 0

    def outdated(self) -> None:
        """Be told."""
        self.told += 1


def test_watchers_are_told(world: World) -> None:
    """Panels learn of a refresh and of a run, whether it went well or not; who is gone is not kept alive."""
    zec = world.session()
    watcher, gone = Watcher(), Watcher()
    zec.watchers.update([watcher, gone])
    del gone
    gc.collect()
    assert len(zec.watchers) == 1
    zec.refresh()
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    world.client().batch_assign_network_interface_ipv4(world.nic("web-06"), ip_addresses=PAIR[:1])
    with pytest.raises(PlanDriftedError):
        zec.apply(plan)
    zec.apply(zec.plan(WEB_07, ip_addresses=PAIR[1:]))
    assert watcher.told == 3


def test_unknown_option(world: World) -> None:
    """A misspelt option is refused before anything is read."""
    with pytest.raises(UsageError, match="there is no option 'polcy'"):
        world.session().plan(WEB_07, ip_address_count=1, polcy="dense")
    assert total(world) == 0


# -- refused before the network ------------------------------------------------------------------------------------


def test_read_only_refuses_to_apply(world: World, tmp_path: Path) -> None:
    """A read-only session plans, and refuses to apply before a single call, writing nothing to the journal."""
    with connect(**{**where(world), "store": f"sqlite:///{tmp_path / 'x.sqlite'}"}, read_only=True) as zec:
        plan = zec.plan(WEB_07, ip_addresses=PAIR)
        calls = total(world)
        with pytest.raises(ReadOnlyError, match="this session is read-only"):
            zec.apply(plan)
        assert total(world) == calls
        assert zec.journal().empty
        assert repr(zec).endswith(", read-only)")


@pytest.mark.parametrize("what", ["undo", "resume"])
def test_read_only_refuses_to_undo_and_resume(world: World, tmp_path: Path, what: str) -> None:
    """The same for runs that another session made."""
    store = f"sqlite:///{tmp_path / 'x.sqlite'}"
    zec = world.session(store)
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    reader = world.session(store, read_only=True)
    calls, events = total(world), len(reader.journal())
    with pytest.raises(ReadOnlyError, match="nothing was sent"):
        getattr(reader, what)(receipt.run_id)
    assert total(world) == calls
    assert len(reader.journal()) == events


@pytest.mark.parametrize("what", ["undo", "resume"])
def test_run_of_another_account_is_refused(world: World, tmp_path: Path, what: str) -> None:
    """A run is undone and resumed only on the account it was made on; both accounts are named."""
    store = f"sqlite:///{tmp_path / 'x.sqlite'}"
    zec = world.session(store, account="acme")
    receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
    calls = total(world)
    with pytest.raises(UsageError, match="was made on account 'acme', this session is on 'other'"):
        getattr(world.session(store, account="other"), what)(receipt.run_id)
    assert total(world) == calls
    assert world.held(WEB_07)[3:] == PAIR


def test_undo_takes_a_receipt_or_an_id(world: World) -> None:
    """Both name the run."""
    zec = world.session()
    for name in (lambda receipt: receipt, lambda receipt: receipt.run_id):
        receipt = zec.apply(zec.plan(WEB_07, ip_addresses=PAIR))
        assert zec.undo(name(receipt)).states == {"released": 2}


# -- the rest ------------------------------------------------------------------------------------------------------


def test_journal_names_account_and_plan(world: World) -> None:
    """Each event carries the account's label and the plan's digest."""
    zec = world.session(account="acme")
    plan = zec.plan(WEB_07, ip_addresses=PAIR)
    zec.apply(plan)
    journal = zec.journal()
    assert set(journal["account"]) == {"acme"}
    assert set(journal["plan_digest"]) == {plan.digest}


def test_plan_from_a_file_is_applied(world: World, tmp_path: Path) -> None:
    """A plan that was saved, reviewed and loaded is applied as it is."""
    zec = world.session()
    path = zec.plan(WEB_07, ip_address_count=2).save(tmp_path / "plan.json")
    assert zec.apply(Plan.load(path)).frame["address"].tolist() == PAIR


def test_progress_bar_is_quiet_about_quick_things(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bar that shows only after a second leaves nothing behind a quick read."""
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)  # its thread would outlive the test
    zec = Session(world.client(), "acme", store=world.session()._store)
    zec.inventory(nic_id=WEB_07)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.strip() == ""


def test_public_names(world: World) -> None:
    """The package exports what the documents name."""
    assert zecnb.connect is connect
    assert zecnb.demo is demo
    assert zecnb.Session is Session
    assert isinstance(world.session().plan(WEB_07, ip_address_count=1), zecnb.Plan)
