"""A live value to take into a file, and why one cannot be taken."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Source

_COMPARED: Final = frozenset({"dob", "firstname", "lastname"})
"""The attributes of a patient that are declared in the form in which they are compared."""


@dataclass(frozen=True, slots=True)
class LiveValue:
    """The live value of an attribute; None where it is not set in Kardia."""

    address: Address
    attribute: str
    value: str | None = field(repr=False)

    @property
    def written(self) -> str:
        """The value as a configuration declares it: a day without a time, names in NFC."""
        value = self.value or ""
        if self.address.kind is Kind.PATIENT and self.attribute in _COMPARED:
            return kind.normalise(self.attribute, value)
        return value


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a value is not taken. ``message`` and ``remedy`` hold no value of a patient."""

    value: LiveValue
    message: str
    remedy: str
    source: Source | None = None

    def text(self, named: Callable[[Address], str] = str) -> str:
        """One line about it; ``named`` shows its address."""
        place, what = f"{self.source}: " if self.source else "", f"{self.value.attribute} was not taken"
        return f"{place}{named(self.value.address)}: {what}: {self.message}. {self.remedy}"
