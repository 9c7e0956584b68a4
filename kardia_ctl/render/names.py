"""What an address looks like for a reader: with the mrn, or with a pseudonym for it."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import is_
from typing import Any, Final, Protocol

from kardia_ctl.model.address import Address


class Names(Protocol):
    """The one place that decides how addresses are written for one reader."""

    def shown(self, address: Address) -> str:
        """An address as this reader may see it."""

    def mrn(self, mrn: str) -> str:
        """An mrn as this reader may see it."""

    def text(self, text: str) -> str:
        """A text with every address in it as this reader may see it."""


@dataclass(frozen=True, slots=True)
class _Mrns:
    """Addresses as they are: for a person's own terminal, and for files that are the person's own."""

    def shown(self, address: Address) -> str:
        """The address itself."""
        return str(address)

    def mrn(self, mrn: str) -> str:
        """The mrn itself."""
        return mrn

    def text(self, text: str) -> str:
        """The text itself."""
        return text


def shown_id(names: Names, live_id: str, *addresses: Address | None) -> str:
    """A live id of one of some addresses as a reader may see it: that of a pro participant is the mrn."""
    is_mrn = any(address is not None and address.has_mrn(live_id) for address in addresses)
    return names.mrn(live_id) if is_mrn else live_id


MRNS: Final[Names] = _Mrns()
"""Shows every mrn."""


def named_value(value: Any, names: Names) -> Any:
    """A JSON value with every text in it as a reader may see it.

    What nothing in it changes is the value itself: a document of all patients is not there twice.
    """
    return value if names is MRNS else _named(value, names.text)


def _named(value: Any, text: Callable[[str], str]) -> Any:
    match value:
        case str():
            return text(value) if "/" in value else value
        case dict():
            named = {_named(str(key), text): _named(member, text) for key, member in value.items()}
            keys, members = map(is_, named, value), map(is_, named.values(), value.values())
            return value if len(named) == len(value) and all(members) and all(keys) else named
        case list() | tuple():
            elements = [_named(member, text) for member in value]
            return value if all(map(is_, elements, value)) else elements
        case _:
            return value
