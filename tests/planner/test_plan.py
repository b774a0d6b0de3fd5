"""A plan as a whole: a batch is judged jointly, the same way every time, and a plan file is the plan or refused."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.planner.accounts import DB, EVIL, WEB1, WEB2, account, added, codes, held_offsets, one_subnet
from zecnb.errors import PlanEditedError, PlanError, UsageError
from zecnb.planner.options import POLICIES, Options
from zecnb.planner.plan import Plan, approve
from zecnb.render.palette import Cell
from zecnb.schema import CALLS, FINDINGS, PLAN, SUMMARY, VERDICTS

if TYPE_CHECKING:
    from pathlib import Path

    from zecnb.inventory import Inventory

few = settings(max_examples=20, deadline=None)
ACCOUNT = account()

ASK = st.one_of(
    st.builds(lambda at: {"ip_addresses": f"10.0.0.{at}"}, st.integers(0, 31)),
    st.builds(lambda n: {"ip_address_count": n}, st.integers(1, 6)),
    st.builds(lambda a, b: {"ip_addresses": f"10.0.0.{a}, 10.0.0.{b}"}, st.integers(0, 31), st.integers(0, 31)),
    st.sampled_from(
        [{"ip_addresses": "10.0.0.300"}, {"ip_addresses": "10.0.1.5"}, {"ip_address_count": 0}, {"ip_addresses": ""}]
    ),
)
BATCH = st.lists(
    st.builds(lambda nic, ask: {"nic_id": f"n{nic}", **ask}, st.integers(0, 3), ASK), min_size=1, max_size=8
)
HELD = held_offsets(27)
"""Random batches over four vNICs of a /27; vNIC n3 does not exist."""


def small(held: list[int], *more: tuple[str, str, str, str]) -> Inventory:
    """Return a /27 with three vNICs."""
    return one_subnet("10.0.0.0/27", held, nics=3, more=more)


def rows_of(plan: Plan) -> list[tuple[Any, ...]]:
    """Return what a plan says of each vNIC's addresses, whatever the order of the rows."""
    said = plan.frame[["nic_id", "mode", "address", "verdict", "codes", "holder_id", "api_code"]]
    return sorted(map(repr, said.itertuples(index=False, name=None)))


# -- a batch is judged jointly ---------------------------------------------------------------------------------


def test_room_is_counted_over_all_nics() -> None:
    """Counts that fit one by one and not together are refused, the last to be served first."""
    plan = one_subnet("10.0.0.0/28", nics=3).plan([{"nic_id": f"n{i}", "ip_address_count": 5} for i in range(3)])
    assert plan.frame.groupby("nic_id")["verdict"].agg(lambda v: "BLOCK" in set(v)).tolist() == [False, False, True]


def test_named_addresses_leave_less_room_for_counts() -> None:
    """What some rows ask for by name is not there for a count of another."""
    inventory = one_subnet("10.0.0.0/28", nics=2)
    names = {"nic_id": "n0", "ip_addresses": "10.0.0.2-9"}
    assert inventory.plan([names, {"nic_id": "n1", "ip_address_count": 5}]).ok
    assert "SUBNET_INSUFFICIENT" in codes(inventory.plan([names, {"nic_id": "n1", "ip_address_count": 6}]))


def test_limit_is_counted_over_all_rows_of_a_nic() -> None:
    """Rows of one vNIC count together against its limit, names and counts alike."""
    rows = [{"nic_id": "n0", "ip_addresses": "10.0.0.2-5"}, {"nic_id": "n0", "ip_address_count": 6}]
    assert one_subnet().plan(rows).ok
    assert "NIC_LIMIT" in codes(one_subnet().plan([*rows, {"nic_id": "n0", "ip_addresses": "10.0.0.90"}]))


TWICE = [{"nic_id": nic, "ip_addresses": "10.0.0.2"} for nic in ("n0", "n0", "n1", "n1")]
"""Two vNICs want one address, each of them twice."""


