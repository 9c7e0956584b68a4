"""Connection templates: as declared, as the account has them, and both together."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from kardia_ctl.model.source import Source


@dataclass(frozen=True, slots=True)
class DeclaredTemplate:
    """A template name of the YAML (``label``) for a live template, given by its ``id`` or exact ``name``.

    Both are empty for a wrong declaration: its label still counts as declared.
    """

    label: str
    id: str = ""
    name: str = ""
    source: Source | None = None

    @property
    def meaning(self) -> tuple[str, ...]:
        """Equal for two labels of the same template; a wrong declaration equals no other."""
        return (self.id, self.name) if self.id or self.name else (self.label,)


class LiveTemplate(msgspec.Struct, frozen=True, gc=False):
    """A connection template of the account (API reference, "Get Connection Templates").

    ``duration`` is in days, ``price`` in a currency that the API does not name. ``team`` is the tenant
    that the key belongs to.
    """

    id: str
    name: str
    team: str = ""
    duration: int | None = None
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A declared template with its id, name, duration (days) and price in the account.

    ``name``, ``duration`` and ``price`` are empty or None where they were not read. ``problem`` is
    the reason why no code of it can be ordered; empty otherwise.
    """

    label: str
    id: str = ""
    name: str = ""
    duration: int | None = None
    price: Decimal | None = None
    problem: str = ""
