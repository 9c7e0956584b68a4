"""Which addresses a plan is about."""

from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address, owner_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, unless a person named some addresses, or excluded some.

    Attributes:
        named: These alone; None is everything.
        dependencies: What they depend on: a code's patient, the code that a user redeems.
        excluded: Not these, nor what depends on them.
    """

    named: frozenset[Address] | None = None
    dependencies: frozenset[Address] = frozenset()
    excluded: frozenset[Address] = frozenset()

    def __contains__(self, address: Address) -> bool:
        """Whether the plan is about an address."""
        if self.named is not None and address not in self.named and address not in self.dependencies:
            return False
        return not self.excludes(address)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.named is None and not self.excluded

    def excludes(self, address: Address) -> bool:
        """Whether an address is excluded, or depends on one that is."""
        return bool(self.excluded) and (address in self.excluded or owner_of(address) in self.excluded)

    def names(self, address: Address) -> bool:
        """Whether a person named an address, or what it depends on, and did not exclude it."""
        is_named = self.named is None or address in self.named or owner_of(address) in self.named
        return is_named and not self.excludes(address)


EVERYTHING: Final = Scope()
"""The scope of a plan of which nothing is left out."""
