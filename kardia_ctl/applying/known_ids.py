"""An id belongs to one person: which ids are known already, when a create is answered with one."""

from collections.abc import Iterator
from itertools import chain

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.plan import Change
from kardia_ctl.observing.head import shown
from kardia_ctl.planning.inputs import PlanInputs


class KnownIds:
    """The ids that the scan, state or this run knows.

    The index is a set that shares its texts with the scan and with state, 34 to 67 bytes an id; it is built
    when the first create is answered. Whose an id is, is looked up in the rare case that it is known.

    Attributes:
        created: By id, the create of this run that was answered with it.
    """

    def __init__(self, inputs: PlanInputs) -> None:
        self._inputs = inputs
        self._index: set[str] = set()
        self.created: dict[str, Change] = {}

    def conflict(self, patient_id: str, change: Change) -> str:
        """Whom an id belongs to that answered the create of somebody else; empty when it is free.

        The id of an earlier record of the same mrn is free: a server may give it again to whom it belongs.
        One whose deletion was accepted is not: that was an erasure.
        """
        mrn = change.address.names[0]
        if patient_id in self.created:
            return f"{self.created[patient_id].address}, whose create in this run was answered with it too"
        if self._inputs.state.has_done(patient_id, DepartureAction.DELETE):
            return "a patient whom a departure deleted"
        for other, where in self._owners(patient_id):
            if other != mrn:
                return f"{patient_address(other)} {where}" if other else f"a patient without an mrn {where}"
        return ""

    def _owners(self, patient_id: str) -> Iterator[tuple[str, str]]:
        """The mrns of a known id, and where each is known from."""
        observed, state = self._inputs.observed, self._inputs.state
        if not self._index:
            self._index.update(shown(observed))
            self._index.update(record.id for record in state.patients.values())
            self._index.update(state.elsewhere)
        if patient_id not in self._index:
            return
        for live in chain(observed.patients.values(), *observed.twins.values(), observed.by_id.values()):
            if live.id == patient_id:
                yield live.mrn, "in Kardia"
        for mrn, record in state.patients.items():
            if record.id == patient_id:
                yield mrn, "in state"
        if patient_id in state.elsewhere:
            yield state.elsewhere[patient_id], "in another workspace of this state"
