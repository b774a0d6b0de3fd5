"""Request parameters: types, presence, ranges, in the order in which they are declared."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from zecnb.emulator.settings import Settings
from zecnb.emulator.wire import ApiFailure

__all__ = ["Field", "Fields", "read_fields"]

_JSON_NAMES = {str: "String", int: "Integer", float: "Float", bool: "Boolean", list: "Array", dict: "Object"}
_LONGEST_TEXT = 4096
_LONGEST_LIST = 10_000


class Field(NamedTuple):
    """One parameter.

    Attributes:
        name: as on the wire.
        kind: str, int, float, bool, list or dict.
        required: whether it must be there.
        choices: allowed values, none for any.
        low, high: allowed range of a number; a name is that of the setting that has it.
        longest: longest list or text; a name is that of the setting that has it.
        characters: a name; besides letters and digits it has inside what the setting of this name says.
        shortest: how short a text may be.
        items: kind of a list's items.
        heeded: whether it changes anything here.
    """

    name: str
    kind: type
    required: bool = False
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | str | None = None
    longest: int | str | None = None
    characters: str = ""
    shortest: int = 0
    items: type = str
    heeded: bool = True


Fields = tuple[Field, ...]


def read_fields(body: dict[str, Any], fields: Fields, settings: Settings | None = None) -> dict[str, Any]:
    """Return the values of the declared parameters, None where one is absent or null; others are ignored.

    Raises:
        ApiFailure: a common parameter code (contract.md 3).
    """
    known = settings or Settings()
    return {field.name: _value(body.get(field.name), field, known) for field in fields}


def _value(value: Any, field: Field, settings: Settings) -> Any:
    name, high, longest = field.name, _limit(field.high, settings), _limit(field.longest, settings)
    if value is None:
        if field.required:
            raise ApiFailure("MISSING_PARAMETER", f"Parameter `{name}` is required.")
        return None
    if value == "" and field.choices and not field.required:
        return None  # what Terraform sends for none of an enumeration
    kinds = (int, float) if field.kind is float else field.kind
    fits = isinstance(value, kinds) and not (field.kind in (int, float) and isinstance(value, bool))
    if not fits or (field.kind is list and not all(isinstance(item, field.items) for item in value)):
        raise ApiFailure("INVALID_PARAMETER_TYPE", f"Parameter `{name}` must be of type {_JSON_NAMES[field.kind]}.")
    if field.low is not None and value < field.low:
        raise ApiFailure("INVALID_PARAMETER_LESS_MINIMUM", f"Parameter `{name}` must be at least {field.low}.")
    if high is not None and value > high:
        raise ApiFailure("INVALID_PARAMETER_EXCEED_MAXIMUM", f"Parameter `{name}` must be at most {high}.")
    if field.kind is list and len(value) > (longest := longest or _LONGEST_LIST):
        raise ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", f"Parameter `{name}` has more than {longest} items.")
    if field.kind is str:
        _check_text(value, field, longest or _LONGEST_TEXT)
        if field.characters:
            inner = re.escape(getattr(settings, field.characters))
            if not re.fullmatch(rf"[A-Za-z0-9]([A-Za-z0-9{inner}]*[A-Za-z0-9])?", value):
                raise ApiFailure("INVALID_PARAMETER_PATTERN_ERROR", f"Parameter `{name}` has characters not allowed.")
        return _storable(value)
    return [_storable(item) for item in value] if field.kind is list and field.items is str else value


def _limit(limit: int | str | None, settings: Settings) -> int | None:
    if isinstance(limit, str):
        found: int = getattr(settings, limit)
        return found
    return limit


def _storable(value: str) -> str:
    """Replace half surrogate pairs, which JSON lets through and no encoding knows."""
    return value.encode("utf-8", "replace").decode()


def _check_text(value: str, field: Field, longest: int) -> None:
    name = field.name
    if len(value) < field.shortest:
        raise ApiFailure("INVALID_PARAMETER_LESS_LENGTH", f"Parameter `{name}` is shorter than {field.shortest}.")
    if len(value) > longest:
        raise ApiFailure("INVALID_PARAMETER_EXCEED_LENGTH", f"Parameter `{name}` is longer than {longest}.")
    if field.choices and value not in field.choices:
        raise ApiFailure("INVALID_PARAMETER_VALUE", f"Parameter `{name}` must be one of {', '.join(field.choices)}.")
