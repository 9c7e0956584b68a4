"""Users, exports and counts of v1, and every endpoint of pro that the engine sends, as recorded."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.endpoints import base_url_for
from kardia_ctl.api.limits.retry import RetryPolicy
from kardia_ctl.model.configuration import Authorization, Dialect, Region
from kardia_ctl.model.errors import NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from tests.api import conftest
from tests.api.cassettes.test_writes import ANN, JOE, SANDBOX_KEY
from tests.paths import CASSETTES

TEMPLATE: Final = "4qq0q0tSkSKziiUcyjOYbpi9whdo7403"
PASSWORD: Final = "an invented password"
BARE: Final = DesiredPatient("AC/001 ø", "", "", firstname="Jon", lastname="Snow")
WHOLE: Final = DesiredPatient(
    "AC-002", "1970-07-21", "jon+snow@example.com", "Jon", "Snow", "1", phone="555-555-5555"
)
_SECRET: Final = re.compile(
    rb'("(?:password|user_token|connection_code|connectionCode)": ?")(?!scrubbed)[^"]*"'
)


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(CASSETTES / "people")


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return {
        "match_on": ["method", "path", "query", "body"],
        "before_record_request": _scrubbed,
        "before_record_response": _without_tokens,
        "decode_compressed_response": True,
    }


def _scrubbed(request: Any) -> Any:
    request = conftest._as_live(request)
    if "/e/v1/" in request.uri:
        request.uri = request.uri.replace(conftest.LIVE, base_url_for(Region.US, Dialect.PRO))
    if request.body:
        request.body = _SECRET.sub(rb'\1scrubbed"', request.body)
    return request


def _without_tokens(response: dict[str, Any]) -> dict[str, Any]:
    response = conftest._without_secrets(response)
    body = _SECRET.sub(rb'\1scrubbed"', response["body"]["string"])
    return response | {"body": {"string": body}}


def opened(
    endpoint: str, dialect: Dialect, authorization: Authorization = Authorization.BEARER
) -> AbstractAsyncContextManager[Session]:
    return open_session(
        endpoint,
        SANDBOX_KEY,
        dialect=dialect,
        authorization=authorization,
        rng=Random(1),
        policy=RetryPolicy(tries=1),
    )


@pytest.fixture
async def v1(account_endpoint: str, vcr: object) -> AsyncIterator[Session]:
    async with opened(account_endpoint, Dialect.V1) as session:
        yield session


@pytest.fixture
async def pro(account_endpoint: str, vcr: object) -> AsyncIterator[Session]:
    async with opened(account_endpoint, Dialect.PRO) as session:
        yield session


@pytest.mark.vcr
async def test_v1_create_user(v1: Session) -> None:
    patient = await v1.writer().create_patient(JOE)
    assert await v1.writer().create_user(patient.id, JOE.email, "us", PASSWORD) == ""
    live = await v1.reader.patient(patient.id)
    assert live is not None
    assert live.status == "connected"


@pytest.mark.vcr
async def test_v1_create_user_refused(v1: Session) -> None:
    with pytest.raises(NotExecuted) as caught:
        await v1.writer().create_user("nobody", ANN.email, "us", PASSWORD)
    assert caught.value.status == 404
    assert PASSWORD not in str(caught.value)


@pytest.mark.vcr
async def test_v1_export_and_count_of_recordings(v1: Session) -> None:
    patient = await v1.writer().create_patient(ANN)
    assert await v1.reader.recordings(patient.id) == 0
    await v1.writer().export_patient(patient.id)
    with pytest.raises(NotExecuted) as caught:
        await v1.writer().export_patient("nobody")
    assert caught.value.status == 404


@pytest.mark.vcr
@pytest.mark.parametrize("who", [BARE, WHOLE], ids=["required-alone", "every-field"])
async def test_pro_create_participant(pro: Session, who: DesiredPatient) -> None:
    assert await pro.writer().create_patient(who) == LivePatient(who.mrn, who.mrn, dob=who.dob or None)


@pytest.mark.vcr
async def test_pro_create_participant_twice(pro: Session) -> None:
    await pro.writer().create_patient(WHOLE)
    with pytest.raises(NotExecuted) as caught:
        await pro.writer().create_patient(WHOLE)
    assert caught.value.status == 409


@pytest.mark.vcr
async def test_pro_code_user_connection_disconnection(pro: Session) -> None:
    writer = pro.writer()
    await writer.create_patient(WHOLE)
    issued = await writer.issue_code(WHOLE.mrn, WHOLE.mrn, TEMPLATE)
    token = await writer.create_user(WHOLE.mrn, WHOLE.email, "us", PASSWORD)
    assert token
    await writer.redeem(issued.code, token)
    await writer.disconnect(WHOLE.mrn)
    assert pro.counts.writes == 5


@pytest.mark.vcr
async def test_pro_code_refused(pro: Session) -> None:
    with pytest.raises(NotExecuted) as caught:
        await pro.writer().issue_code("nobody", "nobody", TEMPLATE)
    assert caught.value.status == 400


@pytest.mark.vcr
async def test_pro_set_and_get_callback(pro: Session) -> None:
    assert await pro.reader.setting(Kind.CALLBACK) is None
    await pro.writer().set_setting(Kind.CALLBACK, "https://hooks.example.com/kardia?a=b")
    assert await pro.reader.setting(Kind.CALLBACK) == "https://hooks.example.com/kardia?a=b"


@pytest.mark.vcr
async def test_pro_bare_key(account_endpoint: str, vcr: object) -> None:
    async with opened(account_endpoint, Dialect.PRO, Authorization.BARE) as session:
        assert await session.reader.setting(Kind.CALLBACK) is None


def test_no_cassette_of_people_holds_a_token_a_password_or_a_code() -> None:
    files = list(Path(CASSETTES / "people").glob("*.yaml"))
    assert len(files) == 10
    told = "".join(file.read_text("utf-8") for file in files)
    assert PASSWORD not in told
    assert PASSWORD.replace(" ", "%20") not in told
    tokens = re.findall(r'(?:user_token|connection_code|connectionCode|password)\\?": ?\\?"([^"\\]*)', told)
    assert set(tokens) == {"scrubbed"}
