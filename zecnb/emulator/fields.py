"""Request parameters: types, presence, ranges, in the order in which they are declared."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from zecnb.emulator.wire import ApiFailure

__all__ = ["Field", "Fields", "read_fields"]

_JSON_NAMES = {str: "String", int: "Integer", bool: "Boolean", list: "Array", dict: "Object"}
_LONGEST_TEXT = 4096


class Field(NamedTuple):
    """One parameter.

    Attributes:
        name: as on the wire.
        kind: str, int, bool, list or dict.
        required: whether it must be there.
        choices: allowed values, none for any.
        low, high: allowed range of a number.
        longest: longest list.
        pattern, shortest: what a text must match, and how short it may be.
        items: kind of a list's items.
    """

    name: str
    kind: type
    required: bool = False
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    longest: int | None = None
    pattern: str = ""
    shortest: int = 0
    items: type = str


Fields = tuple[Field, ...]


def read_fields(body: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """Return the values of the declared parameters, None where one is absent or null; others are ignored.

    Raises:
        ApiFailure: a common parameter code (contract.md 3).
    """
    return {field.name: _value(body.get(field.name), field) for field in fields}


def _value(value: Any, field: Field) -> Any:
    name = field.name
    if value is None:
        if field.required:
            raise ApiFailure("MISSING_PARAMETER", f"Parameter `{name}` is required.")
        return None
    fits = isinstance(value, field.kind) and not (field.kind is int and isinstance(value, bool))
    if not fits or (field.kind is list and not all(isinstance(item, field.items) for item in value)):
        raise ApiFailure("INVALID_PARAMETER_TYPE", f"Parameter `{name}` must be of type {_JSON_NAMES[field.kind]}.")
    if field.low is not None and value < field.low:
        raise ApiFailure("INVALID_PARAMETER_LESS_MINIMUM", f"Parameter `{name}` must be at least {field.low}.")
    if field.high is not None and value > field.high:
        raise ApiFailure("INVALID_PARAMETER_EXCEED_MAXIMUM", f"Parameter `{name}` must be at most {field.high}.")
    if field.kind is list and field.longest is not None and len(value) > field.longest:
        raise ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", f"Parameter `{name}` has more than {field.longest} items.")
    if field.kind is str:
        _check_text(value, field)
    return value


def _check_text(value: str, field: Field) -> None:
    name, longest = field.name, field.longest or _LONGEST_TEXT
    if len(value) < field.shortest:
        raise ApiFailure("INVALID_PARAMETER_LESS_LENGTH", f"Parameter `{name}` is shorter than {field.shortest}.")
    if len(value) > longest:
        raise ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", f"Parameter `{name}` is longer than {longest}.")
    if field.choices and value not in field.choices:
        raise ApiFailure("INVALID_PARAMETER_VALUE", f"Parameter `{name}` must be one of {', '.join(field.choices)}.")
    if field.pattern and not re.fullmatch(field.pattern, value):
        raise ApiFailure("INVALID_PARAMETER_PATTERN_ERROR", f"Parameter `{name}` has characters that are not allowed.")
