"""What ``get``, ``recordings qt`` and ``login`` send, over exchanges that were recorded from the sandbox.

Record them anew with ``make cassettes``: a fresh sandbox with a few invented people serves on loopback.
"""

from collections.abc import AsyncIterator, Iterator
from random import Random

import pytest

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.api.records import record_endpoints as listings
from kardia_ctl.api.records.decode_rows import Row
from kardia_ctl.api.records.record_endpoints import Listing
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.errors import ApiError
from kardia_ctl.render.records.ecg import read_ecg

LIVE = "https://api.kardia.com"
KEY = "sandbox-key"
TEAM = "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah"
LOGIN = ("dev@example.com", "invented-password")


@pytest.fixture
def account_endpoint(record_mode: str) -> Iterator[str]:
    """Where the account is: a fresh sandbox with people in it while recording, else as on the cassettes."""
    if record_mode == "none":
        yield LIVE
        return
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.app import create_app
    from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields
    from kardia_ctl.sandbox.server import serving

    with Account(":memory:", seed=1) as account:
        people = [
            account.patients.add(
                PatientFields(f"GET-{number}", "1970-03-12", "joe@example.com", "Joe", "Smith", 1)
            )
            for number in (1, 2, 3)
        ]
        fields = [{"id": "f1", "fieldName": "steps", "displayName": "STEPS", "fieldValue": "10"}]
        account.patients.set_custom_fields(people[2], fields)
        for leads in (1, 6):
            draft = RecordingFields(
                people[2], duration=400, note="Drank coffee.", tags=("Low sleep",), leads=leads
            )
            account.recordings.add(draft)
        account.recordings.add(RecordingFields(people[1], duration=400, screening=True))
        with serving(create_app(account)) as url:
            yield url


@pytest.fixture
async def session(account_endpoint: str, vcr: object) -> AsyncIterator[Session]:
    async with open_session(account_endpoint, KEY, rng=Random(1), policy=RetryPolicy(tries=1)) as opened:
        yield opened


@pytest.fixture
async def pro(account_endpoint: str, vcr: object) -> AsyncIterator[Session]:
    async with open_session(
        account_endpoint,
        KEY,
        dialect=Dialect.PRO,
        rng=Random(1),
        policy=RetryPolicy(tries=1),
    ) as opened:
        yield opened


async def rows(session: Session, listing: Listing, *ids: str, custom: bool = False) -> list[Row]:
    return [row async for page in session.records().pages(listing, ids, custom=custom) for row in page.rows]


async def newest(session: Session) -> str:
    return str((await rows(session, listings.RECORDINGS))[0]["id"])


@pytest.mark.vcr
async def test_list_patients_with_custom_fields(session: Session) -> None:
    found = await rows(session, listings.PATIENTS, custom=True)
    assert [row["mrn"] for row in found] == ["GET-3", "GET-2", "GET-1"]
    assert [one["fieldName"] for one in found[0]["participantCustomFields"]] == ["steps"]


@pytest.mark.vcr
async def test_read_patient_with_custom_fields(session: Session) -> None:
    listed = (await rows(session, listings.PATIENTS))[0]
    assert "participantCustomFields" not in listed
    found = await session.records().patient(listed["id"], custom=True)
    assert found is not None
    assert found["participantCustomFields"][0]["fieldValue"] == "10"
    assert await session.records().patient("nobody") is None


@pytest.mark.vcr
async def test_list_recordings_of_all_and_of_one(session: Session) -> None:
    everybodys = await rows(session, listings.RECORDINGS)
    assert len(everybodys) == 2
    whose = everybodys[0]["patientID"]
    assert await rows(session, listings.RECORDINGS_OF_PATIENT, whose)
    assert len(await rows(session, listings.SCREENING)) == 1


@pytest.mark.vcr
async def test_read_recording(session: Session) -> None:
    ecg = read_ecg(await session.records().recording(await newest(session)))
    assert (ecg.unit, ecg.frequency, len(ecg.leads), len(ecg.leads[0].samples)) == ("mV", 300, 6, 120)


@pytest.mark.vcr
async def test_read_recording_pdf(session: Session) -> None:
    assert (await session.records().pdf(await newest(session))).startswith(b"%PDF-")
    with pytest.raises(ApiError, match="404"):
        await session.records().pdf("nothing")


@pytest.mark.vcr
async def test_read_summary_report(session: Session) -> None:
    whose = (await rows(session, listings.PATIENTS))[0]["id"]
    query = {"startTime": "2021-03-15T15:04:05Z", "endTime": "2021-04-07T15:04:05Z", "dateFormat": "iso"}
    assert (await session.records().report(whose, query)).startswith(b"%PDF-")


@pytest.mark.vcr
async def test_list_symptoms_and_activity(session: Session) -> None:
    recording = await newest(session)
    assert (await rows(session, listings.SYMPTOMS, recording))[0]["symptomName"] == "None Specified"
    assert (await rows(session, listings.ACTIVITY, recording))[0]["name"] == "None Specified"


@pytest.mark.vcr
async def test_list_logs(session: Session) -> None:
    assert await rows(session, listings.LOGS) == []


@pytest.mark.vcr
async def test_list_templates_teams_and_fields(session: Session) -> None:
    assert (await rows(session, listings.TEMPLATES))[0]["teamID"] == TEAM
    assert (await rows(session, listings.TEAMS))[0]["id"] == TEAM
    assert "firstName" in {row["fieldName"] for row in await rows(session, listings.FIELDS, TEAM)}


@pytest.mark.vcr
async def test_record_qt(session: Session) -> None:
    values: dict[str, str | float] = {
        "qt": 1.45,
        "rr": 1.21,
        "qtcb": -5.12,
        "qtcf": 145,
        "error": "any",
        "errorType": "poorQuality",
    }
    found = await session.add_qt(await newest(session), values)
    assert found["measurementID"]
    assert {name: found[name] for name in values} == values


@pytest.mark.vcr
async def test_get_a_key_for_a_login(account_endpoint: str, vcr: object) -> None:
    async with open_session(account_endpoint, "") as session:
        assert await session.create_key(*LOGIN)


@pytest.mark.vcr
async def test_pro_reads_recording_and_pdf(session: Session, pro: Session) -> None:
    recording = await newest(session)
    found = await pro.records().recording(recording)
    assert found["customParticipantID"] == "GET-3"
    assert read_ecg(found).unit == "ADC units"
    assert (await pro.records().pdf(recording)).startswith(b"%PDF-")
