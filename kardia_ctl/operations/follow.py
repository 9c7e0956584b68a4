"""The funnel, kept current by webhook events: an event is a hint to read a patient; the API's answer counts.

Where the API shows no patients (pro), the event itself counts, and the patient is marked as unverified.
"""

from collections.abc import Mapping
from dataclasses import replace

from kardia_ctl.funnel.places import funnel, places
from kardia_ctl.funnel.updates import REPORTED_STATUS, ReadsById, affected_mrns, owners, places_of, updated
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.events import Event, EventCounts, EventKind
from kardia_ctl.model.funnel import Counts, Place
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.look_up import read_each
from kardia_ctl.operations.follow_schedule import Agenda, PendingRead
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.timing import Clock


class Following:
    """The stage of each patient, and the pending reads.

    Attributes:
        inputs: The configuration, state and observation, updated by each read.
        cohorts: The counts by cohort.
        agenda: The pending reads; due times in Unix seconds.
        unverified: The mrns of patients whose stage only an event reported.
        events: Counts of the events received.
    """

    def __init__(self, inputs: PlanInputs, events: EventCounts, clock: Clock) -> None:
        self.inputs = inputs
        self.events = events
        self.unverified: set[str] = set()
        self.agenda = Agenda()
        self._clock = clock
        self._owner = owners(inputs)
        found = tuple(places(inputs))
        self.cohorts: dict[str, Counts] = dict(funnel(found))
        self._places = {place.mrn: place for place in found if place.mrn in inputs.desired.patients}

    def receive(self, event: Event) -> None:
        """Receive an event: schedule a read of a declared patient; count any other as unknown."""
        if not event.kind.moves:
            return
        if name := self._name(event):
            self.agenda.add(name, event, self._clock.now())
        else:
            self.events.unknown += 1

    def _name(self, event: Event) -> str:
        """The agenda's name of the event's patient, an id or mrn; empty if it is not a declared patient."""
        if self.inputs.capabilities.shows_patients and event.patient_id in self._owner:
            return event.patient_id
        return event.mrn if event.mrn in self.inputs.desired.patients else ""

    def apply_events(self, reads: Mapping[str, PendingRead]) -> None:
        """Move patients to the stages that their last events report, where the API shows no patients."""
        found = {
            mrn: LivePatient(mrn, mrn, status=REPORTED_STATUS[read.event.kind]) for mrn, read in reads.items()
        }
        self.unverified |= found.keys()
        self._move(found)

    async def read_back(self, reader: Reader, reads: Mapping[str, PendingRead]) -> list[ApiError]:
        """Read patients and move them to their present stage. Returns the errors of failed reads.

        Raises:
            ApiError: the run has to stop, such as when the key was refused.
        """
        wanted = {self._id(name, read): name for name, read in reads.items()}
        failed: dict[str, ApiError] = {}
        found = await read_each(reader, filter(None, wanted), failed)
        now = self._clock.now()
        for patient_id, live in found.items():
            name = wanted[patient_id]
            if not self._is_ours(patient_id, live):
                self.events.unknown += 1
            elif not _agrees(live, reads[name].event):
                self.agenda.retry(name, reads[name], now)
        self._move({key: live for key, live in found.items() if self._is_ours(key, live)})
        again = [wanted[patient_id] for patient_id, error in failed.items() if _may_pass(error)]
        self.agenda.postpone(((name, reads[name]) for name in again), now)
        return list(failed.values())

    def _id(self, name: str, read: PendingRead) -> str:
        """The id to read: the event's, or that of the declared patient with the event's mrn."""
        if read.event.patient_id:
            return read.event.patient_id
        live, record = self.inputs.observed.patients.get(name), self.inputs.state.patients.get(name)
        return live.id if live is not None else "" if record is None else record.id

    def _is_ours(self, patient_id: str, live: LivePatient | None) -> bool:
        return patient_id in self._owner or (live is not None and live.mrn in self.inputs.desired.patients)

    def _move(self, looked: ReadsById) -> None:
        if not looked:
            return
        mrns = affected_mrns(self.inputs, looked, self._owner)
        self.inputs = replace(updated(self.inputs, looked, mrns), now=self._clock.instant())
        for patient_id, live in looked.items():
            if live is not None and live.mrn in self.inputs.desired.patients:
                self._owner.setdefault(patient_id, live.mrn)
        for place in places_of(self.inputs, mrns):
            self._settle(place)

    def _settle(self, place: Place) -> None:
        before = self._places[place.mrn]
        self._places[place.mrn] = place
        counts = self.cohorts[place.cohort]
        self.cohorts[place.cohort] = counts - _count(before) + _count(place)


def _count(place: Place) -> Counts:
    return funnel((place,))[place.cohort]


def _agrees(live: LivePatient | None, event: Event) -> bool:
    connected = live is not None and live.status == REPORTED_STATUS[EventKind.CONNECTED]
    return connected is (event.kind is EventKind.CONNECTED)


def _may_pass(error: ApiError) -> bool:
    """Whether a retry of the read may succeed. A refusal of this id is permanent."""
    return error.status is None or error.status == 429 or error.status >= 500
