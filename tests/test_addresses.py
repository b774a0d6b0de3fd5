"""Addresses as text and numbers, held against the standard library."""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zecnb.addresses import (
    EXPANSION_LIMIT,
    TOGETHER_LIMIT,
    Reason,
    Tokens,
    compact,
    expand,
    parse,
    parse_cidr,
    spans,
    split,
    split_cells,
    to_text,
)
from zecnb.typos import why_not

VALUES = st.integers(0, (1 << 32) - 1)
OCTET = st.one_of(
    st.integers(0, 300).map(str), st.sampled_from(["", "00", "01", "0255", "1 ", "+1", "-1", "\uff11", "x", "1e1"])
)
NEARLY = st.lists(OCTET, min_size=1, max_size=6).map(".".join)
"""Texts that are addresses, or almost."""


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


def all_of(tokens: Tokens) -> list[str]:
    """Return the addresses of an expansion; all tokens must have been good."""
    assert set(tokens.reason.tolist()) <= {Reason.OK}
    assert tokens.text.to_pylist() == to_text(tokens.value).to_pylist()
    return tokens.text.to_pylist()


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


# -- splitting what people paste -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1,10.0.0.2",
        "10.0.0.1; 10.0.0.2;",
        "  10.0.0.1\r\n10.0.0.2\r\n\r\n",
        "10.0.0.1\t10.0.0.2",
        "\ufeff10.0.0.1\u00a010.0.0.2\u200b",
        "10.0.0.1\u3001 10.0.0.2\uff0c",
        "10.0.0.1\u202810.0.0.2",
        ",,10.0.0.1 , ;10.0.0.2 ,",
    ],
)
def test_separators(text: str) -> None:
    """Lines, commas, semicolons and blanks of every keyboard separate, in any number."""
    assert split(text).to_pylist() == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize("dash", ["-", " - ", "\u2013", " \u2014 ", "\u2212", "\u2011", "\t-\u00a0"])
def test_dashes(dash: str) -> None:
    """Any dash, blanks around it or not, makes a range of one token."""
    tokens = split(f"10.0.0.1{dash}3, 10.0.0.9")
    assert tokens.to_pylist() == ["10.0.0.1-3", "10.0.0.9"]
    assert all_of(expand(tokens)) == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", ",;,", "\ufeff"])
def test_nothing_to_split(text: str) -> None:
    """Blanks and separators alone are no tokens."""
    assert split(text).to_pylist() == []


@given(st.lists(st.lists(VALUES.map(lambda v: str(ipaddress.IPv4Address(v))), max_size=3).map(", ".join) | st.none()))
def test_cells_keep_their_tokens(cells: list[str | None]) -> None:
    """Each cell has its own tokens; null and blank ones have none."""
    expected = [cell.split(", ") if cell else [] for cell in cells]
    assert split_cells(pa.array(cells, pa.large_string())).to_pylist() == expected


