"""Pseudonyms: nothing that identifies is left, and the same thing keeps the same one."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.render import frames
from zecnb.render.redact import Redactor


def test_same_thing_same_pseudonym():
    """An address has one pseudonym in every table and in prose."""
    redactor = Redactor()
    plan = redactor.frame(frames.plan_frame())
    receipt = redactor.frame(frames.receipt())
    assert plan["address"].iloc[0] == receipt["address"].iloc[0] == "ip-1"
    assert redactor.text("10.0.4.10 is taken") == "ip-1 is taken"


def test_names_in_prose():
    """A name that a table has is replaced in reasons as well, longest first."""
    redactor = Redactor()
    table = pd.DataFrame({"holder_name": ["web-1", "web-10"]})
    redactor.learn([table])
    assert redactor.text("held by web-10, not by web-1.") == "held by name-2, not by name-1."


def test_instances_in_prose():
    """The instance of a holder, which is in no table, goes, whatever its id looks like."""
    said = Redactor().text("held by vNIC a (primary), USED on instance vm-7; USED on instance 1680855999352675875")
    assert said == "held by vNIC a (primary), USED on instance instance-1; USED on instance instance-2"


def test_addresses_and_ids_in_prose_without_table():
    """Addresses, CIDRs, short tails and long ids go even when no table has them; sizes of networks stay."""
    said = Redactor().text("10.9.8.7 in 10.9.0.0/16, then .40; id 1680855999352675875, limit 16")
    assert said == "ip-1 in ip-2/16, then .x; id id-1, limit 16"


def test_an_example_is_no_address():
    """How an address is written may be said; the same address elsewhere goes."""
    said = "write four decimal numbers of 0..255, for example 10.0.4.10"
    redactor = Redactor()
    assert redactor.text(f"{said}; not 10.0.4.10") == f"{said}; not ip-1"
    assert redactor.text(said) == said


def test_verdicts_codes_and_numbers_stay():
    """What says nothing about who or where is kept."""
    plan = frames.plan_frame()
    done = Redactor().frame(plan)
    kept = ["row", "mode", "verdict", "codes", "holder_kind", "api_code"]
    pd.testing.assert_frame_equal(done[kept], plan[kept])
    pd.testing.assert_frame_equal(Redactor().frame(frames.summary()).iloc[:, 2:], frames.summary().iloc[:, 2:])


def test_columns_nobody_thought_of_go():
    """A user's own column is replaced as a whole: what is kept is listed, not what goes."""
    done = Redactor().frame(pd.DataFrame({"Ticket owner": ["Alice", "Bob", "Alice"]}))
    assert done["Ticket owner"].tolist() == ["ticket-owner-1", "ticket-owner-2", "ticket-owner-1"]


def test_lists_are_redacted_item_by_item():
    """The addresses of a call have the pseudonyms of the plan."""
    redactor = Redactor()
    redactor.frame(frames.plan_frame())
    assert redactor.frame(frames.calls())["addresses"].tolist() == [("ip-1", "ip-2", "ip-3", "ip-4")]


def test_missing_stays_missing():
    """Nothing is not given a pseudonym."""
    done = Redactor().frame(frames.plan_frame())
    assert done["holder_id"].isna().tolist() == frames.plan_frame()["holder_id"].isna().tolist()


def test_tables_are_not_changed():
    """Redacting makes a copy."""
    plan = frames.plan_frame()
    Redactor().frame(plan)
    pd.testing.assert_frame_equal(plan, frames.plan_frame())


@given(
    st.lists(
        st.text(alphabet="abcXYZ.-_ 0123456789<>&", min_size=3, max_size=12).map(str.strip), min_size=1, max_size=6
    )
)
def test_no_name_is_left_anywhere(names: list[str]):
    """Whatever names look like, none is left in its column, and a sentence made of one loses it."""
    names = [name for name in names if len(name) > 2]
    redactor = Redactor()
    table = pd.DataFrame({"holder_name": names}, dtype=object)
    redactor.learn([table])
    done = redactor.frame(table)["holder_name"].tolist()
    assert all(alias.startswith(("name-", "ip-")) for alias in done)
    for name, alias in zip(names, done, strict=True):
        assert redactor.text(f"held by «{name}» now") == f"held by «{alias}» now"
