"""What a run records of the list of patients, so that a later plan needs only the list's head."""

from collections.abc import Collection, Iterator, Mapping

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.refresh import ProvenList
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Plan
from kardia_ctl.model.state import Entry, Note
from kardia_ctl.observing.head import Head, shown
from kardia_ctl.observing.recorded_list import continued, head_of, proven_list, recorded_ids
from kardia_ctl.planning.inputs import PlanInputs

KEY = "proven"
"""The key of the note."""


def list_proof(plan: Plan, inputs: PlanInputs) -> ProvenList | None:
    """The proof of an observation, with what state records once the plan's adoptions and forgets are written.

    None where there is none.
    """
    head = inputs.observed.head
    if head is None:
        return None
    return proven_list(head, _recorded(plan, inputs), frozenset(shown(inputs.observed)))


def list_facts(plan: Plan, inputs: PlanInputs) -> Iterator[Entry]:
    """The entry for a list that was proven; none when state has it already."""
    proof = list_proof(plan, inputs)
    if proof is not None and proof != inputs.state.proven:
        yield Note(KEY, str(proof))


def list_facts_at_end(
    plan: Plan, inputs: PlanInputs, head: Head, created: Mapping[str, Address]
) -> Iterator[Entry]:
    """The entry for what the look at the end showed; none where it proves nothing more.

    Either its first page continues the observation, or everybody recorded was seen in a list that did not
    move: then nobody else matters.

    Args:
        plan: The plan that was applied.
        inputs: What it was made from.
        head: What the look at the end showed.
        created: By id, whom the run created.
    """
    page, recorded = head.first, _recorded(plan, inputs) | created.keys()
    there = None if page is None else head_of(page)
    if page is None or there is None:
        return
    before = list_proof(plan, inputs)
    proof = None if before is None else continued(before, page, recorded)
    if proof is None and head.stood_still and _are_seen(recorded, head):
        proof = proven_list(there, recorded, recorded)
    if proof is not None:
        yield Note(KEY, str(proof))


def _are_seen(recorded: Collection[str], head: Head) -> bool:
    return all(patient_id in head.patients for patient_id in recorded)


def _recorded(plan: Plan, inputs: PlanInputs) -> set[str]:
    """The ids that state records after the plan's adoptions and forgets, and before its requests."""
    state = inputs.state
    records = dict(state.patients)
    ids = recorded_ids(state, records)
    for change in plan.changes:
        if change.address.kind is Kind.PATIENT and change.action in (Action.ADOPT, Action.FORGET):
            earlier = records.get(change.address.names[0])
            if earlier is not None:
                ids.discard(earlier.id)
            if change.action is Action.ADOPT:
                ids.add(change.id)
    return ids