@few
@given(batch=BATCH, held=HELD, policy=st.sampled_from(POLICIES))
@example(batch=TWICE, held=[], policy="lowest")
def test_no_address_is_promised_twice(batch: list[dict[str, Any]], held: list[int], policy: str) -> None:
    """Rows that would add an address never name one that is held, nor one that another row would add."""
    plan = small(held).plan(batch, policy=policy)
    new = [address for _, address, _, _ in added(plan)]
    assert len(set(new)) == len(new)
    assert not set(new) & {f"10.0.0.{at}" for at in (0, 1, 31, *held)}


@few
@given(data=st.data(), batch=BATCH, held=HELD, policy=st.sampled_from(POLICIES))
def test_order_of_rows_does_not_matter(
    data: st.DataObject, batch: list[dict[str, Any]], held: list[int], policy: str
) -> None:
    """Rows given in another order get the same addresses and verdicts, and fill the subnet the same way."""
    inventory = small(held)
    order = data.draw(st.permutations(range(len(batch))))
    straight = inventory.plan(batch, policy=policy)
    turned = inventory.plan([batch[at] for at in order], policy=policy)
    assert rows_of(turned) == rows_of(straight)
    assert turned.summary.equals(straight.summary)
    assert sorted(turned.findings["code"]) == sorted(straight.findings["code"])


def test_order_of_large_ranges_does_not_matter() -> None:
    """Which of several large ranges are planned does not depend on which of them come first."""
    inventory = one_subnet("10.0.0.0/15", nics=2)
    batch = [{"nic_id": "n0", "ip_addresses": "10.0.0.2-10.0.255.255"}, {"nic_id": "n1", "ip_addresses": "10.1.0.0/25"}]
    for rows in (batch, batch[::-1]):
        assert inventory.plan(rows, nic_limit=10**6).verdicts == {"OK": (1 << 16) - 2 + 128}


def test_repetition_of_a_blocked_address() -> None:
    """A row that repeats one that is blocked is blocked as well: it does not get the address either."""
    assert small([]).plan(TWICE).frame["verdict"].tolist() == ["BLOCK"] * 4
    held = [{"nic_id": "n0", "ip_addresses": "10.0.0.9, 10.0.0.9"}]
    assert small([9]).plan(held).frame["verdict"].tolist() == ["BLOCK"] * 2


def test_rows_follow_the_input() -> None:
    """The frame is in the order of the input, and ``row`` says which row each line is of."""
    rows = [
        {"nic_id": DB, "ip_address_count": 2},
        {"nic_id": WEB1, "ip_addresses": "10.0.4.70"},
        {"nic_id": "nope", "ip_address_count": 1},
        {"nic_id": WEB1, "ip_addresses": "10.0.4.60-61"},
    ]
    plan = ACCOUNT.plan(rows)
    assert plan.frame["row"].tolist() == [0, 0, 1, 2, 3, 3]
    assert plan.frame["address"].fillna("").tolist() == [
        "10.0.5.4", "10.0.5.5", "10.0.4.70", "", "10.0.4.60", "10.0.4.61",
    ]  # fmt: skip
    assert plan.frame["mode"].tolist() == ["picked", "picked", "explicit", "picked", "explicit", "explicit"]


@few
@given(
    batch=BATCH,
    held=HELD,
    at=st.integers(2, 30),
    holder=st.sampled_from(["v2", "n0", "n1"]),
    policy=st.sampled_from(POLICIES),
    limit=st.sampled_from([None, 6]),
)
def test_one_more_holder_never_unblocks(
    batch: list[dict[str, Any]], held: list[int], at: int, holder: str, policy: str, limit: int | None
) -> None:
    """An address more that somebody holds turns no BLOCK into OK or RISK (it may turn into NOOP where it is asked)."""
    kind = "nic_secondary" if holder.startswith("n") else "havip"
    before = small(held).plan(batch, policy=policy, nic_limit=limit)
    after = small(held, ("s", f"10.0.0.{at}", kind, holder)).plan(batch, policy=policy, nic_limit=limit)
    for row in range(len(batch)):
        was = set(before.frame.loc[before.frame["row"] == row, "verdict"])
        now = set(after.frame.loc[after.frame["row"] == row, "verdict"])
        assert "BLOCK" not in was or now & {"BLOCK", "NOOP"}


