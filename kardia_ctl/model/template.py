"""What a connection template is, for whoever decides about an order."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """A template as the configuration names it (``label``) and as the account has it.

    ``name``, ``duration`` (days) and ``price`` (in a currency that the API does not name) are empty or None
    where they were not read (API reference, "Get Connection Templates").
    """

    label: str
    id: str = ""
    name: str = ""
    duration: int | None = None
    price: Decimal | None = None
