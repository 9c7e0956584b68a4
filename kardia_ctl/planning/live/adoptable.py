"""Whom a plan would not adopt although nothing of the patient differs, because of what state knows."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.decided.scope import EVERYTHING
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from kardia_ctl.planning.state_index import StateIndex


def blocked_adoptions(inputs: PlanInputs, patients: Iterable[LivePatient]) -> Mapping[str, str]:
    """By mrn, why a plan would do something else than adopt a live patient who is declared as it is.

    The planner itself is asked, about those few of whom state knows anything.
    """
    state = inputs.state
    if not state.exists:
        return {}
    owners = StateIndex(state).owners
    known = {
        live.mrn: _declared(live)
        for live in patients
        if live.mrn in state.patients
        or live.id in owners
        or live.id in state.departed
        or patient_address(live.mrn) in state.intents
    }
    if not known:
        return {}
    from kardia_ctl.planning.planner import make_plan

    desired = replace(inputs.desired, patients=known, settings=(), departures=(), users={})
    plan = make_plan(replace(inputs, desired=desired, decisions=Decisions(), scope=EVERYTHING))
    return {
        change.address.names[0]: change.cause.value
        for change in plan.changes
        if change.address.names[:1] and change.address.names[0] in known and change.action is Action.BLOCKED
    }


def _declared(live: LivePatient) -> DesiredPatient:
    return DesiredPatient(live.mrn, live.dob or "", live.email or "")
