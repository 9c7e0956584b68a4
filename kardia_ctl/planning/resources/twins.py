"""Two live patients with one mrn that is declared: which of them stays, when a departure names the other.

The one that stays is the pinned one, else the recorded one; else, where nothing says which, whoever is left
once those are taken away whom a departure names by their id or whose deletion was accepted.
"""

from collections.abc import Iterator

from kardia_ctl.model.configuration import Departure, DepartureAction
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.planning.inputs import PlanInputs


def names_a_twin(inputs: PlanInputs, departure: Departure) -> bool:
    """Whether a departure is about another live patient with a declared mrn, by their id.

    ``disconnect`` with the id of the patient that is managed is not: it cancels an order.
    """
    if not departure.id or departure.mrn not in inputs.desired.patients:
        return False
    disconnects = departure.action is DepartureAction.DISCONNECT
    return not (disconnects and departure.id == _managed_id(inputs, departure.mrn))


def staying(inputs: PlanInputs, mrn: str) -> tuple[LivePatient, ...]:
    """The live patients of an mrn that several have, without those who depart."""
    twins = inputs.observed.twins.get(mrn, ())
    if not twins:
        return ()
    leaving = ids_leaving(inputs, mrn)
    return tuple(
        twin
        for twin in twins
        if twin.id not in leaving and not inputs.state.has_done(twin.id, DepartureAction.DELETE)
    )


def ids_leaving(inputs: PlanInputs, mrn: str) -> set[str]:
    """The ids by which departures delete somebody with an mrn."""
    return {
        departure.id
        for departure in inputs.desired.departures
        if departure.mrn == mrn and departure.id and departure.action is DepartureAction.DELETE
    }


def objection_to(inputs: PlanInputs, departure: Departure) -> str:
    """Why the patient that a departure names is not a twin who may leave; empty when they may."""
    mrn, managed = departure.mrn, _managed_id(inputs, departure.mrn)
    want = inputs.desired.patients[mrn]
    if departure.id == managed:
        how = "pinned" if want.id else "managed"
        return (
            f"its id is that of the patient who is {how} for this mrn, declared at {want.file}:{want.line}. "
            "Write the id of the other one; to keep that one, declare it with id:"
        )
    others = {live.id for live in _live(inputs, mrn)} - {departure.id}
    if managed and managed not in others:
        return f"{managed}, who is to stay under this mrn, was not found in Kardia. Settle that first"
    if not others:
        return (
            "nobody else with this mrn is live: its id is that of the declared patient. Remove this entry or "
            f"the patient at {want.file}:{want.line}"
        )
    return ""


def staying_id(inputs: PlanInputs, departure: Departure) -> str:
    """The id of the patient who stays under a twin's mrn; empty when the configuration does not say which."""
    if managed := _managed_id(inputs, departure.mrn):
        return managed
    left = {live.id for live in _live(inputs, departure.mrn)} - {departure.id}
    return left.pop() if len(left) == 1 else ""


def _managed_id(inputs: PlanInputs, mrn: str) -> str:
    want, record = inputs.desired.patients[mrn], inputs.state.patients.get(mrn)
    if want.id or record is None or inputs.state.has_done(record.id, DepartureAction.DELETE):
        return want.id
    return record.id


def _live(inputs: PlanInputs, mrn: str) -> Iterator[LivePatient]:
    """Everybody live with an mrn, without those whose deletion was accepted."""
    observed = inputs.observed
    found = (*observed.twins.get(mrn, ()), *observed.by_id.values(), observed.patients.get(mrn))
    for live in found:
        if live and live.mrn == mrn and not inputs.state.has_done(live.id, DepartureAction.DELETE):
            yield live
