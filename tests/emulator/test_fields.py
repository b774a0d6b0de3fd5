"""Parameters: presence, types, ranges, lengths and patterns, each with its own code."""

from __future__ import annotations

from typing import Any

import pytest

from zecnb.emulator import Settings
from zecnb.emulator.fields import Field, read_fields
from zecnb.emulator.wire import ApiFailure


def _code(value: Any, field: Field) -> str:
    """Return the code that a value of a parameter gets, ``OK`` when it is taken."""
    try:
        read_fields({field.name: value}, (field,))
    except ApiFailure as error:
        return error.code if error.status == 400 and f"`{field.name}`" in str(error) else repr(error)
    return "OK"


@pytest.mark.parametrize("body", [{}, {"nicId": None}])
def test_required(body: dict[str, Any]) -> None:
    """What is required must be there, and null is not there."""
    with pytest.raises(ApiFailure, match="`nicId` is required") as caught:
        read_fields(body, (Field("nicId", str, required=True),))
    assert caught.value.code == "MISSING_PARAMETER"


def test_absent_is_none_and_unknown_is_ignored() -> None:
    """Every declared parameter has a value; others are dropped."""
    fields = (Field("name", str), Field("pageNum", int))
    assert read_fields({"name": "a", "else": 1}, fields) == {"name": "a", "pageNum": None}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (str, ["", "a", "1"], [1, True, ["a"], {}, 1.0]),
        (int, [0, -1, 10**30], ["1", 1.0, True, False, [1], {}]),
        (float, [0.1, 1, -2.5], ["1", True, [1.0], {}]),
        (bool, [True, False], [0, 1, "true", []]),
        (list, [[], ["a"], ["a", "b"]], ["a", {}, [1], ["a", None], [["a"]], [True]]),
        (dict, [{}, {"a": 1}], [[], "a", 1]),
    ],
)
def test_types(kind: type, good: list[Any], bad: list[Any]) -> None:
    """Each JSON type is itself and nothing else: no number in quotes, no Boolean as a number."""
    field = Field("x", kind)
    assert [_code(each, field) for each in good] == ["OK"] * len(good)
    assert [_code(each, field) for each in bad] == ["INVALID_PARAMETER_TYPE"] * len(bad)


def test_lists_of_objects() -> None:
    """A list may be declared to hold objects."""
    field = Field("tags", list, items=dict)
    assert [_code([{}], field), _code(["a"], field)] == ["OK", "INVALID_PARAMETER_TYPE"]


def test_range_of_numbers() -> None:
    """Below and above have a code each; the ends are inside."""
    field = Field("pageSize", int, low=1, high=1000)
    assert [_code(each, field) for each in (0, 1, 1000, 1001)] == [
        "INVALID_PARAMETER_LESS_MINIMUM",
        "OK",
        "OK",
        "INVALID_PARAMETER_EXCEED_MAXIMUM",
    ]


def test_length_of_lists() -> None:
    """A list may be as long as allowed and no longer."""
    field = Field("nicIds", list, longest=2)
    assert [_code(["a"] * n, field) for n in (0, 2, 3)] == ["OK", "OK", "INVALID_PARAMETER_EXCEED_LENGTH"]


def test_length_of_texts() -> None:
    """Too short and too long have a code each; no text may be endless."""
    field = Field("name", str, shortest=2, longest=4)
    assert [_code("a" * n, field) for n in (1, 2, 4, 5)] == [
        "INVALID_PARAMETER_LESS_LENGTH",
        "OK",
        "OK",
        "INVALID_PARAMETER_EXCEED_LENGTH",
    ]
    assert _code("a" * 5000, Field("nicId", str)) == "INVALID_PARAMETER_EXCEED_LENGTH"


def test_choices() -> None:
    """A value that is not in the enumeration is named so; case counts."""
    field = Field("status", str, choices=("USED", "AVAILABLE"))
    assert [_code(each, field) for each in ("USED", "used")] == ["OK", "INVALID_PARAMETER_VALUE"]


def test_empty_choice() -> None:
    """Empty text is no choice: absent where none is needed, as Terraform sends it, and wrong where one is."""
    field = Field("bindType", str, choices=("FullNat", "Passthrough"))
    assert read_fields({"bindType": ""}, (field,)) == {"bindType": None}
    assert _code("", field._replace(required=True)) == "INVALID_PARAMETER_VALUE"


def test_patterns() -> None:
    """Inside a name are letters, digits and what the setting allows; a line break at its end is none of them."""
    field = Field("name", str, characters="name_characters")
    wrong = "INVALID_PARAMETER_PATTERN_ERROR"
    assert [_code(each, field) for each in ("a.b", "a", "a_b", "a b", "ab\n", "-ab", "ab-", "\u00e9a")] == [
        "OK", "OK", *[wrong] * 6,
    ]  # fmt: skip


def test_names_allow_what_the_setting_says() -> None:
    """Another setting allows other characters, and gives none of them a meaning of its own."""
    field = Field("name", str, characters="name_characters")
    settings = Settings(name_characters="]^_")
    assert read_fields({"name": "a]^_b"}, (field,), settings) == {"name": "a]^_b"}
    with pytest.raises(ApiFailure):
        read_fields({"name": "a.b"}, (field,), settings)


@pytest.mark.parametrize(("kind", "value", "read"), [(str, "a\ud800", "a?"), (list, ["a", "\udfff"], ["a", "?"])])
def test_half_a_surrogate_pair(kind: type, value: Any, read: Any) -> None:
    """Half a surrogate pair, which JSON lets through, is read as a question mark: it can be stored and compared."""
    assert read_fields({"x": value}, (Field("x", kind),)) == {"x": read}


def test_first_wrong_parameter_decides() -> None:
    """Parameters are checked in the order in which they are declared."""
    fields = (Field("a", int, low=1), Field("b", str, required=True))
    with pytest.raises(ApiFailure) as caught:
        read_fields({"a": 0}, fields)
    assert caught.value.code == "INVALID_PARAMETER_LESS_MINIMUM"
