"""The table of kinds: the one place for every fact about a kind that several packages need.

What a kind does (its schema, comparison, reading and writing) is in ``kardia_ctl.kinds``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Facts:
    """One row of the table.

    Attributes:
        names: The attributes that an address is made of, in its order; none for a kind that exists once.
        singular: The noun for one of them, in messages and counts.
        plural: The noun for several.
        read_back: Whether v1 can read it. What cannot be read is known from state alone.
        owner: The kind that it depends on; its names begin with the owner's. None for an independent kind.
        keyed_by_target: Whether state has one record per first name and target (a template's id), instead of
            one per address.
        harmless: The attributes, besides ``names``, that anybody may see: none of them is a patient's value
            or a secret. Everything else is hidden unless ``--show-phi`` is given.
    """

    names: tuple[str, ...]
    singular: str
    plural: str
    read_back: bool
    owner: "Kind | None" = None
    keyed_by_target: bool = False
    harmless: frozenset[str] = frozenset()


class Kind(StrEnum):
    """What a resource is. The order is the order in which a plan shows them."""

    CALLBACK = "callback"
    QT_CALLBACK = "qt_callback"
    SERVICE_PROVIDER = "service_provider"
    PATIENT = "patient"
    CONNECTION_CODE = "connection_code"
    MOBILE_USER = "mobile_user"

    @property
    def facts(self) -> Facts:
        """This kind's row of the table."""
        return _TABLE[self]

    @property
    def form(self) -> str:
        """How an address of this kind is written: ``connection_code/MRN/TEMPLATE``."""
        return "/".join((self.value, *(name.upper() for name in self.facts.names)))

    @property
    def is_setting(self) -> bool:
        """Whether it is declared at the top level of the YAML and belongs to no patient."""
        return self is not Kind.PATIENT and self.facts.owner is None

    def is_harmless(self, attribute: str) -> bool:
        """Whether anybody may see this attribute."""
        return attribute in self.facts.harmless or attribute in self.facts.names


_TABLE: Final[Mapping[Kind, Facts]] = {
    Kind.CALLBACK: Facts((), "callback URL", "callback URLs", read_back=True),
    Kind.QT_CALLBACK: Facts((), "QT callback URL", "QT callback URLs", read_back=True),
    Kind.SERVICE_PROVIDER: Facts(("provider",), "service provider", "service providers", read_back=False),
    Kind.PATIENT: Facts(
        ("mrn",),
        "patient",
        "patients",
        read_back=True,
        harmless=frozenset({"id", "recordings", "status"}),
    ),
    Kind.CONNECTION_CODE: Facts(
        ("mrn", "template"),
        "connection code",
        "connection codes",
        read_back=False,
        owner=Kind.PATIENT,
        keyed_by_target=True,
        harmless=frozenset({"price", "template_id", "template_name"}),
    ),
    Kind.MOBILE_USER: Facts(
        ("mrn",),
        "mobile user",
        "mobile users",
        read_back=False,
        owner=Kind.PATIENT,
        harmless=frozenset({"country", "redeem"}),
    ),
}

FROM_WHERE: Final = "password_from"
"""The attribute of a mobile user that says where the password comes from."""

HIDDEN_PART: Final = "?(hidden)"
"""Ends a URL of which a part is hidden."""


def visible_value(kind: Kind | None, attribute: str, value: str | None) -> str | None:
    """A value as anybody may see it; None when it is absent or hidden.

    A callback URL is visible without its query and user, which may be tokens; of where a password comes from,
    the sort alone.
    """
    if kind is None or value is None:
        return None
    if attribute == "url" and kind.is_setting:
        return visible_url(value)
    if attribute == FROM_WHERE:
        return visible_place(value)
    return value if attribute in kind.facts.harmless else None


def visible_place(place: str) -> str:
    """Where a password comes from, such as ``env (hidden)``; its name may be a patient's."""
    source, _, name = place.partition(" ")
    return f"{source} (hidden)" if name else source


def visible_url(url: str) -> str | None:
    """A URL without its query, fragment and user, marked where it had one; None for what is no URL."""
    try:
        parts = urlsplit(url)
        plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    except ValueError:
        return None
    return plain if plain == url else f"{plain}{HIDDEN_PART}"
