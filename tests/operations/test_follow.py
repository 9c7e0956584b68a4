"""Events move the funnel to what the API says, whatever is sent, how often and in which order."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.funnel.places import funnel, places
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import PRO, V1, Capabilities
from kardia_ctl.model.errors import ApiError, Unauthorized
from kardia_ctl.model.events import Event, EventCounts, EventKind
from kardia_ctl.model.funnel import Counts
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.state import CodeRecord, PatientRecord, State
from kardia_ctl.operations.follow import Following
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.timing import Clock
from tests.moments import at, reading

NOW = 1_772_445_600.0
MRNS = tuple("ABCD")


def live(mrn: str, status: str | None, patient_id: str = "") -> LivePatient:
    return LivePatient(patient_id or f"id-{mrn}", mrn, "2000-01-01", "a@example.com", status=status)


def event(kind: EventKind, mrn: str = "", patient_id: str | None = None) -> Event:
    return Event(kind, f"id-{mrn}" if patient_id is None else patient_id, mrn)


CONNECTED, DISCONNECTED = EventKind.CONNECTED, EventKind.DISCONNECTED


@dataclass
class Api:
    """A reader of patients by id, that counts what it is asked."""

    patients: dict[str, LivePatient]
    asked: list[str] = field(default_factory=list)
    wrong: dict[str, ApiError] = field(default_factory=dict)

    async def patient(self, patient_id: str) -> LivePatient | None:
        self.asked.append(patient_id)
        if patient_id in self.wrong:
            raise self.wrong[patient_id]
        return self.patients.get(patient_id)


@dataclass
class Scene:
    """A funnel of A to D: A and B have codes, D is not in Kardia. E exists and is not declared."""

    can: Capabilities = V1
    now: float = NOW
    events: EventCounts = field(default_factory=EventCounts)

    def __post_init__(self) -> None:
        people = [live("A", "pending"), live("B", "connected"), live("C", "none"), live("E", "none")]
        self.api = Api({one.id: one for one in people})
        shown = self.can.shows_patients
        name = "id-{}" if shown else "{}"
        records = {mrn: PatientRecord(name.format(mrn), at=int(NOW)) for mrn in "ABC"}
        codes = {
            mrn: {"t": CodeRecord(name.format(mrn), at=int(NOW) - 60, template="one-year")} for mrn in "AB"
        }
        observed = Observed(
            patients={one.mrn: one for one in people} if shown else {},
            coverage=Coverage.PROVEN if shown else Coverage.NOT_READ,
        )
        desired = Desired(
            patients={
                mrn: DesiredPatient(mrn, "2000-01-01", "a@example.com", cohort="ab" if mrn in "AB" else "")
                for mrn in MRNS
            }
        )
        state = State(exists=True, patients=records, codes=codes)
        inputs = PlanInputs(desired, observed, state, at(NOW), capabilities=self.can)
        self.following = Following(inputs, self.events, Clock(reading(lambda: self.now)))

    def act(self, seconds: float = 1.0) -> list[ApiError]:
        self.now += seconds
        reads = self.following.agenda.take(self.now)
        if not self.can.shows_patients:
            self.following.apply_events(reads)
            return []
        api: Any = self.api
        return asyncio.run(self.following.read_back(api, reads))

    def tell(self, *events: Event) -> list[ApiError]:
        for one in events:
            self.following.receive(one)
        return self.act()

    @property
    def total(self) -> Counts:
        return sum(self.following.cohorts.values(), start=Counts())

    def adds_up(self) -> None:
        """What was counted by steps is what counting everybody gives."""
        assert self.following.cohorts == funnel(places(self.following.inputs))


def test_an_event_leads_to_one_read_and_the_api_is_believed() -> None:
    scene = Scene()
    assert (scene.total.pending, scene.total.connected) == (1, 1)
    scene.api.patients["id-A"] = live("A", "connected")
    scene.tell(event(CONNECTED, "A"))
    assert scene.api.asked == ["id-A"]
    assert (scene.total.pending, scene.total.connected) == (0, 2)
    assert scene.following.unverified == set()
    scene.adds_up()


def test_a_forged_event_moves_nobody_and_is_looked_at_a_bounded_number_of_times() -> None:
    scene = Scene()
    before = dict(scene.following.cohorts)
    scene.tell(event(DISCONNECTED, "B"))
    while scene.following.agenda.next is not None:
        scene.now = scene.following.agenda.next
        scene.act(0)
    assert scene.following.cohorts == before
    assert scene.api.asked == ["id-B"] * 3


def test_a_read_that_lags_behind_its_event_is_made_good() -> None:
    scene = Scene()
    scene.tell(event(CONNECTED, "A"))
    assert scene.total.connected == 1
    scene.api.patients["id-A"] = live("A", "connected")
    scene.act(5.0)
    assert scene.total.connected == 2
    assert scene.following.agenda.next is None


def test_duplicates_in_one_batch_are_one_read() -> None:
    scene = Scene()
    scene.tell(*[event(CONNECTED, "B")] * 50)
    assert scene.api.asked == ["id-B"]


def test_nobody_who_is_not_declared_is_read_and_they_are_counted() -> None:
    scene = Scene()
    scene.tell(event(CONNECTED, "E"), event(CONNECTED, "Z"), event(DISCONNECTED, "", ""))
    assert (scene.api.asked, scene.events.unknown) == ([], 3)


def test_an_id_that_is_not_known_counts_only_when_the_api_says_whose_it_is() -> None:
    scene = Scene()
    scene.tell(event(CONNECTED, "D", "forged"))
    assert (scene.api.asked, scene.events.unknown) == (["forged"], 1)
    scene.tell(event(CONNECTED, "D", "id-E"))
    assert scene.events.unknown == 2
    assert scene.total.created == 3
    scene.api.patients["new"] = live("D", "connected", "new")
    scene.tell(event(CONNECTED, "D", "new"))
    assert (scene.total.created, scene.total.connected) == (4, 2)
    scene.api.patients["new"] = live("D", "none", "new")
    scene.tell(event(DISCONNECTED, "", "new"))
    assert (scene.total.created, scene.total.connected) == (4, 1)
    scene.adds_up()


def test_an_event_without_an_id_reads_the_patient_that_the_mrn_is_known_for() -> None:
    scene = Scene()
    scene.api.patients["id-A"] = live("A", "connected")
    scene.tell(event(CONNECTED, "A", ""))
    assert scene.api.asked == ["id-A"]
    assert scene.total.connected == 2


def test_somebody_who_is_gone_is_no_longer_counted_as_created() -> None:
    scene = Scene()
    del scene.api.patients["id-B"]
    scene.tell(event(DISCONNECTED, "B"))
    assert (scene.total.created, scene.total.connected) == (2, 0)
    scene.adds_up()


def test_a_second_patient_with_the_mrn_is_not_taken_for_the_first() -> None:
    scene = Scene()
    scene.api.patients["twin"] = live("C", "connected", "twin")
    scene.tell(event(CONNECTED, "C", "twin"))
    assert set(scene.following.inputs.observed.twins) == {"C"}
    scene.adds_up()
    del scene.api.patients["twin"]
    scene.tell(event(DISCONNECTED, "C", "twin"))
    assert scene.following.inputs.observed.twins == {}
    scene.adds_up()


def test_an_id_that_carries_another_mrn_now_is_nobodys() -> None:
    scene = Scene()
    scene.api.patients["id-A"] = live("X", "connected", "id-A")
    scene.tell(event(CONNECTED, "A"))
    assert (scene.total.created, scene.total.connected) == (2, 1)
    scene.adds_up()


def test_a_read_that_fails_is_tried_again_and_keeps_nobody_else_from_being_read() -> None:
    scene = Scene()
    scene.api.patients |= {"id-A": live("A", "connected"), "id-C": live("C", "connected")}
    scene.api.wrong["id-A"] = ApiError("GET /v1/patients/:id: 503", status=503)
    errors = scene.tell(event(CONNECTED, "A"), event(CONNECTED, "C"))
    assert [error.status for error in errors] == [503]
    assert scene.total.connected == 2
    scene.api.wrong.clear()
    scene.act(30.0)
    assert scene.total.connected == 3


def test_a_read_that_is_refused_is_not_repeated() -> None:
    scene = Scene()
    scene.api.wrong["odd"] = ApiError("GET /v1/patients/:id: 400", status=400)
    assert len(scene.tell(event(CONNECTED, "D", "odd"))) == 1
    assert scene.following.agenda.next is None


def test_a_refused_key_ends_the_run() -> None:
    scene = Scene()
    scene.api.wrong["id-A"] = Unauthorized("GET /v1/patients/:id: 401")
    with pytest.raises(ApiError, match="401"):
        scene.tell(event(CONNECTED, "A"))


def test_where_nothing_can_be_read_the_last_event_counts_and_is_marked_as_told() -> None:
    scene = Scene(PRO)
    assert (scene.total.unknown, scene.total.connected) == (2, 0)
    scene.tell(event(CONNECTED, "A", ""), event(DISCONNECTED, "B", ""), event(CONNECTED, "B", ""))
    assert (scene.total.unknown, scene.total.connected) == (0, 2)
    assert scene.following.unverified == {"A", "B"}
    scene.tell(event(DISCONNECTED, "A", ""))
    assert (scene.total.expired, scene.total.connected) == (1, 1)
    scene.tell(event(CONNECTED, "Z", ""))
    assert (scene.api.asked, scene.events.unknown) == ([], 1)
    scene.adds_up()


statuses = st.sampled_from(("pending", "connected", "none", None))
ids = st.sampled_from((*(f"id-{mrn}" for mrn in "ABCDE"), "twin", "new"))
people = st.dictionaries(ids, st.tuples(st.sampled_from("ABCDEX"), statuses), max_size=7)
events = st.lists(
    st.builds(
        Event, st.sampled_from((CONNECTED, DISCONNECTED)), ids | st.just(""), st.sampled_from("ABCDEX")
    ),
    max_size=8,
)


@given(st.lists(st.tuples(people, events), max_size=4), st.randoms(use_true_random=False))
def test_whatever_arrives_the_counts_are_those_of_everybody_counted_anew(
    steps: list[tuple[dict[str, tuple[str, str | None]], list[Event]]], draw: Any
) -> None:
    scene = Scene()
    for there, told in steps:
        scene.api.patients = {one: live(mrn, status, one) for one, (mrn, status) in there.items()}
        scene.tell(*told)
        scene.adds_up()


@given(people, events, st.randoms(use_true_random=False))
def test_order_and_repetition_of_deliveries_change_nothing(
    there: dict[str, tuple[str, str | None]], told: list[Event], draw: Any
) -> None:
    counts = []
    for round_ in range(2):
        scene = Scene()
        scene.api.patients = {one: live(mrn, status, one) for one, (mrn, status) in there.items()}
        sent = [one for one in told if one.patient_id.startswith("id-")]
        sent = [one for one in sent if _is_plain(one, sent)]
        if round_:
            sent *= 2
            draw.shuffle(sent)
        scene.tell(*sent)
        counts.append(dict(scene.following.cohorts))
    assert counts[0] == counts[1]


def _is_plain(event: Event, events: list[Event]) -> bool:
    """Whether order cannot count: of several unknown ids for one mrn, the last one's is read."""
    others = {one.patient_id for one in events if one.mrn == event.mrn and one.patient_id not in _KNOWN}
    return event.patient_id in _KNOWN or others == {event.patient_id}


_KNOWN = {"id-A", "id-B", "id-C"}
