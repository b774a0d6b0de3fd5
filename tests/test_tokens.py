"""What people write for addresses, held against the standard library."""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.test_addresses import NEARLY, TEXTS, VALUES, number
from zecnb.addresses import Reason, to_text
from zecnb.tokens import EXPANSION_LIMIT, TOGETHER_LIMIT, Tokens, expand, spans, split, split_cells
from zecnb.typos import why_not


def all_of(tokens: Tokens) -> list[str]:
    """Return the addresses of an expansion; all tokens must have been good."""
    assert set(tokens.reason.tolist()) <= {Reason.OK}
    assert tokens.text.to_pylist() == to_text(tokens.value).to_pylist()
    return tokens.text.to_pylist()


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


END = st.one_of(TEXTS, NEARLY, st.integers(0, 300).map(str))
SIGN = st.sampled_from(["-", " - ", "/", "-\x1c", "-\u3000", "--", ""])
BLOCK = st.builds("{}{}{}".format, TEXTS | NEARLY, SIGN, END | st.integers(0, 130).map(str))
NETWORK = st.builds(
    lambda value, prefix: f"{ipaddress.IPv4Network((value, prefix), False)}", VALUES, st.integers(0, 32)
)


@given(st.lists(st.one_of(TEXTS, BLOCK, NETWORK, st.sampled_from(sorted(BAD)), st.text(max_size=12)), max_size=20))
@example(["10.0.0.0/08", "10.0.0.0/033", "10.0.0.0/\u0661", "10.0.0.5/24/", "10.0.0.1-2/30", "10.0.0.0/999"])
def test_few_and_many_are_read_alike(texts: list[str]) -> None:
    """A few tokens are read one by one, many as columns: with the same result for each."""
    many = [*texts, *["x"] * 40]
    tokens, all_tokens = expand(texts), expand(many)
    some = all_tokens.source < len(texts)
    assert tokens.text.to_pylist() == all_tokens.text.filter(some).to_pylist()
    assert tokens.value.tolist() == all_tokens.value[some].tolist()
    assert tokens.reason.tolist() == all_tokens.reason[some].tolist()
    few, more = (spans(pa.array(each, pa.large_string())) for each in (texts, many))
    assert [part.tolist() for part in few] == [part[: len(texts)].tolist() for part in more]
