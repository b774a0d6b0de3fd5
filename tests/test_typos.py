"""Bad tokens in words: what is wrong, and what to write instead."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_tokens import BAD
from zecnb.addresses import Reason
from zecnb.tokens import expand
from zecnb.typos import describe, suggest, why_not


@pytest.mark.parametrize("text", BAD)
def test_what_to_write_instead(text: str) -> None:
    """What is wrong is said with the token itself, and so is what to write instead."""
    reason, instead = BAD[text]
    said, advice = why_not(text, reason)
    assert said.startswith(repr(text))
    assert instead in advice


@pytest.mark.parametrize("text", [text for text, (_, instead) in BAD.items() if re.match(r"write \d", instead)])
def test_suggestions_are_addresses(text: str) -> None:
    """What is offered instead is taken: an address, or a range."""
    offered = why_not(text, BAD[text][0])[1].split()[1]
    assert set(expand([offered]).reason.tolist()) == {Reason.OK}


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.OK])
def test_every_reason_has_words(reason: Reason) -> None:
    """No reason is left without a sentence and an advice."""
    said, advice = why_not("10.0.0.0/24", reason)
    assert said != repr("10.0.0.0/24")
    assert advice


@given(st.lists(st.text(max_size=70)))
def test_tokens_are_quoted_as_python_does(texts: list[str]) -> None:
    """Quotes, backslashes and letters beyond ASCII read as in Python; a long token is cut."""
    said = describe(texts, np.full(len(texts), Reason.NOT_AN_ADDRESS)).to_pylist()
    shown = [text if len(text) <= 60 else text[:57] + "..." for text in texts]
    assert said == [f"{text!r} is not an IPv4 address" for text in shown]


def test_a_column_is_worded_as_its_tokens_are() -> None:
    """Each of many tokens gets the words it would get alone."""
    reasons = np.array([reason for reason, _ in BAD.values()], np.uint8)
    alone = [why_not(text, reason) for text, (reason, _) in BAD.items()]
    together = zip(describe(list(BAD), reasons).to_pylist(), suggest(list(BAD), reasons).to_pylist(), strict=True)
    assert list(together) == alone
