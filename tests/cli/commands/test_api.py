"""``api`` and ``recordings qt``: effects are asked about, sent once, and told however they are written."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.commands.api import is_effect, make_call
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import TEMPLATES
from kardia_ctl.sandbox.data.values import Patient
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk


@pytest.fixture
def nowhere(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk.account.patients.seed(3)
    monkeypatch.chdir(tmp_path)
    return desk


@pytest.fixture
def person(nowhere: Desk) -> Patient:
    return nowhere.account.patients.all()[0]


def test_a_read_prints_its_body_as_it_came(nowhere: Desk, person: Patient) -> None:
    for words in (
        ("/v1/patients?limit=1",),
        ("v1/patients", "-f", "limit=1"),
        ("v1/patients", "-F", "limit=1"),
    ):
        ran = nowhere.run("api", "get", *words)
        assert (ran.code, ran.err) == (0, "")
        assert len(json.loads(ran.out)["patients"]) == 1
        assert ran.requests == ["GET /v1/patients"]


def test_pages_are_joined_to_one_array(nowhere: Desk) -> None:
    ran = nowhere.run("api", "GET", "/v1/patients", "-f", "limit=1", "--paginate")
    assert len(json.loads(ran.out)) == 3
    assert len(ran.requests) == 3
    ran = nowhere.run("api", "GET", "/v1/patients", "--paginate", "--out", "all.json")
    assert (ran.out, len(ran.requests)) == ("", 1)
    assert len(json.loads(Path("all.json").read_text())) == 3


def test_an_error_prints_its_body_and_is_explained(nowhere: Desk) -> None:
    ran = nowhere.run("api", "GET", "/v1/patients/nobody")
    assert ran.code == 1
    assert json.loads(ran.out)["errors"][0]["status"] == "404"
    assert ran.err.startswith("Error: GET /v1/patients/nobody: 404 Not Found")


FIELDS = ("-f", "mrn=A=B", "-f", "dob=2000-01-01", "-f", "email=a@example.com", "-F", "sex=1")


def test_fields_are_a_form_that_is_sent_once_and_only_with_a_yes(nowhere: Desk) -> None:
    ran = nowhere.run("api", "POST", "/v1/patients", *FIELDS)
    assert (ran.code, ran.requests) == (1, [])
    assert "--auto-approve" in ran.err
    ran = nowhere.run("api", "POST", "/v1/patients", *FIELDS, "--auto-approve")
    assert (ran.code, ran.requests) == (0, ["POST /v1/patients"])
    assert (json.loads(ran.out)["mrn"], json.loads(ran.out)["sex"]) == ("A=B", 1)


def test_a_lost_answer_is_in_doubt_and_is_not_sent_again(
    nowhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = FaultRule(FaultKind.UNAVAILABLE, Moment.AFTER, methods=frozenset({"POST"}), times=9)
    with serving(create_app(nowhere.account, Quirks(), Faults((fault,)))) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        ran = nowhere.run("api", "POST", "/v1/patients", *FIELDS, "--auto-approve")
    assert (ran.code, ran.requests) == (1, ["POST /v1/patients"])
    assert "it may have taken effect" in ran.err


def test_reads_are_tried_again(nowhere: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kardia_ctl.api.limits.retry.RetryPolicy.wait", lambda *_: 0.0)
    fault = FaultRule(FaultKind.DROPPED, methods=frozenset({"GET"}), times=2)
    with serving(create_app(nowhere.account, Quirks(), Faults((fault,)))) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        ran = nowhere.run("api", "GET", "/v1/patients")
    assert (ran.code, len(ran.requests)) == (0, 3)


def test_reads_that_are_effects_want_a_yes(nowhere: Desk, person: Patient) -> None:
    path = f"/v1/patients/{person.id}/code"
    for form in (
        path,
        f"{path}/",
        f"/v1//patients/{person.id}/%63ode",
        f"{path}?template_id={TEMPLATES[0].id}",
    ):
        ran = nowhere.run("api", "GET", form)
        assert (ran.code, ran.requests) == (1, [])
    assert not nowhere.account.connections.codes()
    assert nowhere.run("api", "GET", f"/v1/patients/{person.id}/export").requests == []
    ran = nowhere.run("api", "GET", path, "-f", f"template_id={TEMPLATES[0].id}", "--auto-approve")
    assert (ran.code, len(nowhere.account.connections.codes())) == (0, 1)


@pytest.mark.parametrize(
    "path",
    ["/v1/patients/x/code", "/v1/patients/x/EXPORT", "/a/%2563ode/../code", "/v1/x/code//", "x/code?a=b"],
)
def test_an_effect_is_told_however_it_is_written(path: str) -> None:
    assert is_effect("GET", path)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_that_writes_is_an_effect(method: str) -> None:
    assert is_effect(method, "/v1/patients")


@pytest.mark.parametrize("path", ["/v1/apikey", "/v1/apikey/new", "/v1//APIKEY/new/", "v1/%61pikey/new"])
def test_what_gives_out_a_key_has_a_command_of_its_own(nowhere: Desk, path: str) -> None:
    ran = nowhere.run("api", "POST", path, "--auto-approve")
    assert (ran.code, ran.requests) == (1, [])
    assert "kardia-ctl" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("/v1/patients/../apikey/new",),
        ("/v1/%2e%2e/x",),
        ("/v1/./x",),
        ("https://elsewhere.example.com/v1",),
        ("/v1/x#y",),
        ("/v1/x\n",),
        ("/v1", "-f", "=x"),
        ("/v1", "-f", "x"),
        ("/v1", "-F", "x=nothing"),
        ("/v1", "-F", "x=@no-such-file"),
        ("/v1", "-H", "Authorization: Basic x"),
        ("/v1", "-H", "Host: elsewhere.example.com"),
        ("/v1", "-H", "no header"),
        ("/v1", "-H", "X: a\r\nY: b"),
    ],
)
def test_what_cannot_be_meant_is_not_sent(nowhere: Desk, words: tuple[str, ...]) -> None:
    for method in ("GET", "POST"):
        ran = nowhere.run("api", method, *words, "--auto-approve")
        assert (ran.code, ran.requests) == (1, [])
        assert "Error: " in ran.err


def made(*fields: tuple[str, Any], headers: tuple[str, ...] = (), json_bodies: bool = False) -> Any:
    return make_call("POST", "/v1/x", fields, headers, None, json_bodies=json_bodies).content


def test_bodies_are_forms_in_v1_and_json_in_pro_or_when_a_header_says_so() -> None:
    assert made(("a", "b c"), ("n", 1), ("t", True)) == (
        "application/x-www-form-urlencoded",
        b"a=b%20c&n=1&t=true",
    )
    wanted = ("application/json", b'{"a": "b c", "n": 1}')
    assert made(("a", "b c"), ("n", 1), json_bodies=True) == wanted
    assert made(("a", "b c"), ("n", 1), headers=("Content-Type: application/json",)) == wanted
    assert made() is None


def test_a_body_comes_from_a_file_or_stdin(nowhere: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "mrn=F&dob=2000-01-01&email=f%40example.com"
    Path("body").write_text(text)
    assert nowhere.run("api", "POST", "/v1/patients", "--input", "body", "--auto-approve").code == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.replace("F", "G").encode())))
    assert nowhere.run("api", "POST", "/v1/patients", "--input", "-", "--auto-approve").code == 0
    assert {"F", "G"} <= {one.mrn for one in nowhere.account.patients.all()}


def test_two_bodies_are_one_too_many() -> None:
    with pytest.raises(RunStopped, match="both give a body"):
        make_call("POST", "/v1/x", [("a", "b")], (), io.BytesIO())
    with pytest.raises(RunStopped, match="no body"):
        make_call("GET", "/v1/x", (), (), io.BytesIO())


def test_a_field_may_be_the_text_of_a_file(nowhere: Desk) -> None:
    Path("mrn").write_text("FROM-FILE\n")
    words = ("-F", "mrn=@mrn", *FIELDS[2:])
    assert nowhere.run("api", "POST", "/v1/patients", *words, "--auto-approve").code == 0
    assert "FROM-FILE" in {one.mrn for one in nowhere.account.patients.all()}


def test_pro_takes_json(nowhere: Desk) -> None:
    words = ("-f", "customParticipantID=P-1", "-f", "firstName=A", "-f", "lastName=B")
    ran = nowhere.run("api", "POST", "/e/v1/participants", *words, "--dialect", "pro", "--auto-approve")
    assert (ran.code, json.loads(ran.out)["customParticipantID"]) == (0, "P-1")


# recordings qt


@pytest.fixture
def recording(nowhere: Desk, person: Patient) -> str:
    from kardia_ctl.sandbox.data.values import RecordingFields

    return nowhere.account.recordings.add(RecordingFields(person.id, duration=1000)).id


def test_a_qt_measurement_is_recorded_once_with_a_yes(nowhere: Desk, recording: str) -> None:
    words = ("recordings", "qt", recording, "--qt", "1.45", "--qtcb", "-5.12", "--json")
    ran = nowhere.run(*words)
    assert (ran.code, ran.requests) == (1, [])
    ran = nowhere.run(*words, "--auto-approve")
    assert (ran.code, ran.requests) == (0, ["POST /v1/recordings/{id}/qt"])
    found = json.loads(ran.out)
    assert (found["recordingID"], found["qt"], found["qtcb"]) == (recording, 1.45, -5.12)
    assert found["measurementID"]


@pytest.mark.parametrize("kind", ["poorQuality", "undeterminedRhythm", "other"])
def test_an_error_has_a_type(nowhere: Desk, recording: str, kind: str) -> None:
    words = ("recordings", "qt", recording, "--error", "no T wave", "--auto-approve")
    ran = nowhere.run(*words)
    assert (ran.code, ran.requests) == (1, [])
    assert "--error-type" in ran.err
    assert nowhere.run(*words, "--error-type", kind).code == 0


@pytest.mark.parametrize(
    "words",
    [(), ("--qt", "nan"), ("--qt", "inf"), ("--error-type", "other"), ("--qt", "1", "--dialect", "pro")],
)
def test_what_is_no_measurement_is_not_sent(nowhere: Desk, recording: str, words: tuple[str, ...]) -> None:
    ran = nowhere.run("recordings", "qt", recording, *words, "--auto-approve")
    assert (ran.code, ran.requests) == (1, [])


def test_a_measurement_of_nothing_was_not_made(nowhere: Desk) -> None:
    ran = nowhere.run("recordings", "qt", "nothing", "--qt", "1", "--auto-approve")
    assert ran.code == 1
    assert "it was not executed" in ran.err
