"""Which decisions fire: the table of ``planning/decided/firing.py``, and what a run records of them."""

from dataclasses import replace

import pytest

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.decided.decision import Decision, DecisionKind
from kardia_ctl.model.decided.use import SEEN, UNDER_WAY, UNKNOWN, DecisionUse, UseDecision, later_use
from kardia_ctl.model.dialects import PRO, V1, Capabilities
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.state import Intent, Resolve, State
from kardia_ctl.planning.decided.firing import FiringDecisions, firing_decisions, use_of
from kardia_ctl.planning.decided.scoping import scope_of
from kardia_ctl.planning.inputs import PlanInputs
from tests.moments import at

PATIENT, CODE = patient_address("JS-1"), code_address("JS-1", "one-year")
NOW = at(1_772_445_600.0)
UNTIL = "2026-03-31"
SETTLE = 120.0
KNOWN = State(exists=True)


def decision(kind: DecisionKind, address: Address = PATIENT, until: str = UNTIL) -> Decision:
    return Decision(kind, address, "known", until)


def firing(
    one: Decision,
    state: State = KNOWN,
    *,
    accepted: bool = False,
    targets: tuple[Address, ...] = (),
    can: Capabilities = V1,
) -> FiringDecisions:
    desired = Desired(decisions=(one,))
    return firing_decisions(desired, state, NOW, SETTLE, can, scope_of(desired, targets), accepted=accepted)


def doubt(ago: float, address: Address = PATIENT) -> State:
    moment: Instant = at(NOW.wall - ago)
    return replace(KNOWN, intents={address: Intent(address, "create", moment, moment, window=SETTLE)})


@pytest.mark.parametrize("kind", [DecisionKind.RECREATE, DecisionKind.DISTINCT])
@pytest.mark.parametrize(
    ("exists", "used", "accepted", "fires", "is_withheld"),
    [
        (True, None, False, True, False),
        (True, UNDER_WAY, False, True, False),
        (True, 7, False, False, False),
        (True, 7, True, False, False),
        (True, UNKNOWN, False, False, True),
        (True, UNKNOWN, True, True, False),
        (False, None, False, False, True),
        (False, None, True, True, False),
    ],
)
def test_a_decision_fires_as_the_table_says(
    kind: DecisionKind, exists: bool, used: int | None, accepted: bool, fires: bool, is_withheld: bool
) -> None:
    one = decision(kind)
    state = State(exists=exists, decided={} if used is None else {use_of(one): used})
    found = firing(one, state, accepted=accepted)
    assert (one in found.sending, one in found.withheld) == (fires, is_withheld)


def test_a_code_may_be_asked_for_without_state_where_it_is_the_same_code() -> None:
    one = decision(DecisionKind.REISSUE, CODE)
    assert one in firing(one, State()).sending
    assert one in firing(one, State(), can=PRO).withheld


@pytest.mark.parametrize(("until", "fires"), [("2026-03-02", True), ("2026-03-01", False)])
def test_a_decision_fires_until_its_day(until: str, fires: bool) -> None:
    one = decision(DecisionKind.RECREATE, until=until)
    assert (one in firing(one).sending) is fires


@pytest.mark.parametrize(
    ("targets", "fires"),
    [((), True), ((PATIENT,), True), ((CODE,), False), ((patient_address("JS-2"),), False)],
)
def test_with_targets_a_decision_fires_for_them_alone(targets: tuple[Address, ...], fires: bool) -> None:
    one = decision(DecisionKind.RECREATE)
    assert (one in firing(one, targets=targets).sending) is fires
    assert (
        decision(DecisionKind.REISSUE, CODE)
        in firing(decision(DecisionKind.REISSUE, CODE), targets=(PATIENT,)).sending
    )


def test_a_decision_about_a_doubt_counts_once_its_request_is_over_and_is_used_up_without_one() -> None:
    one = decision(DecisionKind.ABSENT)
    over, soon, none = firing(one, doubt(300)), firing(one, doubt(30)), firing(one)
    assert dict(over.settling) == {one: (Resolve(PATIENT),)}
    assert not soon.settling
    assert soon.waiting == {one}
    assert list(soon.used_up(9)) == []
    assert none.without_doubt == {one}
    assert list(none.used_up(9)) == [UseDecision(use_of(one), 9)]
    assert list(over.used_up(9)) == [Resolve(PATIENT), UseDecision(use_of(one), 9)]
    later = replace(doubt(300), decided={use_of(one): 9})
    assert not firing(one, later).settling


def test_a_decision_to_create_again_is_new_until_an_apply_has_seen_it() -> None:
    one = decision(DecisionKind.RECREATE)
    assert not firing(one).standing
    assert list(firing(one).used_up(9)) == [UseDecision(use_of(one), SEEN)]
    seen = replace(KNOWN, decided={use_of(one): SEEN})
    assert firing(one, seen).standing == firing(one, seen).sending == {one}
    assert list(firing(one, seen).used_up(9)) == []
    assert firing(one).recorded().standing == {one}


def test_what_was_withheld_stays_unknown_in_the_runs_after() -> None:
    one = decision(DecisionKind.DISTINCT)
    assert list(firing(one, State()).used_up(9)) == [UseDecision(use_of(one), UNKNOWN)]


def test_a_later_round_of_a_run_records_none_of_it_again() -> None:
    """Else a doubt that arose in the run would count as without effect."""
    one = decision(DecisionKind.ABSENT)
    inputs = PlanInputs(Desired(), Observed(), KNOWN, NOW, firing=firing(one, doubt(300)))
    assert list(inputs.firing.used_up(9))
    assert list(inputs.recorded(KNOWN).firing.used_up(9)) == []


def test_a_create_that_a_decision_allowed_uses_it_and_another_does_not() -> None:
    one = decision(DecisionKind.DISTINCT)
    found = firing(one)
    assert list(found.begun(PATIENT)) == [UseDecision(use_of(one))]
    assert list(found.begun(CODE)) == []
    assert list(found.concluded(KNOWN, PATIENT, 9.5, is_decided=True)) == [UseDecision(use_of(one), 9)]
    assert list(found.concluded(KNOWN, PATIENT, 9.5, is_decided=False)) == []
    under_way = replace(
        KNOWN, decided={use_of(one): UNDER_WAY, DecisionUse("recreate", CODE, UNTIL): UNDER_WAY}
    )
    assert list(FiringDecisions().concluded(under_way, PATIENT, 9.5, is_decided=False)) == [
        UseDecision(use_of(one), 9)
    ]


@pytest.mark.parametrize(
    ("before", "at_", "after"),
    [
        (None, UNDER_WAY, UNDER_WAY),
        (UNKNOWN, UNDER_WAY, UNDER_WAY),
        (UNKNOWN, 7, 7),
        (UNDER_WAY, UNKNOWN, UNDER_WAY),
        (UNDER_WAY, 7, 7),
        (7, UNDER_WAY, 7),
        (7, 9, 7),
    ],
)
def test_once_used_stays_used(before: int | None, at_: int, after: int) -> None:
    assert later_use(before, at_) == after