def test_paste_of_five_megabytes() -> None:
    """A paste of 5 MB becomes addresses in its order."""
    values = np.arange(380_000, dtype=np.uint32) + np.uint32(10 << 24)
    text = "\n".join(to_text(values).to_pylist())
    assert len(text) > 4_000_000
    text += "\nx" * ((5_000_000 - len(text)) // 2)
    found = expand(split(text))
    assert np.array_equal(found.value[: len(values)], values)
    assert set(found.reason[len(values) :].tolist()) == {Reason.NOT_AN_ADDRESS}


def test_one_token_of_five_megabytes() -> None:
    """A text without any separator is one bad token, shown by its beginning."""
    text = "9" * 5_000_000
    found = expand(split(text))
    assert found.reason.tolist() == [Reason.NOT_AN_ADDRESS]
    assert len(why_not(text, Reason.NOT_AN_ADDRESS)[0]) < 100


# -- ranges and blocks -----------------------------------------------------------------------------------------


@given(VALUES, st.integers(0, 300))
@example(0, 0)
@example((1 << 32) - 2, 1)
def test_ranges(first: int, more: int) -> None:
    """A range stands for its ends and all between; its last octet alone will do within one /24."""
    last = min(first + more, (1 << 32) - 1)
    expected = [str(ipaddress.IPv4Address(value)) for value in range(first, last + 1)]
    low, high = expected[0], expected[-1]
    assert all_of(expand([f"{low}-{high}"])) == expected
    if first >> 8 == last >> 8:
        assert all_of(expand([f"{low}-{last & 255}"])) == expected


@given(VALUES, st.integers(22, 32))
def test_blocks(value: int, prefix: int) -> None:
    """A CIDR stands for all its addresses, first and last included: whether they can be used is not said here."""
    network = ipaddress.IPv4Network((value, prefix), strict=False)
    assert all_of(expand([str(network)])) == [str(address) for address in network]


@given(st.lists(st.sampled_from(["10.0.0.1", "10.0.0.4-6", "10.0.1.0/30", "x", "10.0.0.9-2", "10.0.0.7 "]), max_size=9))
def test_order_and_source(tokens: list[str]) -> None:
    """Addresses and bad tokens stand in the order of the input, each with the token it came from."""
    said = {
        "10.0.0.1": ["10.0.0.1"],
        "10.0.0.4-6": ["10.0.0.4", "10.0.0.5", "10.0.0.6"],
        "10.0.1.0/30": ["10.0.1.0", "10.0.1.1", "10.0.1.2", "10.0.1.3"],
        "x": ["x"],
        "10.0.0.9-2": ["10.0.0.9-2"],
        "10.0.0.7 ": ["10.0.0.7"],
    }
    found = expand(tokens)
    assert found.text.to_pylist() == [text for token in tokens for text in said[token]]
    assert found.source.tolist() == [at for at, token in enumerate(tokens) for _ in said[token]]


def test_limit_of_expansion() -> None:
    """A range may stand for a whole /16; a larger one is a bad token, whatever stands beside it."""
    assert len(expand(["10.0.0.0/16"]).value) == EXPANSION_LIMIT
    found = expand(["10.0.0.0/8", "10.0.0.4-5", "10.0.0.6"])
    assert found.reason.tolist() == [Reason.TOO_MANY, Reason.OK, Reason.OK, Reason.OK]
    assert found.source.tolist() == [0, 1, 1, 2]
    whole = expand(["0.0.0.0/0"])
    assert (whole.reason.tolist(), whole.value.tolist()) == ([Reason.TOO_MANY], [0])


def test_limit_of_all_ranges_together() -> None:
    """Where ranges stand for too many addresses together each of them is a bad token, no single is, in any order."""
    most = [f"10.{at}.0.0/16" for at in range(TOGETHER_LIMIT // EXPANSION_LIMIT)]
    assert len(expand(most).value) == TOGETHER_LIMIT
    tokens = ["10.99.0.6", *most, "10.99.0.4-5", "10.0.0.0/8"]
    for order in (tokens, tokens[::-1]):
        found = expand(order)
        said = dict(zip(found.text.to_pylist(), found.reason.tolist(), strict=True))
        assert list(said) == order
        assert said.pop("10.99.0.6") == Reason.OK
        assert said.pop("10.0.0.0/8") == Reason.TOO_MANY
        assert set(said.values()) == {Reason.TOO_MANY_TOGETHER}


@given(VALUES, VALUES)
def test_spans(first: int, last: int) -> None:
    """Ends of a range are found without expanding it, however large it is."""
    low, high = sorted((first, last))
    texts = [
        f"{ipaddress.IPv4Address(low)}-{ipaddress.IPv4Address(high)}",
        "0.0.0.0/0",
        str(ipaddress.IPv4Address(low)),
        "x",
    ]
    start, end, why = spans(pa.array(texts, pa.large_string()))
    assert start.tolist() == [low, 0, low, 0]
    assert end[:3].tolist() == [high, (1 << 32) - 1, low]
    assert why.tolist() == [Reason.OK, Reason.OK, Reason.OK, Reason.NOT_AN_ADDRESS]


# -- bad tokens ------------------------------------------------------------------------------------------------

BAD = {
    "10.0.0.300": (Reason.OCTET_TOO_LARGE, "write four decimal numbers of 0..255, for example 10.0.4.10"),
    "999999999.1.1.1": (Reason.OCTET_TOO_LARGE, "write four decimal numbers"),
    "010.0.0.5": (Reason.LEADING_ZERO, "write 10.0.0.5 if decimal is meant"),
    "10.00.0.5": (Reason.LEADING_ZERO, "write 10.0.0.5 if decimal is meant"),
    "10.0.0.005": (Reason.LEADING_ZERO, "write 10.0.0.5 if decimal is meant"),
    "10.0.0.0300": (Reason.LEADING_ZERO, "write four decimal numbers"),
    "\uff11\uff10.0.0.1": (Reason.FOREIGN_DIGITS, "write 10.0.0.1"),
    "10\u30020\u30020\u30021": (Reason.FOREIGN_DIGITS, "write 10.0.0.1"),
    "10\uff0e0\uff0e0\uff0e1": (Reason.FOREIGN_DIGITS, "write 10.0.0.1"),
    "\u0661\u0660.0.0.1": (Reason.FOREIGN_DIGITS, "write four decimal numbers"),
    "::1": (Reason.IPV6, "use the IPv6 action"),
    "::": (Reason.IPV6, "use the IPv6 action"),
    "[::1]": (Reason.IPV6, "use the IPv6 action"),
    "fe80::1%eth0": (Reason.IPV6, "use the IPv6 action"),
    "::ffff:10.0.0.1": (Reason.IPV6, "use the IPv6 action"),
    "2001:DB8::/32": (Reason.IPV6, "use the IPv6 action"),
    "10.0.4.9/24": (Reason.HOST_BITS, "write 10.0.4.9 for the address or 10.0.4.0/24 for the block"),
    "255.255.255.255/0": (Reason.HOST_BITS, "or 0.0.0.0/0 for the block"),
    "10.0.0.0/33": (Reason.BAD_PREFIX, "write four decimal numbers"),
    "10.0.0.9-2": (Reason.RANGE_REVERSED, "swap the two ends"),
    "10.0.1.0-10.0.0.255": (Reason.RANGE_REVERSED, "swap the two ends"),
    "10.0.0.0/8": (Reason.TOO_MANY, "ask for a count, or for smaller ranges"),
    "0.0.0.0-255.255.255.255": (Reason.TOO_MANY, "ask for a count, or for smaller ranges"),
    "10.0.0.1-300": (Reason.OCTET_TOO_LARGE, "write four decimal numbers"),
    "10.0.0.1-10.0.0.256": (Reason.OCTET_TOO_LARGE, "write four decimal numbers"),
    "10.0.0.1-010": (Reason.LEADING_ZERO, "write 10.0.0.1-10 if decimal is meant"),
    "010.0.0.1-10.0.0.08": (Reason.LEADING_ZERO, "write 10.0.0.1-10.0.0.8 if decimal is meant"),
    "10.0.0.09-2": (Reason.LEADING_ZERO, "write four decimal numbers"),
    "10.0.0.1-": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "-10.0.0.1": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "10.0.0.1-2-3": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "10.0.0": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "10.0.0.1.2": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "10.0.0.1:80": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "0x0a000001": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "167772161": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "10.10": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "localhost": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "<img src=x>": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "\u202e10.0.0.1": (Reason.NOT_AN_ADDRESS, "write four decimal numbers"),
    "=10.0.0.1": (Reason.NOT_AN_ADDRESS, "a formula without a value"),
}
"""Bad tokens: why they are, and what is said to write instead."""


@pytest.mark.parametrize("text", BAD)
def test_reasons(text: str) -> None:
    """Each bad token is kept as it was given, with its reason, and stands for no address."""
    found = expand([text])
    assert found.text.to_pylist() == [text]
    assert Reason(int(found.reason[0])) is BAD[text][0]
    assert found.value.tolist() == [0]


@given(st.lists(st.text(max_size=30) | NEARLY, max_size=6))
def test_no_text_fails(texts: list[str]) -> None:
    """Whatever people paste, each token is an address or has a reason that can be worded."""
    found = expand(split(" ".join(texts)))
    for text, value, reason in zip(found.text.to_pylist(), found.value.tolist(), found.reason.tolist(), strict=True):
        if reason == Reason.OK:
            assert number(text) == value
        else:
            assert all(why_not(text, reason))


@given(
    st.lists(
        st.one_of(
            VALUES.map(lambda value: str(ipaddress.IPv4Address(value))),
            st.text(alphabet="0123456789.x\u0661 -", max_size=16),
        ),
        max_size=30,
    )
)
def test_few_and_many_are_read_alike(texts: list[str]) -> None:
    """A few texts are read one by one, many as columns: with the same result for each."""
    many = [*texts, *["10.0.0.1"] * 40]
    values, good = parse(texts)
    all_values, all_good = parse(many)
    assert values.tolist() == all_values[: len(texts)].tolist()
    assert good.tolist() == all_good[: len(texts)].tolist()
    tokens, all_tokens = expand(texts), expand(many)
    some = all_tokens.source < len(texts)
    assert tokens.text.to_pylist() == all_tokens.text.filter(some).to_pylist()
    assert tokens.reason.tolist() == all_tokens.reason[some].tolist()