@few
@given(held=HELD, at=st.integers(2, 30), count=st.integers(1, 12), policy=st.sampled_from(POLICIES))
def test_one_more_holder_never_makes_room(held: list[int], at: int, count: int, policy: str) -> None:
    """A count that one vNIC cannot have it cannot have when an address more is held, whatever the policy."""
    before = small(held).plan("n0", ip_address_count=count, policy=policy, nic_limit=99)
    after = small(held, ("s", f"10.0.0.{at}", "havip", "v2")).plan(
        "n0", ip_address_count=count, policy=policy, nic_limit=99
    )
    assert before.ok or not after.ok


def test_counts_that_each_need_one_run_are_packed() -> None:
    """Where lowest runs leave no run for some, others are taken, so that a holder more makes no room by luck."""
    batch = [{"nic_id": f"n{at}", "ip_address_count": count} for at, count in enumerate((5, 3, 3))]
    held = sorted(set(range(2, 31)) - set(range(8, 15)) - set(range(20, 25)))
    plan = small(held).plan(batch, policy="contiguous")
    assert plan.ok
    assert plan.frame["reason"].str.startswith("leaves room for the others, in 10.0.0.20-10.0.0.24").sum() == 5
    assert small(sorted([*held, 11])).plan(batch, policy="contiguous").ok


def test_a_count_behind_one_that_has_no_run() -> None:
    """It is told that the larger ones come first, not that its own run is missing."""
    batch = [{"nic_id": f"n{at}", "ip_address_count": count} for at, count in enumerate((6, 3))]
    held = sorted(set(range(2, 31)) - set(range(8, 12)) - set(range(20, 25)))
    plan = small(held).plan(batch, policy="contiguous")
    assert plan.findings["message"].tolist() == [
        "no run of 6 free addresses in 10.0.0.0/27; the largest run left is 5, 10.0.0.20-24",
        (
            "no run of 3 free addresses in 10.0.0.0/27 beside the larger counts of this plan, which come first; "
            "the largest run left is 5, 10.0.0.20-24"
        ),
    ]
    assert plan.findings["fix"].tolist() == [
        "ask for 5 at most, or use policy dense",
        "ask for less where more is asked for, or use policy dense",
    ]


@few
@given(batch=BATCH, held=HELD, policy=st.sampled_from(POLICIES))
@example(batch=[{"nic_id": "n0", "ip_address_count": 3}], held=[4], policy="dense")
def test_what_was_done_is_done(batch: list[dict[str, Any]], held: list[int], policy: str) -> None:
    """When what a plan adds is there, asking for it again is NOOP throughout: no call, nothing changed."""
    new = added(small(held).plan(batch, policy=policy))
    again = [{"nic_id": nic, "ip_addresses": address} for _, address, _, nic in new]
    if new:
        plan = small(held, *new).plan(again)
        assert set(plan.frame["verdict"]) == {"NOOP"}
        assert plan.ok
        assert plan.calls.empty
        assert (plan.summary["used_after"] == plan.summary["used_before"]).all()


@few
@given(batch=BATCH, held=HELD, policy=st.sampled_from(POLICIES))
@example(batch=TWICE, held=[], policy="lowest")
def test_summary_is_what_the_next_inventory_says(batch: list[dict[str, Any]], held: list[int], policy: str) -> None:
    """Utilisation and free runs after the plan are those of an inventory read after it."""
    plan = small(held).plan(batch, policy=policy)
    later = small(held, *added(plan)).occupancy("s").iloc[0]
    if len(plan.summary):  # a batch for a vNIC that does not exist touches no subnet
        after = plan.summary.iloc[0]
        assert after["used_after"] == later["used"]
        assert after["free_after"] == later["free"]
        assert after["largest_run_after"] == later["largest_run"]
        assert after["utilisation_after"] == pytest.approx(later["utilisation"])
        assert after["used_before"] == len(held)


