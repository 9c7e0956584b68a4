"""Kind 4: the last look is fresh, before a deletion and after a question that stood."""

from collections.abc import Callable

import httpx
import pytest

from kardia_ctl import timing
from kardia_ctl.api.client import open_session
from kardia_ctl.applying import departing
from kardia_ctl.cli.commands.apply import command
from kardia_ctl.cli.commands.codes import fetching as codes
from kardia_ctl.model.errors import InDoubt, NotExecuted, Outdated
from kardia_ctl.operations import apply as apply_operation
from kardia_ctl.operations.plan import Preview
from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields
from tests.api import skipping
from tests.attacks.meddling import (
    COUNT,
    CREATE,
    DELETE,
    LIST,
    ONE,
    STAYS,
    Once,
    before,
    enrolled,
    id_of,
    leaving,
    meddled,
)
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, Ran, account, desk

__all__ = ["account", "desk"]  # fixtures

Happens = Callable[[Desk, str], object]

CONNECTS: Happens = lambda desk, leaver: desk.account.connections.connect(leaver)  # noqa: E731
RECORDS: Happens = lambda desk, leaver: desk.account.recordings.add(RecordingFields(leaver))  # noqa: E731
IS_RENAMED: Happens = lambda desk, leaver: desk.account.patients.change(leaver, mrn="GO-2")  # noqa: E731
LEAVES_ALONE: Happens = lambda desk, leaver: desk.account.patients.remove(leaver)  # noqa: E731


@pytest.fixture
def leaver(desk: Desk) -> str:
    return enrolled(desk)


def happens_before_the_deletion(desk: Desk, leaver: str, happens: Happens, more: str = "") -> Ran:
    desk.write(leaving(more))
    path = f"/v1/patients/{leaver}"
    with meddled(desk, before("GET", path, lambda: happens(desk, leaver))):
        return desk.apply()


@pytest.mark.parametrize("happens", [CONNECTS, RECORDS, IS_RENAMED, LEAVES_ALONE])
def test_what_happens_between_plan_and_deletion_keeps_the_patient(
    desk: Desk, leaver: str, happens: Happens
) -> None:
    ran = happens_before_the_deletion(desk, leaver, happens)
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert "not deleted: at the last look before it" in ran.err
    again = desk.apply()
    assert (again.code, DELETE in again.requests) == (1, False)


@pytest.mark.parametrize("happens", [IS_RENAMED, LEAVES_ALONE])
def test_a_confirmation_confirms_no_other_patient(desk: Desk, leaver: str, happens: Happens) -> None:
    ran = happens_before_the_deletion(desk, leaver, happens, ", confirm: has-recordings")
    assert (ran.code, DELETE in ran.requests) == (1, False)


@pytest.mark.parametrize("happens", [CONNECTS, RECORDS])
def test_what_was_confirmed_may_happen(desk: Desk, leaver: str, happens: Happens) -> None:
    ran = happens_before_the_deletion(desk, leaver, happens, ", confirm: has-recordings")
    assert (ran.code, ran.requests.count(DELETE)) == (0, 1)


def test_a_recording_that_comes_between_the_two_reads_keeps_the_patient(desk: Desk, leaver: str) -> None:
    desk.write(leaving())
    path = f"/v1/patients/{leaver}/recordings"
    with meddled(desk, before("GET", path, lambda: RECORDS(desk, leaver), skip=1)):
        ran = desk.apply()
    assert (ran.code, ran.requests.count(COUNT), DELETE in ran.requests) == (1, 2, False)


@pytest.mark.parametrize(("path", "status"), [("", 403), ("", 500), ("/recordings", 500), ("", 200)])
def test_nobody_is_deleted_unseen(desk: Desk, leaver: str, path: str, status: int) -> None:
    desk.write(leaving(", confirm: has-recordings"))
    skip = 1 if path else 0  # planning counts the recordings once
    with meddled(desk, Once("GET", f"/v1/patients/{leaver}{path}", status, times=9, skip=skip)):
        ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert "the last look before it failed" in ran.err
    assert desk.apply().requests.count(DELETE) == 1


