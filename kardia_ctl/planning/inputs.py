"""What a plan is made from."""

from dataclasses import dataclass, field

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import V1, Capabilities
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.state import State


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person said on the command line about single addresses, or about the whole run.

    ``recreate``: create again what was deleted elsewhere. ``reissue``: issue a code although an order exists
    or existed. ``distinct``: create although somebody with this name and birth date exists.
    ``targets``: only these and what they depend on. ``accept_collapse``: the live count fell for a reason.
    ``limit``: only so many writes, the first ones (see ``planning.limit``).
    """

    recreate: frozenset[Address] = frozenset()
    reissue: frozenset[Address] = frozenset()
    distinct: frozenset[Address] = frozenset()
    targets: frozenset[Address] = frozenset()
    accept_collapse: bool = False
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """All inputs of a plan. ``now`` is Unix seconds when observing began; ``settle`` is in seconds.

    ``key`` is the workspace's fingerprint key, empty when there is none: then a difference counts as blocked.
    ``spent`` is the number of requests that observing took.
    """

    desired: Desired
    observed: Observed
    state: State
    now: float
    key: bytes = b""
    settle: float = 120.0
    spent: int = 0
    decisions: Decisions = field(default_factory=Decisions)
    capabilities: Capabilities = V1
