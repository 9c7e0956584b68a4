"""Which decisions that send something, or settle a doubt, may do so in a run. Each is used at most once.

===========================================  ==============================================================
what state knows of a decision               it
===========================================  ==============================================================
nothing                                      fires
that it is under way                         fires: its request is settled, and sent again if it proves to
                                             have had no effect
that it was used                             does nothing, nor for whom or what it made
nothing, as there is no state; or that there fires with --accept-decisions, or where what it sends may be sent
was none when it was first seen              twice: a code whose request gives the same code
===========================================  ==============================================================

Whoever was created just now may answer 404 for a while. So a decision to create somebody again that an
earlier run has seen in the file waits; one that is new was written by a person who has looked.

``absent`` and ``created`` speak of a request in doubt, once it can have no effect any more. Without a doubt
an apply uses them up: they cannot have been about a later one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.decision import Decision, DecisionKind
from kardia_ctl.model.decided.scope import Scope
from kardia_ctl.model.decided.use import SEEN, UNDER_WAY, UNKNOWN, DecisionUse, UseDecision
from kardia_ctl.model.dialects import Capabilities
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Entry, State
from kardia_ctl.planning.decided.assumptions import assumptions
from kardia_ctl.planning.settle_window import seconds_left

_SENDING: Final = (DecisionKind.RECREATE, DecisionKind.REISSUE, DecisionKind.DISTINCT)
_SETTLING: Final = (DecisionKind.ABSENT, DecisionKind.CREATED)


@dataclass(frozen=True, slots=True)
class FiringDecisions:
    """The decisions of a run, by what becomes of them.

    Attributes:
        sending: Those that may send something.
        standing: Those of them that an earlier run has seen in the file: nobody looked since.
        withheld: Those that would, if there were a state or ``--accept-decisions``.
        settling: What records each decision about a doubt.
        waiting: Those about a doubt whose request may still take effect.
        without_doubt: Those about a doubt that there is not.
    """

    sending: frozenset[Decision] = frozenset()
    standing: frozenset[Decision] = frozenset()
    withheld: frozenset[Decision] = frozenset()
    settling: Mapping[Decision, tuple[Entry, ...]] = field(default_factory=dict)
    waiting: frozenset[Decision] = frozenset()
    without_doubt: frozenset[Decision] = frozenset()

    def addresses(self, kind: DecisionKind) -> frozenset[Address]:
        """The addresses for which a kind of decision may send something."""
        return frozenset(decision.address for decision in self.sending if decision.kind is kind)

    @property
    def entries(self) -> Iterator[Entry]:
        """What records the decisions about doubts, without their use."""
        for entries in self.settling.values():
            yield from entries

    def used_up(self, at: int) -> Iterator[Entry]:
        """What an apply records before it sends anything: decisions about doubts, and what they are used."""
        yield from self.entries
        for decision in _in_order((*self.settling, *self.without_doubt)):
            yield UseDecision(use_of(decision), at)
        for decision in _in_order(self.withheld):
            yield UseDecision(use_of(decision), UNKNOWN)
        for decision in _in_order(self.sending - self.standing):
            if decision.kind is DecisionKind.RECREATE:
                yield UseDecision(use_of(decision), SEEN)

    def begun(self, address: Address) -> Iterator[Entry]:
        """What is recorded with the intent of a create that a decision allowed."""
        for decision in _in_order(self.sending):
            if decision.address == address:
                yield UseDecision(use_of(decision))

    def concluded(self, state: State, address: Address, at: float, *, is_decided: bool) -> Iterator[Entry]:
        """What is recorded once a create is done: no decision about it is used again.

        Those are used that were under way, and, where a decision allowed the create (``is_decided``), those
        of this run.
        """
        used = {use for use, known in state.decided.items() if known == UNDER_WAY}
        if is_decided:
            used.update(use_of(decision) for decision in self.sending)
        about = (use for use in used if use.address == address)
        for use in sorted(about, key=lambda one: (one.kind, one.until)):
            yield UseDecision(use, int(at))

    def recorded(self) -> "FiringDecisions":
        """The decisions of a run that has recorded those about doubts."""
        settled = replace(self, settling={}, without_doubt=frozenset(), withheld=frozenset())
        return replace(settled, standing=self.standing | self.sending)


def _in_order(decisions: Iterable[Decision]) -> list[Decision]:
    return sorted(decisions, key=lambda one: (one.address.order, one.kind, one.until))


def use_of(decision: Decision) -> DecisionUse:
    """Which entry a decision is, in state."""
    return DecisionUse(decision.kind.value, decision.address, decision.until)


def firing_decisions(
    desired: Desired,
    state: State,
    now: Instant,
    settle: float,
    can: Capabilities,
    scope: Scope,
    *,
    accepted: bool,
) -> FiringDecisions:
    """What becomes of the decisions in a run. ``accepted`` is ``--accept-decisions``."""
    held = [
        decision
        for decision in desired.decisions
        if decision.kind in (*_SENDING, *_SETTLING)
        and not decision.has_ended(now.day)
        and state.decided.get(use_of(decision), UNDER_WAY) <= UNDER_WAY
        and scope.names(decision.address)
    ]
    withheld = [
        one for one in held if not accepted and _is_unknown(one, state) and not _may_be_repeated(one, can)
    ]
    firing = [one for one in held if one not in withheld]
    settling = {one: state.intents.get(one.address) for one in firing if one.kind in _SETTLING}
    over = [one for one, doubt in settling.items() if doubt and seconds_left(doubt, settle, now) <= 0]
    return FiringDecisions(
        sending=frozenset(one for one in firing if one.kind in _SENDING),
        standing=frozenset(one for one in firing if use_of(one) in state.decided),
        withheld=frozenset(withheld),
        settling={one: tuple(_settled(one, state)) for one in over},
        waiting=frozenset(one for one, doubt in settling.items() if doubt and one not in over),
        without_doubt=frozenset(one for one, doubt in settling.items() if doubt is None),
    )


def _is_unknown(decision: Decision, state: State) -> bool:
    """Whether nobody knows if a decision was used: there is no state, or was none."""
    return not state.exists or state.decided.get(use_of(decision)) == UNKNOWN


def _may_be_repeated(decision: Decision, can: Capabilities) -> bool:
    """Whether what a decision sends may be sent twice without a second order."""
    return decision.address.kind is Kind.CONNECTION_CODE and can.repeats_codes


def _settled(decision: Decision, state: State) -> Iterator[Entry]:
    absent = [decision.address] if decision.kind is DecisionKind.ABSENT else []
    created = [decision.address] if decision.kind is DecisionKind.CREATED else []
    yield from assumptions(state, absent, created)
