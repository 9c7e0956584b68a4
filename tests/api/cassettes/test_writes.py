"""Every endpoint over exchanges that were recorded from the sandbox.

Record them anew with ``pytest tests/api/cassettes --record-mode=rewrite``: a fresh sandbox serves on
loopback, and its address, the key and the codes are replaced before anything is written.
"""

import re
from collections.abc import AsyncIterator
from random import Random

import pytest

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.model.errors import NotExecuted, Unauthorized
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from tests.paths import CASSETTES

SANDBOX_KEY = "sandbox-key"
JOE = DesiredPatient("JS/20000721 ø", "2000-07-21", "joe+one@example.com", "Joe", "Smith", "1")
ANN = DesiredPatient("0012345", "1999-12-31", "ann@example.com")


_CODE = re.compile(r"\b[A-Z]{4}-[A-Z]{4}-[A-Z]{4}\b")
_API_KEY = re.compile(r"apiKey\W+([\w-]+)")


@pytest.fixture
async def session(account_endpoint: str, vcr: object) -> AsyncIterator[Session]:
    async with open_session(
        account_endpoint,
        SANDBOX_KEY,
        rng=Random(1),
        policy=RetryPolicy(tries=1),
    ) as opened:
        yield opened


@pytest.mark.vcr
async def test_create_patient(session: Session) -> None:
    created = await session.writer().create_patient(JOE)
    assert created.id
    assert (created.mrn, created.dob, created.email) == (JOE.mrn, JOE.dob, JOE.email)
    assert (created.firstname, created.lastname, created.sex) == ("Joe", "Smith", 1)


@pytest.mark.vcr
async def test_create_patient_with_what_is_required_alone(session: Session) -> None:
    created = await session.writer().create_patient(ANN)
    assert (created.mrn, created.dob) == ("0012345", "1999-12-31")


@pytest.mark.vcr
async def test_create_patient_refused(session: Session) -> None:
    with pytest.raises(NotExecuted) as caught:
        await session.writer().create_patient(DesiredPatient("x", "no date", "ann@example.com"))
    assert caught.value.status == 400


@pytest.mark.vcr
async def test_get_patient(session: Session) -> None:
    created = await session.writer().create_patient(JOE)
    live = await session.reader.patient(created.id)
    assert live == LivePatient(created.id, JOE.mrn, JOE.dob, JOE.email, "Joe", "Smith", 1, "none")
    assert await session.reader.patient("nobody") is None


@pytest.mark.vcr
async def test_get_all_patients(session: Session) -> None:
    made = [await session.writer().create_patient(patient) for patient in (JOE, ANN)]
    first = await session.reader.patients(1, None)
    assert (first.total, [patient.id for patient in first.patients]) == (2, [made[1].id])
    second = await session.reader.patients(1, first.next_cursor)
    assert ([patient.id for patient in second.patients], second.next_cursor) == ([made[0].id], None)


@pytest.mark.vcr
async def test_get_connection_templates_and_code(session: Session) -> None:
    template = (await session.reader.templates())[0]
    assert (template.team, template.duration, template.price) == (
        "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah",
        365,
        9.99,
    )
    created = await session.writer().create_patient(JOE)
    issued = await session.writer().issue_code(created.id, JOE.mrn, template.id)
    assert (issued.mrn, issued.template, issued.status) == (JOE.mrn, template.id, "pending")
    assert len(issued.code) == len("LQYP-MSAK-NPJR")


@pytest.mark.vcr
async def test_disconnect_and_delete_patient(session: Session) -> None:
    created = await session.writer().create_patient(JOE)
    await session.writer().disconnect(created.id)
    await session.writer().delete_patient(created.id)
    with pytest.raises(NotExecuted) as caught:
        await session.writer().delete_patient("nobody")
    assert caught.value.status == 404


@pytest.mark.vcr
@pytest.mark.parametrize("kind", [Kind.CALLBACK, Kind.QT_CALLBACK])
async def test_set_and_get_callback(session: Session, kind: Kind) -> None:
    assert await session.reader.setting(kind) is None
    await session.writer().set_setting(kind, "https://hooks.example.com/kardia?a=b&c=d+e")
    assert await session.reader.setting(kind) == "https://hooks.example.com/kardia?a=b&c=d+e"


@pytest.mark.vcr
async def test_add_service_provider(session: Session) -> None:
    await session.writer().add_service_provider(
        "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah", "8sP3SiaFigYoGRKoc4kaf692hmwi"
    )
    assert session.counts.writes == 1


@pytest.mark.vcr
async def test_generate_a_new_key(session: Session) -> None:
    assert await session.renew_key()


@pytest.mark.vcr
async def test_a_wrong_key(account_endpoint: str, vcr: object) -> None:
    async with open_session(account_endpoint, "wrong-key") as session:
        with pytest.raises(Unauthorized):
            await session.reader.templates()


def test_no_cassette_holds_a_secret() -> None:
    texts = {path.name: path.read_text("utf-8") for path in CASSETTES.rglob("*.yaml")}
    assert texts
    for name, text in texts.items():
        assert "authorization" not in text.casefold(), name
        assert SANDBOX_KEY not in text, name
        assert "127.0.0.1" not in text, name
        assert set(_CODE.findall(text)) <= {"SCRU-BBED-CODE"}, name
        assert set(_API_KEY.findall(text)) <= {"scrubbed-key"}, name
