"""doctor shows and writes no value of a patient and no secret, whatever is broken, nor does its report."""

import json
from collections.abc import Iterator

import httpx
import pytest

from kardia_ctl.sandbox.data.values import Hook
from tests.canary.desk import in_memory
from tests.canary.watch import OURS, THEIRS, TOKEN, Watch, declared, fields, watched


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        monkeypatch.setenv("KARDIA_ENDPOINT", "http://127.0.0.1:9")  # no name is looked up
        yield opened


def examined(watch: Watch) -> dict[str, list[dict[str, str]]]:
    report = watch.place / "report.json"
    path = str(watch.desk.path)
    ran = watch.run("doctor", path, "--report", str(report))
    document: dict[str, list[dict[str, str]]] = json.loads(watch.run("doctor", path, "--json").out)
    watch.nothing_in(report.read_bytes(), "the report")
    assert "QZMRN-" not in ran.told + report.read_text() + str(document)
    return document


def test_a_clinic_that_is_well(watch: Watch) -> None:
    assert watch.desk.apply().code == 0
    watch.allowed |= set((watch.desk.path / ".kardia").rglob("*"))
    watch.desk.account.settings.set_callback(Hook.CALLBACK, f"https://hooks.example.com/kardia?token={TOKEN}")
    assert [found for found in examined(watch)["findings"] if found["grade"] == "wrong"] == []


def test_a_configuration_and_a_state_that_are_broken(watch: Watch) -> None:
    assert watch.desk.apply().code == 0
    watch.allowed |= set((watch.desk.path / ".kardia").rglob("*"))
    watch.write("kardia.yaml", declared().replace(OURS[0].dob, "1931-15-17").replace("QZMRN-2", "=QZMRN-2"))
    watch.write("spring.csv", "mrn,dob\nMRN-1,x\n")
    state = watch.desk.state
    state.write_bytes(state.read_bytes()[:5000])
    found = {one["check"]: one for one in examined(watch)["findings"] if one["grade"] == "wrong"}
    assert {"configuration", "state"} <= found.keys()


@pytest.mark.parametrize(
    "body",
    [
        {"patients": THEIRS.__dict__},
        {
            "patients": [THEIRS.__dict__],
            "totalCount": THEIRS.lastname,
            "pageInfo": {THEIRS.email: THEIRS.dob},
        },
        {THEIRS.lastname: [THEIRS.__dict__]},
        [THEIRS.__dict__],
        THEIRS.lastname,
        {"url": f"https://{THEIRS.email}@hooks.example.com/{THEIRS.lastname}?{TOKEN}"},
        {"logs": [{"statusCode": THEIRS.lastname, "eventType": THEIRS.email, "error": THEIRS.firstname}]},
        {"errors": [{"title": THEIRS.lastname, "detail": THEIRS.email}]},
    ],
    ids=["object", "odd count", "odd array", "array", "text", "url", "logs", "errors"],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_answers_of_another_form_that_hold_values(body: object, status: int, watch: Watch) -> None:
    watch.desk.account.patients.add(fields(THEIRS, "QZMRN-4"))
    watch.wire.answer = lambda _: httpx.Response(status, json=body)
    examined(watch)
