"""Addresses as text and numbers, held against the standard library."""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zecnb.addresses import Reason, compact, parse, parse_cidr, to_text
from zecnb.tokens import expand, split

VALUES = st.integers(0, (1 << 32) - 1)
OCTET = st.one_of(
    st.integers(0, 300).map(str), st.sampled_from(["", "00", "01", "0255", "1 ", "+1", "-1", "\uff11", "x", "1e1"])
)
NEARLY = st.lists(OCTET, min_size=1, max_size=6).map(".".join)
"""Texts that are addresses, or almost."""


TEXTS = VALUES.map(lambda value: str(ipaddress.IPv4Address(value)))
"""Texts that are addresses."""


def number(text: str) -> int:
    """Return an address as a number, by the standard library."""
    return int(ipaddress.IPv4Address(text))


def is_address(text: str) -> bool:
    """Whether the standard library takes a text for an address; it refuses leading zeros too."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


# -- single addresses ------------------------------------------------------------------------------------------


@given(st.lists(VALUES))
def test_text_and_back(values: list[int]) -> None:
    """Every number becomes the text that the standard library writes, and comes back."""
    text = to_text(np.array(values, np.uint32))
    assert text.to_pylist() == [str(ipaddress.IPv4Address(value)) for value in values]
    back, good = parse(text)
    assert good.all()
    assert back.tolist() == values


@given(
    st.lists(st.one_of(NEARLY, VALUES.map(lambda v: str(ipaddress.IPv4Address(v))), st.text(max_size=20)), max_size=6)
)
@example(["1.2.3.4", "", "1.2.3", ".1.2.3.4", "1.2.3.4.", "1..2.3", "256.1.1.1", "1.1.1.256", "1.2.3.4567"])
@example(["0.0.0.0", "255.255.255.255", "00.0.0.0", "0.0.0.00", "1.2.3.04"])
@example(["1.2.3.4\n", "\t1.2.3.4", "1.2.3.4\x00", "1.2.3.4 "])
def test_what_is_an_address(texts: list[str]) -> None:
    """A text is an address if and only if it is one to the standard library, whatever stands beside it."""
    values, good = parse(texts)
    assert good.tolist() == [is_address(text) for text in texts]
    assert values.tolist() == [number(text) if is_address(text) else 0 for text in texts]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_columns_of_every_make(kind: pa.DataType) -> None:
    """Slices, chunks, nulls and either string type are read as what they say."""
    column = pa.array(["10.0.0.1", None, "x", "10.0.0.2"], kind)
    assert parse(column)[1].tolist() == [True, False, False, True]
    assert parse(column.slice(2))[0].tolist() == [0, number("10.0.0.2")]
    assert parse(pa.chunked_array([column, column]))[1].tolist() == [True, False, False, True] * 2
    assert parse(pa.chunked_array([], kind))[1].tolist() == []
    assert parse(column.slice(4))[1].tolist() == []


def test_more_than_one_block() -> None:
    """Columns are parsed in blocks; the seams do not show."""
    values = (np.arange(150_000, dtype=np.uint64) * 28_111 % (1 << 32)).astype(np.uint32)
    texts = to_text(values).to_pylist()
    texts[65_535] = texts[65_536] = "1.2.3"
    back, good = parse(texts)
    assert np.flatnonzero(~good).tolist() == [65_535, 65_536]
    assert np.array_equal(back[good], values[good])


@pytest.mark.parametrize("text", ["", "1.2.3", "x", "...", "1.2.3.4.5", "256.1.1.1"])
def test_a_column_without_any_address(text: str) -> None:
    """Nothing is good, and every value is 0."""
    values, good = parse([text] * 100)
    assert not values.any()
    assert not good.any()


# -- runs ---------------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 2**32 - 1), max_size=60) | st.sets(st.integers(2**24 - 40, 2**24 + 300)))
def test_ranges_read_back_as_the_same_addresses(values: set[int]) -> None:
    """Whatever is picked becomes text that the address field understands."""
    wanted = np.array(sorted(values), np.uint32)
    found = expand(split(compact(wanted)))
    assert (found.reason == Reason.OK).all()
    assert found.value.tolist() == wanted.tolist()


def test_ranges_are_short() -> None:
    """Neighbours become one range, by last octet where the rest is equal."""
    values, _ = parse(["10.0.4.1", "10.0.4.2", "10.0.4.9", "10.0.4.255", "10.0.5.0"])
    assert compact(values) == "10.0.4.1-2, 10.0.4.9, 10.0.4.255-10.0.5.0"


# -- CIDRs -----------------------------------------------------------------------------------------------------


@given(VALUES, st.integers(0, 32))
@example(0, 0)
@example((1 << 32) - 1, 32)
def test_cidrs(value: int, prefix: int) -> None:
    """A CIDR is one if and only if it is to the standard library; host bits are told apart."""
    text = f"{ipaddress.IPv4Address(value)}/{prefix}"
    network, length, reason = parse_cidr([text])
    try:
        expected = ipaddress.IPv4Network(text)
    except ValueError:
        assert (length[0], reason[0]) == (-1, Reason.HOST_BITS)
    else:
        assert (int(network[0]), length[0], reason[0]) == (int(expected.network_address), prefix, Reason.OK)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.0/33", Reason.BAD_PREFIX),
        ("10.0.0.0/999", Reason.BAD_PREFIX),
        ("10.0.0.0/", Reason.NOT_AN_ADDRESS),
        ("10.0.0.0/-1", Reason.NOT_AN_ADDRESS),
        ("10.0.0.0/2\uff14", Reason.NOT_AN_ADDRESS),
        ("10.0.0.0/24/24", Reason.NOT_AN_ADDRESS),
        ("10.0.0/24", Reason.NOT_AN_ADDRESS),
        ("10.0.0.0", Reason.NOT_AN_ADDRESS),
        ("", Reason.NOT_AN_ADDRESS),
        (None, Reason.NOT_AN_ADDRESS),
    ],
)
def test_what_is_no_cidr(text: str | None, reason: Reason) -> None:
    """Each has its reason and no prefix."""
    _, length, why = parse_cidr(pa.array([text], pa.large_string()))
    assert (length[0], why[0]) == (-1, reason)


# -- few and many ---------------------------------------------------------------------------------------------------


@given(st.lists(NEARLY | TEXTS | st.text(alphabet="0123456789.x\u0661 -", max_size=16), max_size=30))
@example([f"{'1' * 257}.2.3.4", "." * 260, f"1.2.3.4{'.' * 256}", f"1.2.3.{'4' * 257}"])
def test_few_and_many_are_read_alike(texts: list[str]) -> None:
    """A few texts are read one by one, many as columns: with the same result for each."""
    values, good = parse(texts)
    all_values, all_good = parse([*texts, *["10.0.0.1"] * 40])
    assert values.tolist() == all_values[: len(texts)].tolist()
    assert good.tolist() == all_good[: len(texts)].tolist()
    assert to_text(values).to_pylist() == to_text(all_values).to_pylist()[: len(texts)]
