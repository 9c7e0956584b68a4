"""Which values may be shown. Only what is known to be harmless is; everything else is hidden."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

HIDDEN: Final = "(hidden)"
"""Stands for a value in text."""

_VISIBLE: Final = frozenset(
    {
        "country",
        "id",
        "mrn",
        "password_from",
        "price",
        "provider",
        "recordings",
        "redeem",
        "status",
        "team",
        "template",
        "template_id",
        "template_name",
    }
)
_URLS: Final = frozenset({"url"})
_SECRETS: Final = frozenset({"apikey", "code", "key", "password", "secretKey"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader gets of one value: ``text`` as it may be shown, None when absent or wholly hidden.

    ``hidden`` says that something was kept back; a URL may be shown in part.
    """

    text: str | None = None
    hidden: bool = False


def shown(attribute: str, value: str | None, *, show_phi: bool = False) -> Shown:
    """What may be shown of a value. A value that is wholly hidden does not even tell whether it is there.

    Secrets are hidden from everybody; of URLs the query and the user, which may be tokens, are hidden
    with the patients' values.
    """
    if attribute in _SECRETS:
        return Shown(hidden=True)
    if attribute in _VISIBLE or (show_phi and attribute != ""):
        return Shown(value)
    if attribute in _URLS:
        return _url(value)
    return Shown(hidden=True)


def _url(value: str | None) -> Shown:
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
