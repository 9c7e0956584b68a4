"""Kind 5, on: answers that are not whole, not certain or say two things keep whoever is to be deleted."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kardia_ctl.api import decode, recordings_answer
from kardia_ctl.api.http import body
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.attacks.meddling import DELETE, LEAVES, STAYS, Once, enrolled, id_of, leaving, meddled
from tests.attacks.people.test_05_certainty import LAST, NONE
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, account, desk

__all__ = ["account", "desk"]  # fixtures

OTHER_SUCCESSES = [201, 202, 203, 205, 206, 207, 226, 299]
PLAIN = '{"id":"%s","mrn":"GO-1","status":"none"}'
PATIENTS = {
    "two statuses": '{"id":"%s","mrn":"GO-1","status":"connected","status":"none"}',
    "two mrns": '{"id":"%s","mrn":"ST-1","mrn":"GO-1","status":"none"}',
    "two ids": '{"id":"other","id":"%s","mrn":"GO-1","status":"none"}',
    "a status in other letters": '{"id":"%s","mrn":"GO-1","Status":"connected","status":"none"}',
    "a repeated key further down": '{"id":"%s","mrn":"GO-1","status":"none","team":{"a":1,"a":2}}',
    "an error beside it": '{"id":"%s","mrn":"GO-1","status":"none","error":"a stale copy"}',
    "no success": '{"id":"%s","mrn":"GO-1","status":"none","success":false}',
    "an envelope": '{"data":{"id":"%s","mrn":"GO-1","status":"none"}}',
    "a list": '[{"id":"%s","mrn":"GO-1","status":"none"}]',
    "a list of statuses": '{"id":"%s","mrn":"GO-1","status":["none"]}',
    "no status": '{"id":"%s","mrn":"GO-1"}',
    "two documents": '{"id":"%s","mrn":"GO-1","status":"none"}{"status":"connected"}',
    "a status with more": '{"id":"%s","mrn":"GO-1","status":"none\\u0000"}',
    "not a number": '{"id":"%s","mrn":"GO-1","status":"none","sex":NaN}',
}
RECORDINGS: dict[str, object] = {
    "an error in a word": NONE | {"error": "not available now"},
    "a message": NONE | {"message": "try again later"},
    "a status": NONE | {"status": "partial"},
    "no success": NONE | {"success": False},
    "an earlier page": NONE | {"pageInfo": LAST | {"hasPreviousPage": True}},
    "the cursor of a last one": NONE | {"pageInfo": LAST | {"endCursor": "ZW5k"}},
    "the cursor of a first one": NONE | {"pageInfo": LAST | {"startCursor": "c3Rh"}},
    "a count among the pages": NONE | {"pageInfo": LAST | {"totalCount": 4}},
    "more than there are numbers": f'{{"totalCount": {"9" * 5000}, "recordings": [], "pageInfo": {{}}}}',
    "a number too large beside it": json.dumps(NONE)[:-1] + f', "x": {"9" * 5000}}}',
    "a count of nothing as a power": json.dumps(NONE).replace("0", "0e5", 1),
    "no end of brackets": json.dumps(NONE)[:-1] + f', "x": {"[" * 900}{"]" * 900}}}',
    "two next pages": json.dumps(NONE).replace('"hasNextPage"', '"hasNextPage": true, "hasNextPage"'),
    "a next page in other letters": NONE | {"pageInfo": LAST | {"HasNextPage": True}},
    "two documents": json.dumps(NONE) * 2,
}


@pytest.fixture
def leaver(desk: Desk) -> str:
    return enrolled(desk)


def is_kept(desk: Desk, leaver: str, end: str, status: int, answer: object, skip: int = 0) -> None:
    """With such answers to a read nobody is deleted, and the run says so."""
    desk.write(leaving())
    with meddled(desk, Once("GET", f"/v1/patients/{leaver}{end}", status, answer, times=9, skip=skip)):
        ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)
    assert leaver in {patient.id for patient in desk.account.patients.all()}
    assert "Internal error" not in ran.err


@pytest.mark.parametrize("name", PATIENTS)
def test_a_patient_who_is_not_certainly_that_one_is_kept(desk: Desk, leaver: str, name: str) -> None:
    is_kept(desk, leaver, "", 200, PATIENTS[name].replace("%s", leaver))


@pytest.mark.parametrize("status", OTHER_SUCCESSES)
def test_a_patient_whose_read_has_another_status_is_kept(desk: Desk, leaver: str, status: int) -> None:
    is_kept(desk, leaver, "", status, PLAIN.replace("%s", leaver))


@pytest.mark.parametrize("skip", [0, 1], ids=["planning", "the last look"])
@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_that_are_not_certainly_none_keep_the_patient(
    desk: Desk, leaver: str, name: str, skip: int
) -> None:
    is_kept(desk, leaver, "/recordings", 200, RECORDINGS[name], skip)


@pytest.mark.parametrize("status", OTHER_SUCCESSES)
def test_recordings_under_another_status_keep_the_patient(desk: Desk, leaver: str, status: int) -> None:
    is_kept(desk, leaver, "/recordings", status, NONE)


@contextmanager
def compressed(desk: Desk, path: str, sent: bytes, encoding: str = "gzip") -> Iterator[None]:
    """A server that answers one path with these bytes in that encoding."""
    app = create_app(desk.account, Quirks())

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != path:
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-encoding", encoding.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": sent})

    with serving(served) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARDIA_ENDPOINT", url)
        yield


def _none() -> bytes:
    return json.dumps(NONE).encode()


ENCODED: dict[str, tuple[Callable[[], bytes], str]] = {
    "two members": (lambda: gzip.compress(_none()) + gzip.compress(b'{"totalCount": 3}'), "gzip"),
    "something after its end": (lambda: gzip.compress(_none()) + b"and more", "gzip"),
    "another sum": (lambda: gzip.compress(_none())[:-8] + bytes(8), "gzip"),
    "twice": (lambda: gzip.compress(gzip.compress(_none())), "gzip, gzip"),
    "an encoding that was not asked for": (_none, "br"),
    "not compressed at all": (_none, "gzip"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_recordings_in_an_odd_encoding_keep_the_patient(desk: Desk, leaver: str, name: str) -> None:
    encoded, encoding = ENCODED[name]
    desk.write(leaving())
    with compressed(desk, f"/v1/patients/{leaver}/recordings", encoded(), encoding):
        ran = desk.apply()
    assert (ran.code, DELETE in ran.requests) == (1, False)


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_recordings_in_a_plain_encoding_are_counted(
    desk: Desk, leaver: str, encode: Callable[[bytes], bytes]
) -> None:
    desk.write(leaving())
    with compressed(desk, f"/v1/patients/{leaver}/recordings", encode(_none())):
        assert desk.apply().requests.count(DELETE) == 1


def test_a_confirmation_is_about_its_own_entry(desk: Desk) -> None:
    desk.write(f"version: 1\npatients:\n{LEAVES}{STAYS}")
    assert desk.apply().code == 0
    kept, second = (
        id_of(desk.account),
        "  - {mrn: ST-1, action: delete, reason: x, confirm: has-recordings}\n",
    )
    desk.write(leaving().replace(f"patients:\n{STAYS}", "") + second)
    for patient in desk.account.patients.all():
        desk.account.connections.connect(patient.id)
    ran = desk.apply()
    assert (ran.code, ran.requests.count(DELETE)) == (1, 1)
    assert [patient.id for patient in desk.account.patients.all()] == [kept]


def uncertain(_: object) -> None:
    """What is said twice, or in part, counts."""


def test_without_certain_answers_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    with removed(decode, "check_certain", uncertain), pytest.raises(AssertionError):
        is_kept(desk, leaver, "", 200, PATIENTS["two statuses"].replace("%s", leaver))


def test_without_whole_answers_the_attack_succeeds(desk: Desk, leaver: str) -> None:
    with removed(recordings_answer, "check_certain", uncertain), pytest.raises(AssertionError):
        is_kept(desk, leaver, "/recordings", 206, NONE)


def test_without_the_end_of_a_body_its_first_part_counts(desk: Desk, leaver: str) -> None:
    def first(_: str) -> Callable[[bytes, int], bytes]:
        return lambda chunk, _: zlib.decompressobj(47).decompress(chunk)

    desk.write(leaving())
    two = ENCODED["two members"][0]()
    lenient = removed(body, "_decompressor", lambda name: first(name) if name else lambda chunk, _: chunk)
    with lenient, compressed(desk, f"/v1/patients/{leaver}/recordings", two):
        assert DELETE in desk.apply().requests
