"""What strangers post to the listener, and what the API answers then: nothing of it is seen anywhere."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, Final

import httpx
import pytest

from kardia_ctl.cli.webhooks.receiver import bound
from tests.canary.desk import in_memory
from tests.canary.watch import OURS, THEIRS, Watch, watched

PATH: Final = "/hooks/qzpath-7713"
PATIENT: Final = "qzpatient-8841-unknown"
POSTS: Final[tuple[tuple[str, bytes, int], ...]] = tuple(
    (path, body if isinstance(body, bytes) else json.dumps(body).encode(), status)
    for path, body, status in (
        (
            PATH,
            {"eventType": "participantConnected", "patientId": PATIENT, "customParticipantId": "QZMRN-1"},
            200,
        ),
        (
            PATH,
            {"eventType": "participantConnected", "patientId": "x", "customParticipantId": THEIRS.lastname},
            200,
        ),
        (
            PATH,
            {"eventType": "participantDisconnected", "customParticipantId": "QZMRN-2", "dob": OURS[1].dob},
            200,
        ),
        (PATH, {"eventType": THEIRS.email, "patientId": PATIENT}, 200),
        (PATH, {"eventType": "newVendorSpecificInterpretation", "remarks": THEIRS.firstname}, 200),
        (PATH, f'{{"eventType": "{THEIRS.lastname}'.encode(), 400),
        (PATH, [OURS[0].email], 400),
        (f"/{OURS[0].email}", b"", 404),
    )
)


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        opened.scanner.add("the path", PATH.rpartition("/")[2])
        opened.scanner.add("the id that was posted", PATIENT)
        opened.apply()
        yield opened


def free_port() -> int:
    with bound("127.0.0.1", 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def post(port: int, path: str, body: bytes) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body)
        return connection.getresponse().status
    finally:
        connection.close()


def shown() -> str:
    """What the command has printed so far; nothing before it runs."""
    stream: Any = sys.stdout
    written = getattr(stream.buffer, "getvalue", bytes)
    stream.flush()
    return bytes(written()).decode()


@contextmanager
def posting(port: int) -> Iterator[list[int]]:
    """Post everything as soon as the funnel was printed, then end the listener as Ctrl-C does."""
    statuses: list[int] = []

    def work() -> None:
        try:
            deadline = time.monotonic() + 30
            while '"timestamp"' not in shown() and "As of " not in shown() and time.monotonic() < deadline:
                time.sleep(0.02)
            statuses.extend(post(port, path, body) for path, body, _ in POSTS)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield statuses
    finally:
        thread.join()


def wrong(status: int) -> Callable[[httpx.Request], httpx.Response | None]:
    """An API that quotes patients in its errors, when one is read by id."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.startswith("/v1/patients/"):
            return None
        return httpx.Response(status, json={"errors": [{"detail": f"{THEIRS.lastname} {PATIENT}"}]})

    return answer


@pytest.mark.parametrize("status", [None, 400, 500, 200], ids=("right", "refused", "outage", "nonsense"))
@pytest.mark.parametrize("form", [(), ("--json",)], ids=("lines", "json"))
def test_what_was_posted_and_what_was_answered_is_seen_nowhere(
    watch: Watch, form: tuple[str, ...], status: int | None
) -> None:
    port, page = free_port(), watch.place / "status.html"
    if status is not None:
        watch.wire.answer = wrong(status)
    words = ("--listen", str(port), "--path", PATH, "--html", str(page), *form)
    with posting(port) as statuses:
        ran = watch.run("status", str(watch.desk.path), *words)
    assert statuses == [expected for _, _, expected in POSTS]
    assert ran.code == 0, ran.told
    assert ("could not be read" in ran.err) is (status is not None)
    assert page.exists()
    assert "QZMRN-" not in ran.told
