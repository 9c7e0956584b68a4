"""Which values may be shown. Only what the table of kinds calls harmless is; everything else is hidden."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from kardia_ctl.model.kinds import Kind

HIDDEN: Final = "(hidden)"
"""Stands for a value in text."""

_URLS: Final = frozenset({"url"})
_SECRETS: Final = frozenset({"apikey", "code", "key", "password", "secretKey"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader gets of one value: ``text`` as it may be shown, None when absent or wholly hidden.

    ``hidden``: something was withheld; a URL may be shown in part.
    """

    text: str | None = None
    hidden: bool = False


def shown(kind: Kind | None, attribute: str, value: str | None, *, show_phi: bool = False) -> Shown:
    """What may be shown of a value. A value that is wholly hidden does not even tell whether it is there.

    ``kind`` is whose attribute it is; of no kind's, nothing is known to be harmless. Secrets are hidden from
    everybody; of URLs the query and the user, which may be tokens, are hidden with the patients' values.
    """
    if attribute in _SECRETS:
        return Shown(hidden=True)
    if (kind is not None and kind.is_harmless(attribute)) or (show_phi and attribute != ""):
        return Shown(value)
    if attribute in _URLS:
        return shown_url(value)
    return Shown(hidden=True)


def shown_url(value: str | None) -> Shown:
    """A URL without its query and user, which may be tokens."""
    if value is None:
        return Shown()
    try:
        parts = urlsplit(value)
    except ValueError:
        return Shown(hidden=True)
    host = parts.netloc.rpartition("@")[2]
    plain = parts._replace(netloc=host, query="", fragment="").geturl()
    if plain == value:
        return Shown(value)
    return Shown(f"{plain}?{HIDDEN}", hidden=True)
