"""The inputs of a plan."""

from dataclasses import dataclass, field, replace
from typing import Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.configuration import Configuration, Departure, Desired, ScanPolicy, Waves
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.decided.scope import EVERYTHING, Scope
from kardia_ctl.model.dialects import CAPABILITIES, V1, Capabilities
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Action
from kardia_ctl.model.state import Intent, State
from kardia_ctl.planning.decided.firing import FiringDecisions, firing_decisions
from kardia_ctl.planning.decided.pending_moves import PendingMoves, pending_moves
from kardia_ctl.planning.decided.scoping import scope_of
from kardia_ctl.planning.decided.state_with import with_entries

_DEPARTING: Final = (Action.DISCONNECT, Action.EXPORT, Action.DELETE)
"""What an intent of a departure may be about."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions about single addresses, and exceptions to the safety checks.

    Attributes:
        recreate: Create these again, although they were deleted elsewhere.
        reissue: Issue these codes, although an order exists or existed.
        distinct: Create these, although a patient with the same name and birth date exists.
        targets: Plan these and what they depend on, and nothing else.
        cohorts: Plan the patients of these, with their codes and users, and nothing else.
        excludes: Leave these alone, and what depends on them.
        accept_collapse: The live count fell on purpose.
        accept_unknown_team: The key is of the expected team, although the account does not say so.
        accept_decisions: Use the decisions of the configuration although there is no state.
        limit: The most writes of an apply (see ``planning.limit``); None is unlimited.
    """

    recreate: frozenset[Address] = frozenset()
    reissue: frozenset[Address] = frozenset()
    distinct: frozenset[Address] = frozenset()
    targets: frozenset[Address] = frozenset()
    cohorts: frozenset[str] = frozenset()
    excludes: frozenset[Address] = frozenset()
    accept_collapse: bool = False
    accept_unknown_team: bool = False
    accept_decisions: bool = False
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
        decisions: The decisions made on the command line and in the configuration.
        capabilities: What the dialect of the API can do.
        scan: What proves a scan.
        waves: How an apply cuts bulk into waves; None for a single one.
        moves: The moves that apply records, and those that cannot be.
        refresh: How much is to be read of the account.
        given: The decisions of the command line alone; ``decisions`` has those of the configuration too.
        firing: The decisions of the configuration that send something, or settle a doubt.
        scope: Which addresses the plan is about.
        digest_key: The key of the plan's digest; without one it has none.
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
    given: Decisions = field(default_factory=Decisions)
    firing: FiringDecisions = field(default_factory=FiringDecisions)
    scope: Scope = EVERYTHING
    digest_key: bytes = b""

    def recorded(self, state: State) -> "PlanInputs":
        """The inputs of a later round: what a run records before it sends anything is in ``state``."""
        return replace(self, state=state, moves=self.moves.recorded(), firing=self.firing.recorded())


def inputs_of(
    configuration: Configuration,
    state: State,
    now: Instant,
    key: bytes = b"",
    decisions: Decisions = Decisions(),
) -> PlanInputs:
    """The inputs of a plan before anything is observed. ``now`` is the moment before the first read."""
    desired, can = configuration.desired, CAPABILITIES[configuration.dialect]
    moves = pending_moves(desired, state, key)
    state = with_entries(state, moves.entries)
    accepted, settle = decisions.accept_decisions, configuration.settle
    scope = scope_of(desired, decisions.targets, decisions.cohorts, decisions.excludes)
    firing = firing_decisions(desired, state, now, settle, can, scope, accepted=accepted)
    return PlanInputs(
        desired,
        Observed(),
        with_entries(state, firing.entries),
        now,
        key,
        settle,
        decisions=_with_firing(decisions, firing),
        capabilities=can,
        scan=configuration.scan,
        waves=configuration.waves,
        moves=moves,
        given=decisions,
        firing=firing,
        scope=scope,
    )


def _with_firing(given: Decisions, firing: FiringDecisions) -> Decisions:
    return replace(
        given,
        recreate=given.recreate | firing.addresses(DecisionKind.RECREATE),
        reissue=given.reissue | firing.addresses(DecisionKind.REISSUE),
        distinct=given.distinct | firing.addresses(DecisionKind.DISTINCT),
    )


def doubt_of_done(inputs: PlanInputs, departure: Departure) -> Intent | None:
    """The request in doubt of a departure that is done as a person says; None when there is none."""
    intent = inputs.state.intents.get(patient_address(departure.mrn)) if departure.done else None
    return intent if intent is not None and intent.operation in _DEPARTING else None
