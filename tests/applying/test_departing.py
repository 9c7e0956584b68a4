"""A deletion: one last look at the patient, and then the request, or nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from kardia_ctl.applying.departing import depart
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Outdated
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import Depart, Intent, PatientRecord, Remember, State
from kardia_ctl.timing import Clock
from tests.applying.workshop import NOW, Hand, Memory, context_of, inputs_for
from tests.moments import at, reading

A = LivePatient("id-A", "A", status="none")
CHANGE = Change(patient_address("A"), Action.DELETE, Cause.DEPARTURE, "left", id="id-A")
INTENT = Intent(patient_address("A"), "delete", at(NOW - 60), id="id-A")


@dataclass
class Looks(Reader):
    """Shows a patient, or another thing at each look; ``log`` is shared with the writer."""

    shown: list[LivePatient | ApiError | None]
    recorded: int | ApiError | None = 0
    log: list[str] = field(default_factory=list)

    async def patient(self, patient_id: str) -> LivePatient | None:
        self.log.append(f"read {patient_id}")
        shown = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        if isinstance(shown, ApiError):
            raise shown
        return shown

    async def recordings(self, patient_id: str) -> int | None:
        self.log.append(f"count {patient_id}")
        if isinstance(self.recorded, ApiError):
            raise self.recorded
        return self.recorded


def deleted(
    looks: Looks,
    *errors: Exception,
    confirmed: bool = False,
    intent: Intent | None = None,
    now: Callable[[], float] = lambda: NOW,
) -> list[str]:
    """Delete A, with an error for each of the first requests; the requests in their order."""
    failing = list(errors)

    async def behave(_: str) -> None:
        if failing:
            raise failing.pop(0)

    departure = Departure("A", DepartureAction.DELETE, "left", confirmed=confirmed)
    state = State(intents={} if intent is None else {CHANGE.address: intent})
    inputs = replace(inputs_for(Desired(departures=(departure,))), state=state)
    hand = Hand(behave, log=looks.log)
    context = replace(context_of(hand, Memory()), reader=looks, clock=Clock(reading(now), asyncio.sleep))
    entries = asyncio.run(depart(CHANGE, "id-A", inputs, context))
    assert [type(entry) for entry in entries] == [Depart, Remember]
    record = entries[1].record if isinstance(entries[1], Remember) else None
    assert isinstance(record, PatientRecord)
    assert record.forgotten
    return looks.log


def test_the_patient_is_read_and_the_recordings_are_counted_right_before() -> None:
    assert deleted(Looks([A])) == ["read id-A", "count id-A", "delete id-A"]
    assert deleted(Looks([replace_status("pending")])) == ["read id-A", "count id-A", "delete id-A"]


def replace_status(status: str | None) -> LivePatient:
    return LivePatient("id-A", "A", status=status)


@pytest.mark.parametrize(
    ("shown", "recorded"),
    [
        (replace_status("connected"), 0),
        (replace_status("None"), 0),
        (replace_status(" pending"), 0),
        (replace_status(None), 0),
        (replace_status(""), 0),
        (A, 1),
        (A, None),
        (A, ApiError("403", status=403)),
        (A, ApiError("404", status=404)),
        (A, ApiError("not JSON", status=200)),
    ],
)
def test_who_has_or_may_have_something_to_lose_is_deleted_only_when_that_is_confirmed(
    shown: LivePatient, recorded: int | ApiError | None
) -> None:
    looks = Looks([shown], recorded)
    with pytest.raises(NotExecuted, match="not deleted: at the last look"):
        deleted(looks)
    assert "delete id-A" not in looks.log
    assert "delete id-A" in deleted(Looks([shown], recorded), confirmed=True)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        LivePatient("id-A", "a", status="none"),
        LivePatient("id-A", "A ", status="none"),
        LivePatient("id-a", "A", status="none"),
        ApiError("500", status=500),
        ApiError("403", status=403),
    ],
)
@pytest.mark.parametrize("confirmed", [False, True])
def test_nobody_else_and_nobody_unseen_is_deleted(
    shown: LivePatient | ApiError | None, confirmed: bool
) -> None:
    looks = Looks([shown])
    with pytest.raises(NotExecuted, match="not deleted"):
        deleted(looks, confirmed=confirmed)
    assert "delete id-A" not in looks.log


def test_a_look_that_fails_for_good_ends_the_run() -> None:
    with pytest.raises(NotExecuted) as raised:
        deleted(Looks([ApiError("401", status=401, stops="the key was refused")]))
    assert raised.value.stops == "the key was refused"
    with pytest.raises(NotExecuted, match="the last look before it failed"):
        deleted(Looks([A], ApiError("no response")), confirmed=True)


def test_a_404_to_the_first_request_is_no_success() -> None:
    looks = Looks([A])
    with pytest.raises(NotExecuted):
        deleted(looks, NotExecuted("404", status=404))
    assert looks.log[-1] == "delete id-A"


@pytest.mark.parametrize("intent", [None, INTENT])
def test_a_404_to_a_repeated_request_is_success_when_the_patient_is_gone(intent: Intent | None) -> None:
    error = NotExecuted("404", status=404, doubted=intent is None)
    assert deleted(Looks([A, None]), error, intent=intent)[-2:] == ["delete id-A", "read id-A"]
    with pytest.raises(InDoubt, match="still there"):
        deleted(Looks([A, A]), error, intent=intent)
    with pytest.raises(InDoubt, match="could not be read"):
        deleted(Looks([A, ApiError("no response")]), error, intent=intent)


def test_who_is_gone_after_a_deletion_in_doubt_is_sent_again_and_confirmed() -> None:
    gone = NotExecuted("404", status=404)
    assert deleted(Looks([None]), gone, intent=INTENT) == ["read id-A", "delete id-A", "read id-A"]
    for other in (replace(INTENT, id="id-B"), replace(INTENT, operation="export")):
        with pytest.raises(NotExecuted, match="no longer has"):
            deleted(Looks([None]), gone, intent=other)


@pytest.mark.parametrize("status", [403, 400, 409, None])
def test_a_deletion_that_is_refused_is_failed(status: int | None) -> None:
    with pytest.raises(NotExecuted):
        deleted(Looks([A]), NotExecuted("no", status=status), intent=INTENT)
    with pytest.raises(InDoubt):
        deleted(Looks([A]), InDoubt("no response"))


def test_a_request_that_had_to_wait_is_preceded_by_another_look() -> None:
    late = Outdated("late")
    assert deleted(Looks([A]), late) == ["read id-A", "count id-A", "delete id-A"] * 2
    looks = Looks([A, replace_status("connected")])
    with pytest.raises(NotExecuted, match="is connected"):
        deleted(looks, late)
    with pytest.raises(NotExecuted, match="each last look"):
        deleted(Looks([A]), late, late, late)
