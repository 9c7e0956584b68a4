"""Kind 1, on: what accepts a departure, and who is live or connected again after one."""

import pytest

from kardia_ctl.api import decode
from kardia_ctl.api.answer import check_no_errors
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.planning.resources import departures
from kardia_ctl.sandbox.quirks import Quirks
from tests.attacks.meddling import (
    DELETE,
    DISCONNECT,
    STAYS,
    Once,
    enrolled,
    id_of,
    leaving,
    meddled,
)
from tests.attacks.people.test_01_departures import NEW, departed
from tests.attacks.safeguards import removed
from tests.cli.commands.apply.test_pro import DISCONNECT as PRO_DISCONNECT
from tests.cli.commands.apply.test_pro import EDDA, declared
from tests.cli.conftest import Desk, account, desk

__all__ = ["account", "desk"]  # fixtures

NO_SUCCESSES = {
    "errors": (202, {"errors": [{"title": "not allowed"}]}),
    "one error": (202, {"errors": {"title": "not allowed"}}),
    "an error": (200, {"error": "not allowed"}),
    "an error object": (200, {"error": {"code": 403}}),
    "no success": (200, {"success": False}),
    "no success in a text": (200, {"success": "false", "error": None}),
    "not ok": (200, {"ok": False}),
    "a status of HTTP": (200, {"statusCode": 403, "message": "Forbidden"}),
    "a status of HTTP as text": (200, {"status": "500"}),
    "a word": (202, {"status": "FAILED"}),
    "false": (200, "false"),
    "one status for several": (207, {}),
    "a web page": (202, "<html>log in</html>"),
    "half of it": (202, '{"queued": '),
    "a redirect": (302, ""),
    "another status": (410, ""),
}
SUCCESSES = {
    "nothing": (202, ""),
    "an object": (202, {}),
    "a word": (200, {"status": "accepted", "error": None, "errors": []}),
    "yes": (200, {"success": True, "ok": True, "statusCode": 202}),
    "a text": (202, "Accepted"),
}
PATHS = {"delete": ("DELETE", ""), "disconnect": ("POST", "/disconnect")}


@pytest.fixture
def leaver(desk: Desk) -> str:
    return enrolled(desk)


def answered(desk: Desk, leaver: str, action: str, answer: tuple[int, object]) -> int:
    """Apply a departure of which each request is answered like that. Returns the exit code."""
    method, end = PATHS[action]
    desk.write(leaving(action=action))
    with meddled(desk, Once(method, f"/v1/patients/{leaver}{end}", *answer, times=9)):
        return desk.apply().code


@pytest.mark.parametrize("action", PATHS)
@pytest.mark.parametrize("name", NO_SUCCESSES)
def test_an_answer_that_denies_its_status_accepts_no_departure(
    desk: Desk, leaver: str, name: str, action: str
) -> None:
    assert answered(desk, leaver, action, NO_SUCCESSES[name]) == 1
    assert departed(desk) == {}
    request = DELETE if action == "delete" else DISCONNECT
    again = desk.apply()
    assert (again.code, again.requests.count(request), departed(desk)) == (
        0,
        1,
        {leaver: frozenset({action})},
    )


@pytest.mark.parametrize("name", SUCCESSES)
def test_what_a_server_may_say_of_a_success_accepts_it(desk: Desk, leaver: str, name: str) -> None:
    assert answered(desk, leaver, "delete", SUCCESSES[name]) == 0
    assert departed(desk) == {leaver: frozenset({"delete"})}


def test_with_errors_alone_for_a_denial_it_is_recorded(desk: Desk, leaver: str) -> None:
    with removed(decode, "check_accepted", check_no_errors):
        assert answered(desk, leaver, "delete", NO_SUCCESSES["no success"]) == 0
    assert departed(desk)


def pro_leaver(desk: Desk) -> None:
    """AC-001, who is enrolled, is to be disconnected where patients cannot be read."""
    desk.write(declared(EDDA))
    assert desk.apply("--codes-out", str(desk.path / "codes.csv")).code == 0
    leaves = "departures:\n  - {mrn: AC-001, action: disconnect, reason: moved away}\n"
    desk.write(declared().replace("patients:\n", leaves))


@pytest.mark.parametrize("echo", ["AC-002", "ac-001", "AC-001 ", 1])
def test_pro_disconnects_nobody_else(desk: Desk, echo: object) -> None:
    pro_leaver(desk)
    with meddled(desk, Once("POST", "/e/v1/disconnection", 200, {"customParticipantID": echo}, times=9)):
        assert desk.apply().code == 1
    assert departed(desk) == {}
    assert desk.apply().requests.count(PRO_DISCONNECT) == 1