@few
@given(batch=BATCH, held=HELD, policy=st.sampled_from(POLICIES))
def test_frames_agree(batch: list[dict[str, Any]], held: list[int], policy: str) -> None:
    """A row's verdict is the worst of its codes; every code of a row is among the findings, and no other is."""
    plan = small(held).plan(batch, policy=policy)
    severity = dict(zip(plan.findings["code"], plan.findings["severity"], strict=True))
    for row in plan.frame.itertuples():
        worst = max((VERDICTS.index(severity[code]) for code in row.codes), default=0)
        assert row.verdict == VERDICTS[worst]
        assert pd.isna(row.reason) == (not row.codes and row.mode == "explicit")
    assert {code for held_codes in plan.frame["codes"] for code in held_codes} == set(plan.findings["code"])
    assert plan.findings["message"].str.len().gt(0).all()
    assert plan.ok == ("BLOCK" not in set(plan.findings["severity"]))


# -- frames ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "batch",
    [
        [],
        [{"nic_id": WEB1, "ip_addresses": "10.0.4.60"}],
        [{"nic_id": "nope", "ip_address_count": 3}],
        [{"nic_id": DB, "ip_address_count": 3}, {"nic_id": "", "ip_addresses": "x"}],
    ],
    ids=["empty", "one", "no vNIC", "mixed"],
)
def test_frames_have_the_columns_of_the_schema(batch: list[dict[str, Any]], tmp_path: Path) -> None:
    """Names and dtypes are those of the schema, whatever is asked, freshly made and read from a file."""
    made = ACCOUNT.plan(batch)
    for plan in (made, Plan.load(made.save(tmp_path / "plan.json"))):
        for frame, columns in (
            (plan.frame, PLAN),
            (plan.calls, CALLS),
            (plan.findings, FINDINGS),
            (plan.summary, SUMMARY),
        ):
            assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
                n: c.dtype for n, c in columns.items()
            }


def test_empty_plan() -> None:
    """A batch of no rows is a plan of no rows, and not one to be applied."""
    plan = ACCOUNT.plan(
        pd.DataFrame({"nic_id": pd.Series([], dtype="str"), "ip_addresses": pd.Series([], dtype="str")})
    )
    assert (len(plan.frame), len(plan.calls), len(plan.findings), len(plan.summary)) == (0, 0, 0, 0)
    assert plan.verdicts == {}
    assert not plan.ok
    assert repr(plan) == "Plan(empty; 0 calls, 0 subnets)"


def test_empty_inventory() -> None:
    """In an account without anything every vNIC is unknown, and that is said."""
    nothing = type(ACCOUNT).from_frames(
        subnets=ACCOUNT.subnets.iloc[:0], nics=ACCOUNT.nics.iloc[:0], holders=ACCOUNT.holders.iloc[:0]
    )
    plan = nothing.plan(WEB1, ip_addresses="10.0.4.60, 127.0.0.1, x")
    assert codes(plan) == {"NIC_NOT_FOUND", "SPECIAL_RANGE", "SYNTAX"}
    assert nothing.plan(WEB1, ip_address_count=3).frame["verdict"].tolist() == ["BLOCK"]


def test_own_columns_have_names_of_their_own() -> None:
    """Those of any name come through, as text and each once."""
    frame = pd.DataFrame([[WEB1, "10.0.4.60", 1, 2, 3, 4]], columns=["nic_id", "address", "note", "note", 5, None])
    plan = ACCOUNT.plan(frame)
    assert list(plan.frame.columns)[len(PLAN) :] == ["note", "note_2", "5", "None"]
    assert plan.frame["note_2"].tolist() == [2]
    assert plan._repr_html_()


def test_a_plan_planned_again_and_again(tmp_path: Path) -> None:
    """What an export carries along comes through each time, under names that are there once."""
    plan = ACCOUNT.plan([{"nic_id": WEB1, "ip_addresses": "10.0.4.60", "ticket": "T"}])
    for _ in range(3):
        plan = ACCOUNT.plan(plan.frame)
        assert plan.ok
        assert plan.frame.columns.is_unique
        assert plan.frame["ticket"].tolist() == ["T"]
        plan.report(tmp_path / "r.html")


