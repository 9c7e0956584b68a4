"""What may follow once creates in doubt are settled."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FollowUps:
    """The most that may be sent once creates in doubt are settled; ``unpriced`` codes have no known price."""

    doubts: int = 0
    creates: int = 0
    codes: int = 0
    users: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