def test_pro_disconnects_again_who_was_given_a_new_code(desk: Desk) -> None:
    """A departure acts once for each id, which is the mrn there: a later one must not be taken for done."""
    pro_leaver(desk)
    leaves = (desk.path / "kardia.yaml").read_text()
    assert desk.apply().requests.count(PRO_DISCONNECT) == 1
    assert desk.apply().requests.count(PRO_DISCONNECT) == 0
    desk.write(declared(EDDA.replace("[one-year]", "[one-year, short]")))
    ran = desk.apply("--codes-out", str(desk.path / "codes.csv"))
    assert (ran.code, departed(desk)) == (0, {})
    desk.write(leaves)
    assert desk.apply().requests.count(PRO_DISCONNECT) == 1


def connected_again(desk: Desk, leaver: str) -> None:
    """Somebody connects a disconnected patient in the portal."""
    desk.write(leaving(action="disconnect"))
    assert desk.apply().requests.count(DISCONNECT) == 1
    desk.account.connections.connect(leaver)
    for ran in (desk.plan(), desk.apply()):
        text = " ".join(ran.out.split())
        assert (ran.code, "was disconnected, and now is connected" in text) == (1, True)
        assert DISCONNECT not in ran.requests


def test_who_is_connected_again_is_an_error_and_can_be_disconnected_again(desk: Desk, leaver: str) -> None:
    connected_again(desk, leaver)
    assert desk.run("state", "forget", "patient/GO-1", str(desk.path), "--auto-approve").code == 0
    desk.write(leaving(f", id: {leaver}", action="disconnect"))
    assert desk.apply().requests.count(DISCONNECT) == 1
    assert desk.apply().code == 0


def test_without_a_look_at_the_status_a_connected_patient_has_departed(desk: Desk, leaver: str) -> None:
    with removed(departures, "is_or_may_be_connected", lambda _: ""), pytest.raises(AssertionError):
        connected_again(desk, leaver)


def test_what_state_forgets_of_an_export_is_not_that_it_was_requested(desk: Desk, leaver: str) -> None:
    desk.write(leaving(", export: true"))
    assert desk.apply().code == 0
    assert desk.run("state", "forget", "patient/GO-1", str(desk.path), "--auto-approve").code == 0
    assert departed(desk) == {leaver: frozenset({"export"})}


def listed_as(desk: Desk, status: object) -> Once:
    rows = [
        {"id": one.id, "mrn": one.mrn, "dob": one.dob, "email": one.email, "firstname": one.firstname}
        | {"status": status}
        for one in desk.account.patients.all()
    ]
    page = {"totalCount": len(rows), "patients": rows, "pageInfo": {"hasNextPage": False}}
    return Once("GET", "/v1/patients", 200, page, times=9)


@pytest.mark.parametrize("status", ["connected", "Connected", "CONNECTED", "active", "", " none"])
def test_a_day_that_a_status_may_contradict_is_an_error(desk: Desk, leaver: str, status: str) -> None:
    day = leaving(", done: 2026-03-05", action="disconnect").replace("departures:", f"{NEW}departures:")
    desk.write(day)
    with meddled(desk, listed_as(desk, status)):
        ran = desk.plan()
    assert (ran.code, "connected" in ran.out, "done on 2026-03-05" in ran.out) == (1, True, False)


@pytest.mark.parametrize("status", ["none", "pending", None])
def test_a_day_that_no_status_contradicts_is_believed(desk: Desk, leaver: str, status: object) -> None:
    day = leaving(", done: 2026-03-05", action="disconnect").replace("departures:", f"{NEW}departures:")
    desk.write(day)
    with meddled(desk, listed_as(desk, status)):
        ran = desk.plan()
    assert (ran.code, "done on 2026-03-05" in ran.out) == (0, True)


def test_a_deletion_whose_entry_was_removed_too_early_is_not_forgotten(desk: Desk, leaver: str) -> None:
    desk.write(leaving())
    with meddled(desk, quirks=Quirks(delete_delay=3600)):
        assert desk.apply().requests.count(DELETE) == 1
        desk.write(f"version: 1\npatients:\n{STAYS}{NEW}")
        ran = desk.apply()
    assert (ran.code, f"the deletion of {leaver} was accepted" in ran.out) == (0, True)
    assert id_of(desk.account) == leaver
    assert DepartureAction.DELETE in departed(desk)[leaver]


@pytest.mark.parametrize("day", ["2026-02-30", "2026-3-5", "yes", "05.03.2026", "2026-03-05T00:00:00"])
def test_what_is_no_day_is_no_departure(desk: Desk, leaver: str, day: str) -> None:
    desk.write(leaving(f', done: "{day}"'))
    ran = desk.apply()
    assert (ran.code, ran.requests, departed(desk)) == (1, [], {})
