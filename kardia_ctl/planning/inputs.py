"""What a plan is made from."""

from dataclasses import dataclass, field

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Configuration, Desired, ScanPolicy, Waves
from kardia_ctl.model.dialects import CAPABILITIES, V1, Capabilities
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
    """All inputs of a plan.

    Attributes:
        desired: What is declared.
        observed: What is live.
        state: What is recorded.
        now: Unix seconds when observing began.
        key: The workspace's fingerprint key; without one a difference counts as blocked.
        settle: The settle window in seconds.
        spent: The number of requests that observing took.
        decisions: What a person decided on the command line.
        capabilities: What the dialect of the API can do.
        scan: What proves a scan.
        waves: How an apply cuts bulk into waves; None for a single one.
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
    scan: ScanPolicy = ScanPolicy.COUNT
    waves: Waves | None = None


def inputs_of(
    configuration: Configuration,
    state: State,
    now: float,
    key: bytes = b"",
    decisions: Decisions = Decisions(),
) -> PlanInputs:
    """The inputs of a plan before anything is observed. ``now`` is Unix seconds before the first read."""
    return PlanInputs(
        configuration.desired,
        Observed(),
        state,
        now,
        key,
        configuration.settle,
        decisions=decisions,
        capabilities=CAPABILITIES[configuration.dialect],
        scan=configuration.scan,
        waves=configuration.waves,
    )