def test_carried_columns() -> None:
    """The caller's other columns follow, one that is called like ours under another name."""
    rows = [
        {"nic_id": DB, "ip_address_count": 2, "ticket": "=1+1", "Verdict": "mine", "row": "r7"},
        {"nic_id": WEB1, "ip_addresses": "10.0.4.60", "ticket": EVIL, "Verdict": None, "row": "r8"},
    ]
    frame = ACCOUNT.plan(rows).frame
    assert list(frame.columns) == [*PLAN, "ticket", "Verdict", "input_row"]
    assert frame["ticket"].tolist() == ["=1+1", "=1+1", EVIL]
    assert frame["input_row"].tolist() == ["r7", "r7", "r8"]
    assert frame["row"].tolist() == [0, 0, 1]


def test_names_are_shown_as_they_are() -> None:
    """Names are data: neither escaped nor cut in the frames."""
    assert ACCOUNT.plan(WEB2, ip_addresses="10.0.4.60").frame["nic_name"].tolist() == [EVIL]


def test_repr_is_one_line() -> None:
    """The repr counts verdicts, calls and subnets in one line, and names no address."""
    plan = ACCOUNT.plan(
        [
            {"nic_id": WEB1, "ip_addresses": "10.0.4.60, 10.0.4.11, 10.0.4.30"},
            {"nic_id": DB, "ip_address_count": 1},
        ]
    )
    assert repr(plan) == "Plan(2 OK, 1 NOOP, 1 BLOCK; 2 calls, 2 subnets)"
    assert repr(ACCOUNT.plan(DB, ip_address_count=1)) == "Plan(1 OK; 1 call, 1 subnet)"


def test_summary_of_untouched_subnets() -> None:
    """Only subnets whose vNICs are asked for are in the summary, by position."""
    plan = ACCOUNT.plan([{"nic_id": DB, "ip_address_count": 1}, {"nic_id": WEB1, "ip_addresses": "10.0.4.300"}])
    assert plan.summary["subnet_id"].tolist() == ["sub-app", "sub-db"]
    assert plan.summary["used_before"].tolist() == [18, 2]
    assert plan.summary["used_after"].tolist() == [18, 3]


def test_cells_of_a_plan() -> None:
    """A picture of the subnet has the planned, the conflicting, the claimed and the own addresses in it."""
    claims = pd.DataFrame([{"range": "10.0.4.80", "owner": "Ann"}])
    picture = ACCOUNT.plan(WEB1, ip_addresses="10.0.4.60, 10.0.4.30", claims=claims).cells()
    assert (picture.cidr, picture.title, picture.nic_name, picture.unseen) == ("10.0.4.0/24", "app", "web-01", 0)
    assert picture.cells[30] == Cell.CONFLICT
    assert picture.cells[10] == Cell.THIS_NIC
    assert picture.cells[20] == Cell.OTHER_NIC
    assert picture.cells[40] == Cell.LB
    assert picture.cells[80] == Cell.CLAIMED
    assert picture.cells[[0, 1, 255]].tolist() == [Cell.RESERVED] * 3


def test_cells_of_which_subnet(tmp_path: Path) -> None:
    """Where several subnets are touched one is named; a plan from a file holds no picture."""
    plan = ACCOUNT.plan([{"nic_id": DB, "ip_address_count": 1}, {"nic_id": WEB1, "ip_address_count": 1}])
    with pytest.raises(UsageError, match="name one of the 2 subnets the plan touches: sub-app, sub-db"):
        plan.cells()
    with pytest.raises(UsageError, match="name one of"):
        plan.cells("sub-gw")
    assert plan.cells("sub-db").cells[4] == Cell.PLANNED
    with pytest.raises(UsageError, match="plan again to draw it"):
        Plan.load(plan.save(tmp_path / "plan.json")).cells("sub-db")


