"""The columns of every frame, and how frames that people bring are made to fit."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from zecnb import schema
from zecnb.errors import UsageError
from zecnb.schema import HOLDERS, NICS, Column, conform, empty, match_columns

FRAMES = {name: value for name in schema.__all__ if isinstance(value := getattr(schema, name), dict) and name.isupper()}
COLUMNS = {
    "nic_id": Column("str", "id"),
    "count": Column("Int64", "how many"),
    "size": Column("int64", "how many, always"),
    "share": Column("float64", "0..1"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_column_is_described(name: str) -> None:
    """Each column has a name in snake_case, a dtype that pandas knows, and a meaning."""
    for column, (dtype, meaning) in FRAMES[name].items():
        assert column == column.lower().replace(" ", "_")
        assert str(pd.api.types.pandas_dtype(dtype)) == dtype
        assert len(meaning) > 2
        assert not meaning.endswith(".")


def test_all_frames_are_there() -> None:
    """The frames of an inventory, a plan and a receipt are all described in this one place."""
    assert set(FRAMES) >= {
        "CALLS", "COVERAGE", "FINDINGS", "HOLDERS", "NICS", "OCCUPANCY", "PLAN", "RECEIPT", "SOURCES", "SUBNETS",
        "SUMMARY", "VPCS",
    }  # fmt: skip


def test_addresses_and_ids_are_text() -> None:
    """Nothing that is an id or an address has a number's dtype in any frame."""
    for columns in FRAMES.values():
        for name, column in columns.items():
            if name.endswith("_id") or name in ("address", "cidr", "cidr_block", "primary_ipv4"):
                assert column.dtype == "str", name


@pytest.mark.parametrize("name", FRAMES)
def test_empty_frames(name: str) -> None:
    """A frame of no rows has the columns, in their order, with their dtypes."""
    frame = empty(FRAMES[name])
    assert len(frame) == 0
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == {
        column: each.dtype for column, each in FRAMES[name].items()
    }


@pytest.mark.parametrize(
    "given", ["nic_id", "nicId", "NIC ID", "Nic-Id", " nic.id ", "NICID", "nic__id", "\ufeffnic_id", "nic id:"]
)
def test_names_match(given: str) -> None:
    """Case, blanks, dashes and other marks do not matter."""
    assert match_columns([given], ["nic_id", "name"]) == {given: "nic_id"}


@pytest.mark.parametrize("given", ["nic", "nic_ids", "id", "", 0, None, ("nic_id", "x")])
def test_names_that_do_not_match(given: Any) -> None:
    """A name that is not quite one is none: it is left out, never guessed."""
    assert match_columns([given], ["nic_id", "name"]) == {}


def test_two_columns_for_one() -> None:
    """Two columns that mean the same are refused, both named."""
    with pytest.raises(UsageError, match="columns 'nicId' and 'NIC ID' both mean 'nic_id'; keep one of them"):
        match_columns(["nicId", "name", "NIC ID"], ["nic_id", "name"])


def test_conform_gives_the_columns() -> None:
    """Columns come in the order of the schema with its dtypes, missing ones as NA, unknown ones left out."""
    given = pd.DataFrame({"Share": [0.5, 1], "x": [1, 2], "size": ["1", "2"], "nicId": ["a", None]}, index=[7, 7])
    frame = conform(given, COLUMNS, required=("nic_id",), what="things")
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {n: c.dtype for n, c in COLUMNS.items()}
    assert frame.index.tolist() == [0, 1]
    assert frame["nic_id"].isna().tolist() == [False, True]
    assert frame["count"].isna().all()
    assert frame["size"].tolist() == [1, 2]
    assert given.columns.tolist() == ["Share", "x", "size", "nicId"]


def test_conform_leaves_the_given_frame_alone() -> None:
    """What was given is not changed by what is done to the result."""
    given = pd.DataFrame({"nic_id": ["a"], "size": [1], "share": [0.5], "count": pd.array([1], "Int64")})
    frame = conform(given, COLUMNS, required=(), what="things")
    frame.loc[0, "nic_id"] = "changed"
    frame.loc[0, "count"] = 9
    assert given["nic_id"].tolist() == ["a"]
    assert given["count"].tolist() == [1]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"x": [1]}), "things: columns nic_id, size missing; there are x"),
        (pd.DataFrame({"nic_id": ["a"]}), "things: column size missing; there are nic_id"),
        (pd.DataFrame(), "things: columns nic_id, size missing; there are no columns"),
        (pd.DataFrame({"nic_id": ["a"], "size": ["many"]}), "things: column size must be int64: "),
        (pd.DataFrame({"nic_id": ["a"], "size": [None]}), "things: column size must be int64: "),
        (pd.DataFrame({"nic_id": ["a"], "size": [1], "count": [1.5]}), "things: column count must be Int64: "),
        (pd.DataFrame({"nic_id": ["a"], "size": [1], "share": ["half"]}), "things: column share must be float64: "),
    ],
)
def test_conform_names_what_is_wrong(frame: pd.DataFrame, words: str) -> None:
    """A missing column or a value of another kind is named, with the frame it is in."""
    with pytest.raises(UsageError) as caught:
        conform(frame, COLUMNS, required=("nic_id", "size"), what="things")
    assert words in str(caught.value)


def test_conform_of_no_rows() -> None:
    """A frame of no rows conforms, whatever dtypes it came with."""
    frame = conform(pd.DataFrame({"nicId": []}), {"nic_id": COLUMNS["nic_id"]}, required=("nic_id",), what="things")
    assert (len(frame), str(frame["nic_id"].dtype)) == (0, "str")


def test_api_names_match() -> None:
    """The API's camelCase names are those columns."""
    given = ["nicId", "vpcId", "subnetId", "regionId", "primaryIpv4", "nicSubnetType", "instanceId"]
    assert list(match_columns(given, NICS)) == given


def test_kinds_of_holders() -> None:
    """The three reserved kinds stand first: the planner counts on it."""
    assert schema.HOLDER_KINDS[:3] == ("network", "gateway", "broadcast")
    assert "kind" in HOLDERS
    assert schema.VERDICTS == ("OK", "NOOP", "RISK", "BLOCK")
