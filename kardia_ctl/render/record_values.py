"""A record as a reader may see it: secrets for nobody, patients' values for whom they are meant."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from kardia_ctl.render.record_shapes import CUSTOM, Shape
from kardia_ctl.render.redaction import HIDDEN, shown

Guard = Callable[[str], str]
"""Takes out of a text what looks like a person's or a secret."""

_SECRETS: Final = frozenset({"secretkey", "apikey", "password", "secret", "token", "usertoken"})
_URL: Final = re.compile(r"url$", re.IGNORECASE)
_OF_CUSTOM_FIELD: Final = frozenset({"id", "fieldname", "displayname"})


def seen(row: Mapping[str, Any], shape: Shape, guard: Guard, *, show_phi: bool) -> dict[str, Any]:
    """The record as it may be shown. A value that is hidden is replaced by ``HIDDEN``, a secret is left out.

    That a hidden value is null or empty is hidden too.
    """
    return {
        name: _value(name, value, shape, guard, show_phi=show_phi)
        for name, value in row.items()
        if not is_secret(name)
    }


def is_secret(name: str) -> bool:
    """Whether a field of this name is shown to nobody, whatever is asked for."""
    return re.sub(r"[^a-z]", "", name.lower()) in _SECRETS


def hidden_columns(shape: Shape, *, show_phi: bool) -> tuple[str, ...]:
    """The columns of which this reader would see nothing."""
    if show_phi:
        return ()
    return tuple(name for name in shape.columns if name not in shape.visible | shape.guarded)


def _value(name: str, value: Any, shape: Shape, guard: Guard, *, show_phi: bool) -> Any:
    if name == CUSTOM and name in shape.visible:
        return _custom(value, show_phi=show_phi)
    if show_phi:
        return without_secrets(value)
    if name in shape.guarded:
        return guard(value) if isinstance(value, str) else value if value is None else HIDDEN
    if name not in shape.visible:
        return HIDDEN
    if isinstance(value, str) and _URL.search(name):
        found = shown("url", value).text
        return HIDDEN if found is None else found
    return without_secrets(value)


def _custom(value: Any, *, show_phi: bool) -> Any:
    """Custom fields: their names for anybody, their values not."""
    if show_phi or not isinstance(value, list):
        return without_secrets(value) if show_phi or value is None else HIDDEN
    return [
        {key: text if key.lower() in _OF_CUSTOM_FIELD else HIDDEN for key, text in one.items()}
        if isinstance(one, dict)
        else HIDDEN
        for one in value
    ]


def without_secrets(value: Any) -> Any:
    """A JSON value without the fields that nobody may see, however deep they are."""
    match value:
        case dict():
            return {key: without_secrets(one) for key, one in value.items() if not is_secret(key)}
        case list():
            return [without_secrets(one) for one in value]
        case _:
            return value
