"""The client against the sandbox, in the process and on a port, with its faults on."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import httpx
import pytest

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.http.connections import ConnectionOptions
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Unauthorized
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import Sandbox, create_app
from kardia_ctl.sandbox.data.invented import API_KEY, LOGIN_EMAIL, LOGIN_PASSWORD
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.quirks import (
    CreateStatus,
    DataController,
    ListEnvelope,
    Quirks,
    UnsetCallback,
    UnsetField,
)
from kardia_ctl.sandbox.server import serving

JOE = DesiredPatient("JS-1", "2000-07-21", "joe@example.com")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    account = Account(":memory:", seed=1)
    yield create_app(account)
    account.close()


@pytest.fixture(params=["in the process", "on a port"])
async def session(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Session]:
    async def sleep(_: float) -> None:
        return None

    options: dict[str, Any] = {"sleep": sleep, "rng": Random(1), "options": ConnectionOptions(read=5.0)}
    if request.param == "in the process":
        transport = httpx.ASGITransport(sandbox)
        async with open_session("http://localhost", API_KEY, http_transport=transport, **options) as opened:
            yield opened
        return
    with serving(sandbox) as url:
        async with open_session(url, API_KEY, **options) as opened:
            yield opened


LOST = [
    FaultRule(FaultKind.DROPPED, Moment.AFTER),
    FaultRule(FaultKind.DROPPED, Moment.BEFORE),
    FaultRule(FaultKind.TRUNCATED),
    FaultRule(FaultKind.UNAVAILABLE, Moment.AFTER),
    FaultRule(FaultKind.UNAVAILABLE, Moment.BEFORE, retry_after="0"),
    FaultRule(FaultKind.HTML, Moment.AFTER, status=200),
    FaultRule(FaultKind.HTML, Moment.BEFORE, status=502),
    FaultRule(FaultKind.REDIRECT),
    FaultRule(FaultKind.LATE_COMMIT, seconds=0.0),
]


def _name(fault: FaultRule) -> str:
    return f"{fault.name}-{fault.status}"


@pytest.mark.parametrize("fault", LOST, ids=_name)
async def test_a_create_that_meets_a_fault_arrives_once_and_is_in_doubt(
    session: Session, sandbox: Sandbox, fault: FaultRule
) -> None:
    sandbox.faults = Faults((fault,))
    with pytest.raises(InDoubt):
        await session.writer().create_patient(JOE)
    assert session.counts.writes == 1
    sandbox.faults = Faults()
    assert len((await session.reader.patients(500, None)).patients) <= 1


@pytest.mark.parametrize("fault", LOST, ids=_name)
async def test_a_repeatable_write_survives_two_faults(
    session: Session, sandbox: Sandbox, fault: FaultRule
) -> None:
    from dataclasses import replace

    sandbox.faults = Faults((replace(fault, times=2),))
    await session.writer().set_setting(Kind.CALLBACK, "https://hooks.example.com/")
    assert session.counts.writes == 3
    assert await session.reader.setting(Kind.CALLBACK) == "https://hooks.example.com/"


async def test_a_throttled_create_gets_through_and_is_made_once(session: Session, sandbox: Sandbox) -> None:
    sandbox.faults = Faults((FaultRule(FaultKind.THROTTLED, times=4, retry_after="1"),))
    created = await session.writer().create_patient(JOE)
    assert session.counts.writes == 5
    assert [patient.id for patient in (await session.reader.patients(500, None)).patients] == [created.id]


async def test_reads_get_through_a_third_of_faults(session: Session, sandbox: Sandbox) -> None:
    await session.writer().create_patient(JOE)
    kinds = (FaultKind.DROPPED, FaultKind.UNAVAILABLE, FaultKind.TRUNCATED, FaultKind.THROTTLED)
    sandbox.faults = Faults(tuple(FaultRule(kind, probability=0.09) for kind in kinds), seed=3)
    for _ in range(50):
        assert len((await session.reader.patients(500, None)).patients) == 1
    assert session.counts.reads > 55


async def test_every_reading_of_the_documents_is_understood(session: Session, sandbox: Sandbox) -> None:
    for unset in UnsetCallback:
        sandbox.quirks = Quirks(unset_callback=unset)
        assert await session.reader.setting(Kind.QT_CALLBACK) is None
    seen: Counter[str] = Counter()
    for envelope in ListEnvelope:
        for status in CreateStatus:
            for field in UnsetField:
                sandbox.quirks = Quirks(envelope=envelope, create_status=status, unset_field=field)
                created = await session.writer().create_patient(JOE)
                seen[created.id] += 1
                page = await session.reader.patients(500, None)
                assert page.total == len(page.patients) == len(seen)


async def test_a_key_without_data_controller_access_may_not_delete(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.quirks = Quirks(data_controller=DataController.WITHHELD)
    created = await session.writer().create_patient(JOE)
    with pytest.raises(NotExecuted, match="Data Controller") as caught:
        await session.writer().delete_patient(created.id)
    assert caught.value.status == 403


async def test_a_wrong_key_is_unauthorized(sandbox: Sandbox) -> None:
    transport = httpx.ASGITransport(sandbox)
    async with open_session("http://localhost", "wrong", http_transport=transport) as session:
        with pytest.raises(Unauthorized) as caught:
            await session.writer().create_patient(JOE)
        assert caught.value.status == 401
        assert session.requests == 1


async def test_a_session_without_a_key_can_log_in(sandbox: Sandbox) -> None:
    transport = httpx.ASGITransport(sandbox)
    async with open_session("http://localhost", "", http_transport=transport) as session:
        assert await session.create_key(LOGIN_EMAIL, LOGIN_PASSWORD) == API_KEY
    async with open_session("http://localhost", API_KEY, http_transport=transport) as session:
        assert await session.renew_key() != API_KEY


async def test_nothing_listens(unused_tcp_port: int) -> None:
    async def sleep(_: float) -> None:
        return None

    async with open_session(f"http://127.0.0.1:{unused_tcp_port}", "key", sleep=sleep) as session:
        with pytest.raises(
            NotExecuted,
            match=r"never connected after 5 tries: .* refused the connection; it was not executed",
        ):
            await session.writer().create_patient(JOE)
        assert session.requests == 0


async def test_a_server_that_never_answers_ends_in_doubt(sandbox: Sandbox) -> None:
    sandbox.faults = Faults((FaultRule(FaultKind.SLOW, seconds=0.5),))
    with serving(sandbox) as url:
        async with open_session(url, API_KEY, options=ConnectionOptions(total=0.05)) as session:
            with pytest.raises(InDoubt, match=r"no response: 127.0.0.1:\d+ had not answered after 0.05 s"):
                await session.writer().create_patient(JOE)
            assert session.counts.writes == 1


async def test_many_workers_share_a_few_connections(sandbox: Sandbox) -> None:
    import asyncio

    with serving(sandbox) as url:
        async with open_session(url, API_KEY, parallelism=20) as session:
            writer = session.writer()
            patients = [
                DesiredPatient(f"JS-{number}", "2000-07-21", "a@example.com") for number in range(120)
            ]
            made = await asyncio.gather(*map(writer.create_patient, patients))
            assert session.requests == 120
            page = await session.reader.patients(500, None)
    assert {patient.id for patient in made} == {patient.id for patient in page.patients}


async def test_errors_of_reads_are_errors_of_the_api(session: Session, sandbox: Sandbox) -> None:
    sandbox.faults = Faults((FaultRule(FaultKind.DROPPED),))
    with pytest.raises(ApiError, match="GET /v1/patients: no response after 5 tries") as caught:
        await session.reader.patients(500, None)
    assert type(caught.value) is ApiError