def test_one_nic_or_a_batch() -> None:
    """Addresses beside a batch, or a thing that is no request, are refused."""
    with pytest.raises(UsageError, match="go with one vNIC id"):
        ACCOUNT.plan([{"nic_id": DB}], ip_address_count=1)
    with pytest.raises(UsageError, match="DataFrame, a list of dicts, or the path"):
        ACCOUNT.plan(None)


# -- files -----------------------------------------------------------------------------------------------------


def full_plan() -> Plan:
    """Return a plan with rows of every verdict."""
    return ACCOUNT.plan(
        [
            {"nic_id": WEB1, "ip_addresses": "10.0.4.60, 10.0.4.11, 10.0.4.21, ü"},
            {"nic_id": "nic-dark", "ip_address_count": 2},
        ],
        exclude="10.0.4.200-239",
        policy="contiguous",
    )


def test_load_gives_what_was_saved(tmp_path: Path) -> None:
    """Frames, options, verdict, time and digest survive the file."""
    plan = full_plan()
    path = plan.save(tmp_path / "plan.json")
    read = Plan.load(path)
    for name in ("frame", "calls", "findings", "summary"):
        pd.testing.assert_frame_equal(getattr(read, name), getattr(plan, name))
    assert read.digest == plan.digest
    assert read.options == plan.options == Options(exclude="10.0.4.200-239", policy="contiguous")
    assert read.fingerprints == plan.fingerprints
    assert read.ok is plan.ok is False
    assert read.observed_at == plan.observed_at.replace(microsecond=0)
    assert repr(read) == repr(plan)
    assert read.snapshot is None


def test_own_columns_survive_the_file(tmp_path: Path) -> None:
    """The caller's other columns are there again, as text, in order; what was none stays none."""
    rows = pd.DataFrame(
        {
            "nic_id": [DB, WEB1],
            "ip_addresses": ["10.0.5.9", "10.0.4.60, 10.0.4.21"],
            "ticket": ["CHG-7", EVIL],
            "cost": [1.5, None],
            "row": [7, 8],
            4: [["a"], {"b": 1}],
        }
    )
    plan = ACCOUNT.plan(rows)
    read = Plan.load(plan.save(tmp_path / "plan.json"))
    assert list(read.frame.columns) == [*PLAN, "ticket", "cost", "input_row", "4"]
    assert read.frame["ticket"].tolist() == ["CHG-7", EVIL, EVIL]
    assert read.frame["cost"].fillna("-").tolist() == ["1.5", "-", "-"]
    assert read.frame["4"].tolist() == ["['a']", "{'b': 1}", "{'b': 1}"]
    assert read.digest == plan.digest
    assert read.corrected()[["ticket", "input_row"]].to_numpy().tolist() == [["CHG-7", "7"], [EVIL, "8"]]
    assert "CHG-7" in read.report(tmp_path / "plan.html").read_text(encoding="utf-8")
    again = Plan.load(read.save(tmp_path / "again.json"))
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "plan.json").read_bytes()
    pd.testing.assert_frame_equal(again.frame, read.frame)


def test_own_columns_are_part_of_what_is_approved(tmp_path: Path) -> None:
    """An edited ticket voids the file, and another ticket makes another plan."""
    path = _with_ticket("CHG-7").save(tmp_path / "plan.json")
    assert _with_ticket("CHG-7").digest != _with_ticket("CHG-8").digest
    _edit(path, lambda d: d["rows"][0].update(carried=["CHG-8"]))
    with pytest.raises(PlanEditedError, match=r"rows\[0\] 10\.0\.5\.9: carried;"):
        Plan.load(path)


def _with_ticket(ticket: str) -> Plan:
    return ACCOUNT.plan([{"nic_id": DB, "ip_addresses": "10.0.5.9", "ticket": ticket}])


def test_saving_again_writes_the_same_bytes(tmp_path: Path) -> None:
    """A plan read and written again is the same file; it is ASCII, sorted, and nothing is left beside it."""
    path = full_plan().save(tmp_path / "plan.json")
    before = path.read_bytes()
    Plan.load(path).save(path)
    assert path.read_bytes() == before
    assert before.isascii()
    assert list(tmp_path.iterdir()) == [path]
    document = json.loads(before)
    assert list(document) == sorted(document)


