"""Recordings: their shape, their lists, their waveforms, and what is said about them."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.data.invented_ecg import DETERMINATIONS, UNITS_PER_MILLIVOLT, Trace
from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields
from kardia_ctl.sandbox.data.waveform import samples
from kardia_ctl.sandbox.quirks import CursorStyle, Naming, Quirks

Connect = Callable[..., httpx.AsyncClient]


def patient(account: Account, mrn: str = "A-1") -> str:
    return account.patients.add(PatientFields(mrn, "2000-07-21", "a@example.com"))


def record(account: Account, **values: Any) -> str:
    owner = values.pop("patient_id", None) or patient(account)
    return account.recordings.add(RecordingFields(owner, **{"duration": 2000} | values)).id


async def test_an_ecg_is_what_the_example_shows(connect: Connect, account: Account) -> None:
    owner = patient(account)
    number = record(
        account,
        patient_id=owner,
        duration=30_000,
        note="Drank coffee, having palpitations.",
        tags=("Low sleep", "At doctors office"),
        leads=6,
        offset_minutes=300,
    )
    answer = (await connect().get(f"/v1/recordings/{number}")).json()
    data = answer.pop("data")
    assert answer == {
        "id": number,
        "patientID": owner,
        "algorithmDetermination": "normal",
        "duration": 30000,
        "heartRate": 65,
        "note": "Drank coffee, having palpitations.",
        "tags": ["Low sleep", "At doctors office"],
        "recordedAt": answer["recordedAt"],
    }
    assert answer["recordedAt"].endswith("+05:00")
    assert datetime.fromisoformat(answer["recordedAt"]).timestamp() == int(account.now())
    six = {"leadII", "leadIII", "AVR", "AVL", "AVF"}
    assert set(data["raw"]["samples"]) == {"leadI"} | six
    assert set(data["enhanced"]["samples"]) == {"lead_I"} | six
    for part in data.values():
        assert (part["frequency"], part["mains_freq"], part["numLeads"]) == (300, 60, 6)
        assert {len(values) for values in part["samples"].values()} == {9000}


async def test_the_fields_may_be_named_as_in_the_table(connect: Connect, account: Account) -> None:
    number = record(account)
    account.patients.set_custom_fields(
        account.patients.all()[0].id, [{"id": "F", "fieldName": "a", "displayName": "b", "fieldValue": "c"}]
    )
    client = connect(Quirks(naming=Naming.TABLE))
    data = (await client.get(f"/v1/recordings/{number}")).json()["data"]
    assert [set(part["samples"]) for part in data.values()] == [{"leadI"}, {"leadI"}]
    assert all("mainsFrequency" in part and "mains_freq" not in part for part in data.values())
    (one,) = (await client.get("/v1/patients", params={"customField": "true"})).json()["patients"]
    assert one["participantCustomFields"] == [
        {"Id": "F", "FieldName": "a", "DisplayName": "b", "FieldValue": "c"}
    ]


@pytest.mark.parametrize("style", list(CursorStyle))
async def test_lists_are_paged_newest_first_and_told_apart(
    connect: Connect, account: Account, clock: ManualClock, style: CursorStyle
) -> None:
    one, other = patient(account, "A-1"), patient(account, "A-2")
    made: dict[str, list[str]] = {"app": [], "station": [], one: [], other: []}
    for place in range(7):
        clock.advance(60)
        owner, station = (one, other)[place % 2], place == 4
        number = record(account, patient_id=owner, screening=station)
        for name in (owner, "station" if station else "app"):
            made[name].insert(0, number)
    client = connect(Quirks(cursor_style=style))
    for path, name in (
        ("/v1/recordings", "app"),
        ("/v1/screening/recordings", "station"),
        (f"/v1/patients/{one}/recordings", one),
        (f"/v1/patients/{other}/recordings", other),
    ):
        found, start, more = [], None, True
        while more:
            params = {"limit": "2"} | ({} if start is None else {"start": start})
            page = (await client.get(path, params=params)).json()
            assert page["totalCount"] == len(made[name])
            found += [recording["id"] for recording in page["recordings"]]
            start, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert found == made[name]


async def test_the_rows_of_lists_are_what_the_examples_show(connect: Connect, account: Account) -> None:
    owner = patient(account)
    record(account, patient_id=owner)
    client = connect()
    (everywhere,) = (await client.get("/v1/recordings")).json()["recordings"]
    (theirs,) = (await client.get(f"/v1/patients/{owner}/recordings")).json()["recordings"]
    assert set(everywhere) - set(theirs) == {"algorithmDetermination"}
    assert set(theirs) == {"id", "patientID", "duration", "heartRate", "note", "recordedAt", "tags"}


@pytest.mark.parametrize("limit", ["0", "501", "x"])
@pytest.mark.parametrize("path", ["/v1/recordings", "/v1/screening/recordings", "/v1/logs"])
async def test_every_list_takes_limits_from_1_to_500(connect: Connect, path: str, limit: str) -> None:
    client = connect()
    assert (await client.get(path, params={"limit": limit})).status_code == 400
    assert (await client.get(path, params={"limit": "500"})).status_code == 200


async def test_what_is_unknown_is_404(connect: Connect) -> None:
    client = connect()
    for path in ("", ".pdf", "/symptoms", "/activity"):
        assert (await client.get(f"/v1/recordings/unknown{path}")).status_code == 404
    assert (await client.post("/v1/recordings/unknown/qt", json={"qt": 1})).status_code == 404
    for path in ("recordings", "summaryReport", "export"):
        assert (await client.get(f"/v1/patients/unknown/{path}")).status_code == 404
    assert (await client.get("/partner/v1/teams/unknown/patient/fields")).status_code == 404


async def test_a_deleted_patients_recordings_go_along(
    connect: Connect, account: Account, clock: ManualClock
) -> None:
    owner = patient(account)
    number = record(account, patient_id=owner)
    client = connect(Quirks(delete_delay=5))
    await client.delete(f"/v1/patients/{owner}")
    assert (await client.get(f"/v1/recordings/{number}")).status_code == 200
    clock.advance(5)
    assert (await client.get(f"/v1/recordings/{number}")).status_code == 404
    assert (await client.get("/v1/recordings")).json()["totalCount"] == 0


# Symptoms, activity, QT


async def test_symptoms_and_activity_are_what_was_said_or_none_specified(
    connect: Connect, account: Account
) -> None:
    said = record(account, symptoms=("Trouble breathing", "Dizzy, light-headed"), activities=("Walking",))
    silent = record(account)
    client = connect()
    symptoms = (await client.get(f"/v1/recordings/{said}/symptoms")).json()["symptoms"]
    assert [one["symptomName"] for one in symptoms] == ["Trouble breathing", "Dizzy, light-headed"]
    assert {one["recordingID"] for one in symptoms} == {said}
    assert set(symptoms[0]) == {"recordingID", "symptomId", "createdAt", "symptomName"}
    (activity,) = (await client.get(f"/v1/recordings/{said}/activity")).json()["activity"]
    assert set(activity) == {"recordingID", "activityLevelID", "createdAt", "name"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", activity["createdAt"])
    (nothing,) = (await client.get(f"/v1/recordings/{silent}/symptoms")).json()["symptoms"]
    (idle,) = (await client.get(f"/v1/recordings/{silent}/activity")).json()["activity"]
    assert (nothing["symptomName"], idle["name"]) == ("None Specified", "None Specified")


async def test_a_qt_measurement_is_answered_as_the_example_shows(connect: Connect, account: Account) -> None:
    number = record(account)
    body = {"qt": 1.45, "rr": 1.21, "qtcb": -5.12, "qtcf": 145, "error": "any", "errorType": "poorQuality"}
    answer = (await connect().post(f"/v1/recordings/{number}/qt", json=body)).json()
    assert answer == {"recordingID": number, **body, "measurementID": answer["measurementID"]}
    assert [json.loads(text) for text in account.recordings.measurements(number)] == [answer]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"qt": 1.45, "rr": 1.21, "qtcb": -5.12, "qtcf": 145}, 200),
        ({"error": "any"}, 400),
        ({"error": "any", "errorType": "unknown"}, 400),
        ({"error": "any", "errorType": "undeterminedRhythm"}, 200),
        ({"error": "any", "errorType": "other"}, 200),
        ({"qt": "1.45"}, 400),
        ({"qt": True}, 400),
        ({}, 400),
        ([], 400),
    ],
)
async def test_a_qt_error_needs_a_type_that_is_known(
    connect: Connect, account: Account, body: Any, status: int
) -> None:
    number = record(account)
    assert (await connect().post(f"/v1/recordings/{number}/qt", json=body)).status_code == status
    assert len(account.recordings.measurements(number)) == (status == 200)


@pytest.mark.parametrize("body", [b"", b"{", b'{"qt": NaN}', b'{"qt": 1, "qt": 2}', b"\xff", b"[" * 50_000])
async def test_what_is_no_json_is_400(connect: Connect, account: Account, body: bytes) -> None:
    path = f"/v1/recordings/{record(account)}/qt"
    headers = {"content-type": "application/json"}
    assert (await connect().post(path, content=body, headers=headers)).status_code == 400


# Waveforms


def peaks(values: list[int]) -> int:
    high = 0.45 * max(values)
    return sum(1 for one, two in pairwise(values) if one < high <= two)


@pytest.mark.parametrize("rate", [45, 65, 120])
def test_there_are_as_many_beats_as_the_heart_rate_says(rate: int) -> None:
    leads = samples(Trace(1, "normal", rate, 60_000, 6), enhanced=True)
    assert abs(peaks(leads["leadII"]) - rate) <= 2


def test_equal_traces_are_equal_and_seeds_differ() -> None:
    trace = Trace(1, "normal", 65, 5000, 6)
    first = samples(trace, enhanced=True)
    samples.cache_clear()
    assert samples(trace, enhanced=True) == first
    assert samples(Trace(2, "normal", 65, 5000, 6), enhanced=True) != first
    assert samples(trace, enhanced=False) != first


def test_six_leads_follow_from_two() -> None:
    leads = samples(Trace(3, "afib", 90, 5000, 6), enhanced=False)
    for one, two, three, avr, avl, avf in zip(*leads.values(), strict=True):
        assert one + three == two
        assert abs(avr + avl + avf) <= 1.5


def test_an_r_wave_is_about_a_millivolt() -> None:
    leads = samples(Trace(1, "normal", 65, 5000, 6), enhanced=True)
    assert 0.9 < max(leads["leadII"]) / UNITS_PER_MILLIVOLT < 1.3


@pytest.mark.parametrize("determination", DETERMINATIONS)
def test_every_determination_has_a_waveform(determination: str) -> None:
    leads = samples(Trace(1, determination, 65, 3000, 1), enhanced=True)
    assert list(leads) == ["leadI"]
    assert len(leads["leadI"]) == 900
