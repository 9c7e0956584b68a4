"""The inputs of a plan."""

from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Configuration, Departure, Desired, ScanPolicy, Waves
from kardia_ctl.model.dialects import CAPABILITIES, V1, Capabilities
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import Intent, State
from kardia_ctl.planning.decided.pending_moves import PendingMoves, pending_moves
from kardia_ctl.planning.decided.state_with import with_entries

_DEPARTING: Final = (Action.DISCONNECT, Action.EXPORT, Action.DELETE)
"""What an intent of a departure may be about."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions made on the command line.

    Attributes:
        recreate: Create these again, although they were deleted elsewhere.
        reissue: Issue these codes, although an order exists or existed.
        distinct: Create these, although a patient with the same name and birth date exists.
        targets: Plan these and what they depend on, and nothing else.
        accept_collapse: The live count fell on purpose.
        accept_unknown_team: The key is of the expected team, although the account does not say so.
        limit: The most writes of an apply (see ``planning.limit``); None is unlimited.
    """

    recreate: frozenset[Address] = frozenset()
    reissue: frozenset[Address] = frozenset()
    distinct: frozenset[Address] = frozenset()
    targets: frozenset[Address] = frozenset()
    accept_collapse: bool = False
    accept_unknown_team: bool = False
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """All inputs of a plan.

    Attributes:
        desired: What is declared.
        observed: What is live.
        state: What is recorded, with the records of the pending moves under their new mrns.
        now: The moment before the first read.
        key: The workspace's fingerprint key; without one a difference counts as blocked.
        settle: The settle window in seconds.
        spent: The number of requests that observing took.
        decisions: The decisions made on the command line.
        capabilities: What the dialect of the API can do.
        scan: What proves a scan.
        waves: How an apply cuts bulk into waves; None for a single one.
        moves: The moves that apply records, and those that cannot be.
        refresh: How much is to be read of the account.
    """

    desired: Desired
    observed: Observed
    state: State
    now: Instant
    key: bytes = b""
    settle: float = 120.0
    spent: int = 0
    decisions: Decisions = field(default_factory=Decisions)
    capabilities: Capabilities = V1
    scan: ScanPolicy = ScanPolicy.COUNT
    waves: Waves | None = None
    moves: PendingMoves = field(default_factory=PendingMoves)
    refresh: Refresh = Refresh.FULL


def inputs_of(
    configuration: Configuration,
    state: State,
    now: Instant,
    key: bytes = b"",
    decisions: Decisions = Decisions(),
) -> PlanInputs:
    """The inputs of a plan before anything is observed. ``now`` is the moment before the first read."""
    moves = pending_moves(configuration.desired, state, key)
    return PlanInputs(
        configuration.desired,
        Observed(),
        with_entries(state, moves.entries),
        now,
        key,
        configuration.settle,
        decisions=decisions,
        capabilities=CAPABILITIES[configuration.dialect],
        scan=configuration.scan,
        waves=configuration.waves,
        moves=moves,
    )


def doubt_of_done(inputs: PlanInputs, departure: Departure) -> Intent | None:
    """The request in doubt of a departure that is done as a person says; None when there is none."""
    intent = inputs.state.intents.get(patient_address(departure.mrn)) if departure.done else None
    return intent if intent is not None and intent.operation in _DEPARTING else None
