"""Who departed, and is live or connected again: an error, as a departure acts once for each recorded id."""

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.plan import Cause, NoticeKind
from kardia_ctl.model.state import GONE
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import live_by_id


def block_returned(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Whoever was deleted and is live, although neither an entry nor a patient names them any more."""
    named = {departure.mrn for departure in inputs.desired.departures}.union(inputs.desired.patients)
    for patient_id, actions in inputs.state.departed.items():
        mrn = builder.index.owners.get(patient_id, "") if DepartureAction.DELETE in actions else ""
        if not mrn or mrn in named or live_by_id(inputs, mrn, patient_id) is None:
            continue
        address = patient_address(mrn)
        if GONE in actions:
            builder.block(address, Cause.LIVE_AGAIN, returned(address, patient_id), id=patient_id)
        else:
            text = (
                f"the deletion of {patient_id} was accepted, and the patient is still listed. Keep the "
                "departure until a plan says that it is gone"
            )
            builder.notice(NoticeKind.WARNING, text, address)


def returned(address: Address, patient_id: str) -> str:
    """Why a departure stops: the patient was deleted, and is live."""
    return (
        f"the patient {patient_id} was deleted and gone, and is live in Kardia again. Find out why. To "
        f"delete it again: kardia-ctl state forget '{address}', and a departure with id: {patient_id}"
    )


def reconnected(address: Address, patient_id: str, connection: str) -> str:
    """Why a departure stops: the patient was disconnected, and is connected or may be (``connection``)."""
    return (
        f"the patient {patient_id} was disconnected, and now {connection}. Find out why. To disconnect "
        f"again: kardia-ctl state forget '{address}', and a departure with id: {patient_id}"
    )
