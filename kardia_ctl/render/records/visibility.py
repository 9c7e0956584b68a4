"""Hides what a reader may not see of a record: secrets always, patients' values without ``show_phi``."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from kardia_ctl.render.records import record_columns
from kardia_ctl.render.records.record_columns import Shape
from kardia_ctl.render.redaction import HIDDEN, shown_url

Guard = Callable[[str], str]
"""Removes from a text what looks like a secret or like a person's data."""

_SECRETS: Final = frozenset({"secretkey", "apikey", "password", "secret", "token", "usertoken"})
_URL: Final = re.compile(r"url$", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z_]{1,24}")
_OF_CUSTOM_FIELD: Final = frozenset({"id", "fieldname", "displayname"})


def visible_record(row: Mapping[str, Any], shape: Shape, guard: Guard, *, show_phi: bool) -> dict[str, Any]:
    """The record as it may be shown. A value that is hidden is replaced by ``HIDDEN``, a secret is left out.

    A hidden value does not reveal whether it is null or empty. Without ``show_phi``, a field with an unknown
    name is left out, name and value.
    """
    known = shape.visible | shape.guarded | {*shape.columns}
    return {
        name: _value(name, value, shape, guard, show_phi=show_phi)
        for name, value in row.items()
        if not is_secret(name) and (show_phi or name in known)
    }


def is_secret(name: str) -> bool:
    """Whether a field of this name is never shown."""
    return re.sub(r"[^a-z]", "", name.lower()) in _SECRETS


def hidden_columns(shape: Shape, *, show_phi: bool) -> tuple[str, ...]:
    """The columns that are hidden from this reader."""
    if show_phi:
        return ()
    return tuple(name for name in shape.columns if name not in shape.visible | shape.guarded)


def _value(name: str, value: Any, shape: Shape, guard: Guard, *, show_phi: bool) -> Any:
    if show_phi:
        return without_secrets(value)
    if name in shape.guarded:
        return guard(value) if isinstance(value, str) else value if value is None else HIDDEN
    return _harmless(name, value) if name in shape.visible else HIDDEN


def _harmless(name: str, value: Any) -> Any:
    """What anybody may see of a harmless field; hidden if it holds what such a field should not."""
    match name, value:
        case _, None:
            return None
        case record_columns.CUSTOM, list():
            return [_custom_field(member) if isinstance(member, dict) else HIDDEN for member in value]
        case record_columns.SAMPLES, dict():
            return _numbers(value)
        case _, dict() | list():
            return HIDDEN
        case _, str() if _URL.search(name):
            found = shown_url(value).text
            return HIDDEN if found is None else found
        case _:
            return value


def _custom_field(field: Mapping[str, Any]) -> dict[str, Any]:
    """A custom field: its name, without its value."""
    return {
        name: value if name.lower() in _OF_CUSTOM_FIELD and isinstance(value, str) else HIDDEN
        for name, value in field.items()
        if name.lower() in {*_OF_CUSTOM_FIELD, "fieldvalue"}
    }


def _numbers(value: Any) -> Any:
    """Only the numbers of nested data, under names that are plain words."""
    match value:
        case dict():
            return {key: _numbers(member) for key, member in value.items() if _WORD.fullmatch(key)}
        case list():
            return [_numbers(member) for member in value]
        case str():
            return HIDDEN
        case _:
            return value


def without_secrets(value: Any) -> Any:
    """A JSON value without secrets, at any depth."""
    match value:
        case dict():
            return {key: without_secrets(member) for key, member in value.items() if not is_secret(key)}
        case list():
            return [without_secrets(member) for member in value]
        case _:
            return value
