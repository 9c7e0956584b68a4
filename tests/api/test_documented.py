"""The documents' own examples, request for request and answer for answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import vcr

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient
from kardia_ctl.model.template import LiveTemplate
from tests.paths import CASSETTES

EXAMPLES = CASSETTES / "documents" / "v1.yaml"
ID = "wNSEDeLOEPQE5rznkJmwbnjpxfdst93i"
HOOK = "https://www.example.com/webhooks"


@pytest.fixture
async def session(vcr_config: dict[str, Any]) -> AsyncIterator[Session]:
    with vcr.VCR(record_mode="none", match_on=vcr_config["match_on"]).use_cassette(str(EXAMPLES)):
        async with open_session("https://api.kardia.com", "YOUR-API-KEY") as opened:
            yield opened


async def test_create_patient(session: Session) -> None:
    sent = DesiredPatient("JS-20000721", "2000-07-21", "joe@example.com", "Joe", "Smith", "1")
    assert await session.writer().create_patient(sent) == LivePatient(
        ID, "JS-20000721", "1970-03-12", "joe@example.com", "Joe", "Smith", 1
    )


async def test_get_patient(session: Session) -> None:
    assert await session.reader.patient(ID) == LivePatient(
        ID, "JMJ-19810712", "1970-03-12", "joe@example.com", "Joe", "Smith", 0, "pending"
    )


async def test_get_all_patients(session: Session) -> None:
    page = await session.reader.patients(50, "ZW5kQ3Vyc29yc2Rh=")
    assert (page.total, page.next_cursor) == (200, "ZW5kQ3Vyc29yc2Rh=")
    assert [patient.status for patient in page.patients] == ["connected"]


async def test_get_connection_templates(session: Session) -> None:
    assert await session.reader.templates() == (
        LiveTemplate(
            "4qq0q0tSkSKziiUcyjOYbpi9whdo7403",
            "KardiaMobile + 1 Year Connection ($120)",
            "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah",
            365,
            9.99,
        ),
    )


async def test_get_connection_code(session: Session) -> None:
    template = "RnHOxYlu8l7zGboaWKhicma6qin4fjr7"
    issued = await session.writer().issue_code(ID, "JS-20000721", template)
    assert issued == IssuedCode("JS-20000721", "SCRU-BBED-CODE", template, "connected")


async def test_disconnect_and_delete(session: Session) -> None:
    await session.writer().disconnect(ID)
    await session.writer().delete_patient(ID)
    assert session.counts.writes == 2


@pytest.mark.parametrize("kind", [Kind.CALLBACK, Kind.QT_CALLBACK])
async def test_set_and_get_callback(session: Session, kind: Kind) -> None:
    await session.writer().set_setting(kind, HOOK)
    assert await session.reader.setting(kind) == HOOK


async def test_add_service_provider(session: Session) -> None:
    await session.writer().add_service_provider(
        "OstYEHjsota5xj7m4QQdbhdxpttj4", "8sP3SiaFigYoGRKoc4kaf692hmwi"
    )


async def test_generate_a_new_key(session: Session) -> None:
    assert await session.renew_key() == "scrubbed-key"


async def test_another_body_does_not_replay_an_example(session: Session) -> None:
    from vcr.errors import CannotOverwriteExistingCassetteException

    with pytest.raises(CannotOverwriteExistingCassetteException):
        await session.writer().set_setting(Kind.CALLBACK, "https://other.example.com")