def test_a_deletion_takes_three_requests_and_the_plan_counts_them(desk: Desk, leaver: str) -> None:
    desk.write(leaving())
    plan = desk.plan()
    assert "apply sends 6 (5 reads, 1 write)" in plan.out
    ran = desk.apply()
    assert len(ran.requests) == 6
    assert ran.requests[-3:] == [ONE, COUNT, DELETE]
    assert leaver not in {patient.id for patient in desk.account.patients.all()}


def deleted_by(answer: Callable[[int], httpx.Response], fresh_for: int) -> int:
    """Delete with a look that is fresh for so many attempts; how many requests were sent."""
    sent: list[int] = []

    def serve(_: httpx.Request) -> httpx.Response:
        sent.append(1)
        return answer(len(sent))

    async def story() -> None:
        async with open_session(
            "https://api.kardia.com", "an-invented-api-key", http_transport=httpx.MockTransport(serve)
        ) as session:
            await session.writer().delete_patient("id-A", lambda: len(sent) < fresh_for)

    try:
        skipping.run(story())
    except NotExecuted as error:
        error.add_note(f"{len(sent)} requests")
        raise
    return len(sent)


def test_no_attempt_is_sent_once_the_look_is_old() -> None:
    throttled = httpx.Response(429, headers={"retry-after": "90"})
    with pytest.raises(Outdated):
        deleted_by(lambda _: throttled, 0)
    with pytest.raises(Outdated, match="too old") as raised:
        deleted_by(lambda _: throttled, 1)
    assert raised.value.__notes__ == ["1 requests"]
    with pytest.raises(InDoubt):
        deleted_by(lambda _: httpx.Response(503, headers={"retry-after": "90"}), 1)
    assert deleted_by(lambda number: throttled if number == 1 else httpx.Response(202), 2) == 2


class Standing:
    """A question that stands for some seconds, in which something may happen. The answer is yes."""

    def __init__(self, patch: pytest.MonkeyPatch, seconds: float, happens: Callable[[], object]) -> None:
        self._later = 0.0
        self._seconds, self._happens = seconds, happens
        uptime = timing.uptime
        patch.setattr(timing, "uptime", lambda: uptime() + self._later)
        for asking in (command, codes):
            patch.setattr(asking, "confirm", self.confirm)

    def confirm(self, _: str, *, approved: bool) -> bool:
        assert not approved
        self._happens()
        self._later += self._seconds
        return True


def nothing() -> None:
    """Nothing happens."""


def asked(
    desk: Desk, patch: pytest.MonkeyPatch, seconds: float, happens: Callable[[], object] = nothing
) -> Ran:
    """An apply whose question stands."""
    Standing(patch, seconds, happens)
    return desk.run("apply", str(desk.path))


def before_the_create(ran: Ran) -> list[str]:
    """The requests before the first create; after it the run looks at what it created."""
    return ran.requests[: ran.requests.index(CREATE)]


NEW = "  - {mrn: NW-1, dob: 1953-01-01, email: nw1@example.com, firstname: Cleo}\n"


@pytest.mark.parametrize(("seconds", "looks"), [(59, 1), (61, 2), (86_400, 2)])
def test_a_question_that_stood_is_followed_by_another_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, seconds: float, looks: int
) -> None:
    desk.write(f"version: 1\npatients:\n{STAYS}")
    ran = asked(desk, monkeypatch, seconds)
    assert (ran.code, before_the_create(ran).count(LIST), ran.requests.count(CREATE)) == (0, looks, 1)
    assert ("nothing has changed since" in ran.err) is (looks == 2)
    assert ("1 request that the plan does not count" in ran.err) is (looks == 2)