def _edit(path: Path, change: Any) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: d["rows"][0].update(address="10.0.4.61"), r"rows\[0\] 10\.0\.4\.61: address;"),
        (lambda d: d["rows"][2].update(verdict="OK"), r"rows\[2\] 10\.0\.4\.21: verdict;"),
        (lambda d: d["rows"][2].update(verdict="OK", reason="."), r"rows\[2\] 10\.0\.4\.21: reason, verdict;"),
        (lambda d: d["rows"][2].pop("verdict"), r"rows\[2\] 10\.0\.4\.21 \(fields added or removed\)"),
        (lambda d: d["rows"][4].update(nic_id=WEB1), r"rows\[4\] 10\.0\.8"),
        (lambda d: d["calls"][0]["addresses"].append("10.0.4.62"), r"calls\[0\] nic-web1"),
        (lambda d: d["calls"][0].update(predicted="ACCEPTED"), r"calls\[0\] nic-web1"),
        (lambda d: d["findings"][1].update(severity="RISK"), r"findings\[1\] 10\.0\.4"),
        (lambda d: d["summary"][1].update(used_after=0), r"summary\[1\] sub-dark"),
        (lambda d: d["rows"].pop(), r"rows \(entries added, removed or moved\)"),
        (lambda d: d["rows"].reverse(), r"rows \(entries added, removed or moved\)"),
        (lambda d: d["findings"].append(d["findings"][0]), r"findings \(entries added, removed or moved\)"),
        (lambda d: d["options"].update(nic_limit=100), "options: nic_limit;"),
        (lambda d: d["inventory"]["subnets"].update({"sub-app": "0" * 24}), "inventory: subnets;"),
        (lambda d: d["inventory"].update(observed_at="2020-01-01T00:00:00+00:00"), "inventory: observed_at;"),
        (lambda d: d.update(digest="0" * 64), "digest"),
        (lambda d: d.pop("digest"), "digest"),
        (lambda d: d.pop("calls"), "calls"),
        (lambda d: d.pop("approvals"), "approvals"),
        (lambda d: d.update(rows=7), "another type"),
        (lambda d: d["checks"].pop("rows"), "rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edited_file_is_refused(tmp_path: Path, change: Any, named: str) -> None:
    """Any edit voids a plan file, and the message names what was edited."""
    path = full_plan().save(tmp_path / "plan.json")
    _edit(path, change)
    with pytest.raises(PlanEditedError, match=rf"plan\.json was edited since it was written: .*{named}"):
        Plan.load(path)


def test_edit_with_checks_made_anew(tmp_path: Path) -> None:
    """Who repairs the row checks after an edit still has the digest against him."""
    path = full_plan().save(tmp_path / "plan.json")
    other = ACCOUNT.plan(WEB1, ip_addresses="10.0.4.99").save(tmp_path / "other.json")
    foreign = json.loads(other.read_text(encoding="utf-8"))
    _edit(path, lambda d: (d.update(rows=foreign["rows"]), d["checks"].update(rows=foreign["checks"]["rows"])))
    with pytest.raises(PlanEditedError, match="digest"):
        Plan.load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read as a plan"),
        ("{", "cannot be read as a plan"),
        ("[]", "is not a zecnb plan"),
        ("{}", "is not a zecnb plan"),
        ('{"zecnb_plan": "1"}', "is not a zecnb plan"),
        ('{"zecnb_plan": 1}', "layout 1, which is not read any more (its approvals could be edited unnoticed): plan"),
        ('{"zecnb_plan": 2}', "layout 2, which is not read any more (it has no place for the columns of your own, nor"),
        ('{"zecnb_plan": 0}', "layout 0, which is not read any more (no release wrote it): plan again"),
        ('{"zecnb_plan": 99}', "layout 99; this zecnb reads up to 3: upgrade it"),
    ],
)
def test_what_is_no_plan_file(tmp_path: Path, content: str, words: str) -> None:
    """A file that is none is refused by its name, a newer one with what to do."""
    path = tmp_path / "plan.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(words)):
        Plan.load(path)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is an error of usage, not of the planner."""
    with pytest.raises(UsageError, match=r"gone\.json cannot be read as a plan"):
        Plan.load(tmp_path / "gone.json")


def test_binary_file(tmp_path: Path) -> None:
    """Bytes that are no text are refused the same way."""
    path = tmp_path / "plan.json"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match="cannot be read as a plan"):
        Plan.load(path)


# -- digest and approval ---------------------------------------------------------------------------------------


def test_digest_is_of_what_the_plan_says() -> None:
    """The same request on the same content has the same digest, whenever it was read; another request another."""
    later = account(observed_at=datetime.now(UTC))
    plan = ACCOUNT.plan(DB, ip_address_count=2)
    assert re.fullmatch("[0-9a-f]{64}", plan.digest)
    assert later.plan(DB, ip_address_count=2).digest == plan.digest
    digests = {
        ACCOUNT.plan(DB, ip_address_count=3).digest,
        ACCOUNT.plan(DB, ip_address_count=2, policy="dense").digest,
        ACCOUNT.plan(DB, ip_addresses="10.0.5.4, 10.0.5.5").digest,
        account([("sub-db", "10.0.5.14", "havip", "h")]).plan(DB, ip_address_count=2).digest,
    }
    assert len(digests | {plan.digest}) == 5


def test_digest_does_not_care_what_is_elsewhere() -> None:
    """A change in a subnet that the plan does not touch is none to the plan."""
    elsewhere = account([("sub-gw", "10.0.6.77", "havip", "h")])
    assert elsewhere.plan(DB, ip_address_count=2).digest == ACCOUNT.plan(DB, ip_address_count=2).digest


def test_approval_is_bound_to_the_digest(tmp_path: Path) -> None:
    """An approval names who, why and which digest, survives the file, and leaves the plan as it was."""
    plan = ACCOUNT.plan(DB, ip_address_count=2)
    approved = approve(approve(plan, " Ann ", "CHG-7"), "Bob")
    assert plan.approvals == ()
    assert [(a["by"], a["note"], a["digest"]) for a in approved.approvals] == [
        ("Ann", "CHG-7", plan.digest),
        ("Bob", "", plan.digest),
    ]
    assert approved.digest == plan.digest
    assert Plan.load(approved.save(tmp_path / "plan.json")).approvals == approved.approvals


def test_approval_does_not_survive_an_edit(tmp_path: Path) -> None:
    """A file edited after its approval is refused as a whole, and so is one whose approval was edited."""
    path = approve(ACCOUNT.plan(DB, ip_address_count=2), "Ann").save(tmp_path / "plan.json")
    good = path.read_bytes()
    for change, named in (
        (lambda d: d["rows"][0].update(address="10.0.5.9"), r"rows\[0\]"),
        (lambda d: d["approvals"][0].update(by="Bob"), r"approvals\[0\] Bob: by;"),
        (lambda d: d["approvals"].append(d["approvals"][0]), "approvals"),
    ):
        path.write_bytes(good)
        _edit(path, change)
        with pytest.raises(PlanEditedError, match=named):
            Plan.load(path)


def test_approval_of_another_plan_counts_for_nothing() -> None:
    """A plan is approved by who approved exactly it."""
    plan, other = ACCOUNT.plan(DB, ip_address_count=2), ACCOUNT.plan(DB, ip_address_count=3)
    assert not plan.approved
    assert approve(plan, "Ann").approved
    assert not Plan(plan._source, approve(other, "Ann").approvals).approved


def test_who_may_approve_what() -> None:
    """Nobody approves nothing: a name is needed, and a plan without blocked rows."""
    with pytest.raises(UsageError, match="names who gives it"):
        approve(ACCOUNT.plan(DB, ip_address_count=2), "  ")
    with pytest.raises(PlanError, match="blocked rows"):
        approve(full_plan(), "Ann")
    with pytest.raises(PlanError):
        approve(ACCOUNT.plan([]), "Ann")
