"""Redaction of values: those that the table of kinds calls harmless are shown, all others are hidden."""

from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.kinds import FROM_WHERE, HIDDEN_PART, Kind, visible_place, visible_url

HIDDEN: Final = "(hidden)"
"""Stands for a value in text."""

_URLS: Final = frozenset({"url"})
_SECRETS: Final = frozenset({"apikey", "code", "key", "password", "secretKey"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A value after redaction: ``text`` as it may be shown, None when it is absent or wholly hidden.

    ``hidden``: all or part of the value was withheld; a URL may be shown in part.
    """

    text: str | None = None
    hidden: bool = False


def shown(kind: Kind | None, attribute: str, value: str | None, *, show_phi: bool = False) -> Shown:
    """Redact a value of an attribute. A wholly hidden value does not reveal whether it is set.

    ``kind`` is the kind that the attribute belongs to; without one, no attribute counts as harmless. Secrets
    are always hidden. Without ``show_phi``, a URL is shown without query and user, which may be tokens,
    and of where a password comes from the sort alone.
    """
    if attribute in _SECRETS:
        return Shown(hidden=True)
    if (kind is not None and kind.is_harmless(attribute)) or (show_phi and attribute != ""):
        return Shown(value)
    if attribute in _URLS:
        return shown_url(value)
    if attribute == FROM_WHERE and value is not None:
        text = visible_place(value)
        return Shown(text, hidden=text.endswith(HIDDEN))
    return Shown(hidden=True)


def shown_url(value: str | None) -> Shown:
    """A URL without its query and user, which may be tokens."""
    if value is None:
        return Shown()
    text = visible_url(value)
    if text is None:
        return Shown(hidden=True)
    return Shown(text, hidden=text != value or text.endswith(HIDDEN_PART))
