"""Kind 1, on: the process dies between the request of a departure and its record, or a 404 answers it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kardia_ctl.applying import departing
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.attacks.meddling import DELETE, DISCONNECT, Once, enrolled, leaving, meddled
from tests.attacks.people.test_01_departures import departed
from tests.attacks.people.test_01_live_again import pro_leaver
from tests.attacks.processes import KARDIA_CTL, until
from tests.attacks.safeguards import removed
from tests.cli.commands.apply.test_pro import DISCONNECT as PRO_DISCONNECT
from tests.cli.conftest import Desk, account, desk
from tests.terminals import LONGEST

__all__ = ["account", "desk"]  # fixtures

EXPORT = "GET /v1/patients/{id}/export"


@pytest.fixture
def leaver(desk: Desk) -> str:
    return enrolled(desk)


@contextmanager
def holding(desk: Desk, method: str, path: str, quirks: Quirks | None = None) -> Iterator[list[str]]:
    """A server that does what such a request asks for and never answers it; what it did."""
    app = create_app(desk.account, quirks or Quirks())
    done: list[str] = []

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if (scope.get("method"), scope.get("path")) != (method, path):
            await app(scope, receive, send)
            return

        async def swallow(_: Any) -> None:
            """The answer does not leave."""

        await app(scope, receive, swallow)
        done.append(path)
        while (await receive())["type"] != "http.disconnect":
            pass

    with serving(served) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARDIA_ENDPOINT", url)
        yield done


def killed(desk: Desk, method: str, path: str, quirks: Quirks | None = None) -> None:
    """Apply, and kill the process once the server has done what it was asked for."""
    with holding(desk, method, path, quirks) as done:
        words = [*KARDIA_CTL, "apply", str(desk.path), "--auto-approve"]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(words, env=dict(os.environ), **pipes)  # type: ignore[call-overload]
        try:
            until(lambda: done, process)
        finally:
            process.kill()
            process.wait(timeout=LONGEST)
    desk.seen = len(desk.account.requests.all())
    assert departed(desk) == {}


def test_a_deletion_of_a_run_that_died_is_sent_again_and_its_404_is_the_answer(
    desk: Desk, leaver: str
) -> None:
    desk.write(leaving())
    killed(desk, "DELETE", f"/v1/patients/{leaver}")
    assert [patient.mrn for patient in desk.account.patients.all()] == ["ST-1"]
    ran = desk.apply()
    assert (ran.code, ran.requests.count(DELETE), "delete" in departed(desk)[leaver]) == (0, 1, True)
    assert desk.plan("--detailed-exitcode").code == 0


def test_a_deletion_of_a_run_that_died_is_not_taken_for_done_while_the_patient_is_there(
    desk: Desk, leaver: str
) -> None:
    """The deletion is slow, and a replica that is behind answers 404 to the second one."""
    desk.write(leaving())
    slow = Quirks(delete_delay=3600)
    killed(desk, "DELETE", f"/v1/patients/{leaver}", slow)
    with meddled(desk, Once("DELETE", f"/v1/patients/{leaver}", 404, times=9), quirks=slow):
        ran = desk.apply()
    assert (ran.code, departed(desk)) == (1, {})


@pytest.mark.parametrize("action", ["delete", "disconnect"])
def test_a_404_is_no_answer_to_a_departure_that_was_never_sent(desk: Desk, leaver: str, action: str) -> None:
    never_sent(desk, leaver, action)


def never_sent(desk: Desk, leaver: str, action: str) -> None:
    method, end = ("DELETE", "") if action == "delete" else ("POST", "/disconnect")
    desk.write(leaving(action=action))
    missing = Once(method, f"/v1/patients/{leaver}{end}", 404, times=9)
    hidden = Once("GET", f"/v1/patients/{leaver}", 404, times=9, skip=1)
    with meddled(desk, missing, hidden):
        ran = desk.apply()
    assert (ran.code, missing.left, departed(desk)) == (1, 8, {})


def test_where_any_404_ends_a_deletion_it_is_recorded_unsent(desk: Desk, leaver: str) -> None:
    with removed(departing, "deletion_in_doubt", lambda *_: True), pytest.raises(AssertionError):
        never_sent(desk, leaver, "delete")


def test_a_disconnect_of_a_run_that_died_is_sent_again(desk: Desk, leaver: str) -> None:
    desk.write(leaving(action="disconnect"))
    desk.account.connections.connect(leaver)
    killed(desk, "POST", f"/v1/patients/{leaver}/disconnect")
    ran = desk.apply()
    assert (ran.code, ran.requests.count(DISCONNECT)) == (0, 1)
    assert departed(desk) == {leaver: frozenset({"disconnect"})}


def test_a_disconnect_of_a_run_that_died_is_sent_again_in_pro(desk: Desk) -> None:
    pro_leaver(desk)
    killed(desk, "POST", "/e/v1/disconnection")
    ran = desk.apply()
    assert (ran.code, ran.requests.count(PRO_DISCONNECT)) == (0, 1)
    assert departed(desk) == {"AC-001": frozenset({"disconnect"})}


def test_an_export_of_a_run_that_died_is_not_sent_again_and_nothing_is_deleted_before_it(
    desk: Desk, leaver: str
) -> None:
    desk.write(leaving(", export: true"))
    killed(desk, "GET", f"/v1/patients/{leaver}/export")
    ran = desk.apply()
    assert (ran.code, EXPORT in ran.requests, DELETE in ran.requests) == (1, False, False)
    assert "in doubt: the export was requested" in ran.out
    desk.write(leaving(", export: true, exported: 2026-03-09"))
    assert desk.apply().requests.count(DELETE) == 1
