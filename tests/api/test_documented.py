"""The documents' own examples and the sandbox, asked the same by the client, request for request."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pytest
import vcr
from vcr.errors import CannotOverwriteExistingCassetteException

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient
from kardia_ctl.model.template import LiveTemplate
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.data.values import Hook
from tests.sandbox.documented import PATH, PATIENT, TEAM, fill

T = TypeVar("T")

HOOK = "https://www.example.com/webhooks"


@dataclass(frozen=True)
class Source:
    """Who answers: the document's examples, or a sandbox account that was prepared for them."""

    session: Session
    account: Account | None
    start: str

    def or_from(self, example: T, sandboxed: Callable[[Account], T]) -> T:
        """Return the example's value, or the sandbox's own."""
        return example if self.account is None else sandboxed(self.account)


@pytest.fixture(params=["the documents", "the sandbox"])
async def source(request: pytest.FixtureRequest, vcr_config: dict[str, Any]) -> AsyncIterator[Source]:
    if request.param == "the documents":
        with vcr.VCR(record_mode="none", match_on=vcr_config["match_on"]).use_cassette(str(PATH)):
            async with open_session("https://api.kardia.com", "YOUR-API-KEY") as opened:
                yield Source(opened, None, "ZW5kQ3Vyc29yc2Rh=")
        return
    clock = ManualClock()
    with Account(now=clock) as account:
        account.patients.seed(150)
        clock.advance(3600)
        fill(account)
        clock.advance(3600)
        account.patients.seed(49, seed=1)
        transport = httpx.ASGITransport(create_app(account))
        async with open_session("http://localhost", API_KEY, http_transport=transport) as opened:
            start = (await opened.reader.patients(49, None)).next_cursor
            yield Source(opened, account, start or "")


@pytest.fixture
def session(source: Source) -> Session:
    return source.session


async def test_create_patient(session: Session, source: Source) -> None:
    sent = DesiredPatient("JS-20000721", "2000-07-21", "joe@example.com", "Joe", "Smith", "1")
    created = await session.writer().create_patient(sent)
    # The example's response has another birth date than its request.
    dob = source.or_from("1970-03-12", lambda _: sent.dob)
    made = source.or_from(PATIENT, lambda account: account.patients.all()[0].id)
    assert created == LivePatient(made, "JS-20000721", dob, "joe@example.com", "Joe", "Smith", 1)


async def test_get_patient(session: Session, source: Source) -> None:
    status = source.or_from("pending", lambda _: "none")
    assert await session.reader.patient(PATIENT) == LivePatient(
        PATIENT, "JMJ-19810712", "1970-03-12", "joe@example.com", "Joe", "Smith", 0, status
    )


async def test_get_all_patients(session: Session, source: Source) -> None:
    page = await session.reader.patients(50, source.start)
    assert page.total == 200
    assert page.patients[0].id == PATIENT
    assert len(page.patients) == source.or_from(1, lambda _: 50)
    assert page.patients[0].status == source.or_from("connected", lambda _: "none")
    assert page.next_cursor
    assert source.account is not None or page.next_cursor == source.start


async def test_get_connection_templates(session: Session, source: Source) -> None:
    templates = await session.reader.templates()
    assert len(templates) == source.or_from(1, lambda account: len(account.settings.templates()))
    assert templates[:1] == (
        LiveTemplate(
            "4qq0q0tSkSKziiUcyjOYbpi9whdo7403",
            "KardiaMobile + 1 Year Connection ($120)",
            "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah",
            365,
            9.99,
        ),
    )


async def test_get_connection_code(session: Session, source: Source) -> None:
    template = "RnHOxYlu8l7zGboaWKhicma6qin4fjr7"
    issued = await session.writer().issue_code(PATIENT, "JS-20000721", template)
    code = source.or_from("SCRU-BBED-CODE", lambda account: account.connections.codes()[0].code)
    status = source.or_from("connected", lambda _: "pending")
    assert issued == IssuedCode("JS-20000721", code, template, status)


async def test_disconnect_and_delete(session: Session) -> None:
    await session.writer().disconnect(PATIENT)
    await session.writer().delete_patient(PATIENT)
    assert session.counts.writes == 2


@pytest.mark.parametrize("kind", [Kind.CALLBACK, Kind.QT_CALLBACK])
async def test_set_and_get_callback(session: Session, kind: Kind) -> None:
    await session.writer().set_setting(kind, HOOK)
    assert await session.reader.setting(kind) == HOOK


async def test_add_service_provider(session: Session) -> None:
    await session.writer().add_service_provider(TEAM, "8sP3SiaFigYoGRKoc4kaf692hmwi")


async def test_generate_a_new_key(session: Session, source: Source) -> None:
    key = await session.renew_key()
    assert [key] == source.or_from(["scrubbed-key"], lambda account: account.keys.all())


async def test_another_body_does_not_replay_an_example(source: Source) -> None:
    url = "https://other.example.com"
    if source.account is None:
        with pytest.raises(CannotOverwriteExistingCassetteException):
            await source.session.writer().set_setting(Kind.CALLBACK, url)
    else:
        await source.session.writer().set_setting(Kind.CALLBACK, url)
        assert source.account.settings.callback(Hook.CALLBACK) == url
