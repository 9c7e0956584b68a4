"""The funnel, kept current by webhook events: each is a hint to read one patient; the API's response counts.

Where the API shows no patients (pro), the event itself is used, and counted as reported by an event.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from kardia_ctl.funnel.places import funnel, places
from kardia_ctl.funnel.updates import STATUS_TOLD, Looked, owners, places_of, touched, updated
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.events import Event, EventKind, Heard
from kardia_ctl.model.funnel import Counts, Place
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader
from kardia_ctl.operations.follow_schedule import Agenda, Look
from kardia_ctl.planning.inputs import PlanInputs

_CONCURRENT_READS: Final = 8


class Following:
    """How far each patient is, and which patients are to be read.

    Attributes:
        inputs: What is known, updated by each read.
        cohorts: The counts by cohort.
        agenda: Which patients are to be read, and when, in seconds of ``clock``.
        told: The mrns of patients whose position only an event reported.
        heard: Counts of the events received.
    """

    # ``clock`` gives Unix seconds that never run backwards.
    def __init__(self, inputs: PlanInputs, heard: Heard, clock: Callable[[], float]) -> None:
        self.inputs = inputs
        self.heard = heard
        self.told: set[str] = set()
        self.agenda = Agenda()
        self._clock = clock
        self._owner = owners(inputs)
        found = tuple(places(inputs))
        self.cohorts: dict[str, Counts] = dict(funnel(found))
        self._places = {place.mrn: place for place in found if place.mrn in inputs.desired.patients}

    def hear(self, event: Event) -> None:
        """Receive an event: a declared patient is put on the agenda, any other is counted as unknown."""
        if not event.kind.moves:
            return
        if name := self._name(event):
            self.agenda.hear(name, event, self._clock())
        else:
            self.heard.unknown += 1

    def _name(self, event: Event) -> str:
        """A patient's name on the agenda, an id or an mrn; empty when no declared patient is meant."""
        if self.inputs.capabilities.shows_patients and event.patient_id in self._owner:
            return event.patient_id
        return event.mrn if event.mrn in self.inputs.desired.patients else ""

    def take_told(self, looks: Mapping[str, Look]) -> None:
        """Move patients to the position that their last events report: the API shows no patients."""
        found = {
            mrn: LivePatient(mrn, mrn, status=STATUS_TOLD[look.event.kind]) for mrn, look in looks.items()
        }
        self.told |= found.keys()
        self._move(found)

    async def read_back(self, reader: Reader, looks: Mapping[str, Look]) -> list[ApiError]:
        """Read these patients and move them to their present position; the errors of failed reads.

        Raises:
            ApiError: the run has to stop, such as when the key was refused.
        """
        wanted = {self._id(name, look): name for name, look in looks.items()}
        found, failed = await _read(reader, [patient_id for patient_id in wanted if patient_id])
        now = self._clock()
        for patient_id, live in found.items():
            name = wanted[patient_id]
            if not self._is_ours(patient_id, live):
                self.heard.unknown += 1
            elif not _agrees(live, looks[name].event):
                self.agenda.disagree(name, looks[name], now)
        self._move({one: live for one, live in found.items() if self._is_ours(one, live)})
        again = [one for one, error in failed.items() if _may_pass(error)]
        self.agenda.postpone(((wanted[one], looks[wanted[one]]) for one in again), now)
        return list(failed.values())

    def _id(self, name: str, look: Look) -> str:
        """The id to read: the event's own, or that of the declared patient whose mrn it names."""
        if look.event.patient_id:
            return look.event.patient_id
        live, record = self.inputs.observed.patients.get(name), self.inputs.state.patients.get(name)
        return live.id if live is not None else "" if record is None else record.id

    def _is_ours(self, patient_id: str, live: LivePatient | None) -> bool:
        return patient_id in self._owner or (live is not None and live.mrn in self.inputs.desired.patients)

    def _move(self, looked: Looked) -> None:
        if not looked:
            return
        mrns = touched(self.inputs, looked, self._owner)
        self.inputs = replace(updated(self.inputs, looked, mrns), now=self._clock())
        for patient_id, live in looked.items():
            if live is not None and live.mrn in self.inputs.desired.patients:
                self._owner.setdefault(patient_id, live.mrn)
        for place in places_of(self.inputs, mrns):
            self._settle(place)

    def _settle(self, place: Place) -> None:
        before = self._places[place.mrn]
        self._places[place.mrn] = place
        counts = self.cohorts[place.cohort]
        self.cohorts[place.cohort] = counts - _one(before) + _one(place)


def _one(place: Place) -> Counts:
    return funnel((place,))[place.cohort]


def _agrees(live: LivePatient | None, event: Event) -> bool:
    connected = live is not None and live.status == STATUS_TOLD[EventKind.CONNECTED]
    return connected is (event.kind is EventKind.CONNECTED)


def _may_pass(error: ApiError) -> bool:
    """Whether a retry of the read may succeed. A refusal of this id is permanent."""
    return error.status is None or error.status == 429 or error.status >= 500


async def _read(
    reader: Reader, patient_ids: Iterable[str]
) -> tuple[dict[str, LivePatient | None], dict[str, ApiError]]:
    """Read patients by id, several at once. A failed read stops no other.

    Raises:
        ApiError: the run has to stop.
    """
    waiting = list(patient_ids)[::-1]
    found: dict[str, LivePatient | None] = {}
    failed: dict[str, ApiError] = {}

    async def work() -> None:
        while waiting:
            patient_id = waiting.pop()
            try:
                found[patient_id] = await reader.patient(patient_id)
            except ApiError as error:
                if error.stops:
                    raise
                failed[patient_id] = error

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_CONCURRENT_READS, len(waiting))):
                group.create_task(work())
    except* ApiError as failures:
        raise failures.exceptions[0] from failures
    return found, failed
