"""A code that exists and is of a certain template, as a person says: it is recorded, without a request."""

from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.planning.builder import PlanBuilder


def took_as_issued(builder: PlanBuilder, address: Address, patient_id: str, *, is_unknown: bool) -> bool:
    """Whether a decision takes a code as it is. Nothing is recorded of it.

    A decision about one address is right whatever the connection status says; one about a cohort is about
    those alone that have an order of which nobody knows the template.

    Args:
        builder: The plan so far.
        address: The code's address.
        patient_id: The live id of the patient; empty while there is none, so that no code can exist.
        is_unknown: Whether the patient has an order, and state does not know its template.
    """
    decision = builder.decisions.of(DecisionKind.ISSUED, address)
    mrn = address.names[0]
    if decision is None or not patient_id or builder.index.owners.get(patient_id, mrn) != mrn:
        return False
    if decision.cohort and not is_unknown:
        return False
    builder.decisions.needed[decision] += 1
    return True
