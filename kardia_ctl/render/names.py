"""What an address looks like for a reader: with the mrn, or with a pseudonym for it."""

from dataclasses import dataclass
from typing import Final, Protocol

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