def created_elsewhere(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    """While the question stands somebody else creates the patient, whom we would create a second time."""
    enrolled(desk)
    desk.write(f"version: 1\npatients:\n{STAYS}{NEW}departures: []\n".replace("departures: []\n", ""))
    fields = PatientFields("NW-1", "1953-01-01", "nw1@example.com", "Cleo")
    ran = asked(desk, patch, 61, lambda: desk.account.patients.add(fields))
    assert len([patient for patient in desk.account.patients.all() if patient.mrn == "NW-1"]) == 1
    assert (ran.code, CREATE in ran.requests) == (1, False)
    assert "patient/NW-1" in ran.err
    assert "Nothing was sent" in ran.err
    assert "Cleo" not in ran.err
    assert "1953" not in ran.err


def test_who_is_created_elsewhere_meanwhile_is_not_created_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    created_elsewhere(desk, monkeypatch)


def test_who_connects_while_the_question_stands_is_named_and_nothing_at_all_is_sent(
    desk: Desk, leaver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(leaving().replace("departures:", f"{NEW}departures:"))
    ran = asked(desk, monkeypatch, 3600, lambda: desk.account.connections.connect(leaver))
    assert (ran.code, CREATE in ran.requests, DELETE in ran.requests) == (1, False, False)
    assert "patient/GO-1" in ran.err
    assert "patient/NW-1" not in ran.err


def test_adoptions_that_were_approved_are_not_recorded_of_somebody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(desk)
    desk.lose_state()
    ran = asked(desk, monkeypatch, 61, lambda: desk.account.patients.remove(id_of(desk.account)))
    assert ran.code == 1
    assert "patient/GO-1" in ran.err
    assert "nothing is recorded" in desk.run("state", "show", "patient/GO-1", str(desk.path)).err


def test_what_was_declared_unchanged_elsewhere_is_no_reason_to_refuse(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's patients come and go all day."""
    desk.write(f"version: 1\npatients:\n{STAYS}")
    stranger = PatientFields("X-1", "1960-01-01", "x1@example.com")
    assert asked(desk, monkeypatch, 61, lambda: desk.account.patients.add(stranger)).code == 0


def test_an_account_that_cannot_be_read_again_is_left_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(f"version: 1\npatients:\n{STAYS}")
    broken = Once("GET", "/v1/patients", 400, skip=1, times=9)
    with meddled(desk, broken):
        ran = asked(desk, monkeypatch, 61)
    assert (ran.code, CREATE in ran.requests) == (1, False)


def test_a_slow_server_makes_a_look_old_without_any_question(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(f"version: 1\npatients:\n{STAYS}")
    standing = Standing(monkeypatch, 0, nothing)

    def slow() -> None:
        standing._later = 90.0

    with meddled(desk, before("GET", "/v1/teamConnectionTemplate", slow)):
        ran = desk.run("apply", str(desk.path))
    assert (ran.code, before_the_create(ran).count(LIST), ran.requests.count(CREATE)) == (0, 2, 1)


CODES = "templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"
CODE = "GET /v1/patients/{id}/code"


@pytest.mark.parametrize("moves", [False, True])
def test_codes_are_fetched_after_another_look_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, moves: bool
) -> None:
    """Fetching the code of somebody who was disconnected meanwhile would be a new order."""
    patient = STAYS.replace("firstname: Bea", "firstname: Bea, codes: [one-year]")
    desk.write(f"version: 1\n{CODES}patients:\n{patient}")
    assert desk.apply().code == 0
    patient_id = id_of(desk.account, "ST-1")
    Standing(monkeypatch, 61, lambda: desk.account.connections.disconnect(patient_id) if moves else nothing())
    ran = desk.run("codes", str(desk.path))
    assert (ran.code, ran.requests.count(LIST), ran.requests.count(CODE)) == (int(moves), 2, int(not moves))
    assert ("connection_code/ST-1/one-year" in ran.err) is moves


def test_without_the_last_read_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    async def unread(*_: object, **__: object) -> None:
        """Whatever was planned is deleted."""

    with removed(departing, "_check", unread):
        desk.write(leaving())
        path = f"/v1/patients/{leaver}"
        with meddled(desk, before("DELETE", path, lambda: CONNECTS(desk, leaver))):
            ran = desk.apply()
    assert ran.requests.count(DELETE) == 1


def test_without_the_second_look_the_attack_succeeds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def as_it_was(preview: Preview, *_: object) -> Preview:
        return preview

    with removed(apply_operation, "look_again", as_it_was), pytest.raises(AssertionError):
        created_elsewhere(desk, monkeypatch)
