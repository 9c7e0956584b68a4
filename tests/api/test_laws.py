"""The laws that the client carries, each broken on purpose by the server or the caller."""

import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from kardia_ctl.api import decode, endpoints
from kardia_ctl.api.answer import Answer
from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.endpoints import EFFECTS, SAFE_READS, Endpoint, Nature
from kardia_ctl.api.http.transport import Call
from kardia_ctl.api.sender import Exchange, SafeReads, UnsafeRead
from kardia_ctl.model.errors import ApiError, InDoubt, KardiaError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.server import serving

Speak = Callable[..., AbstractAsyncContextManager[Session]]

JOE = DesiredPatient("JS-1", "2000-07-21", "joe@example.com", "Joseph", "Smithson", "1")
CODE = "LQYP-MSAK-NPJR"
PASSWORD = "correct horse"


class _NeverRun(Exchange):
    def __init__(self) -> None:
        self.sent = 0

    async def run(self, call: Call, decode: Callable[[Answer], object]) -> object:  # type: ignore[override]
        self.sent += 1
        return None


def _ids(endpoint: Endpoint) -> tuple[str, ...]:
    return ("x",) * endpoint.path.count("{")


@pytest.mark.parametrize("endpoint", EFFECTS, ids=str)
async def test_law_1_a_reader_cannot_send_an_effect(endpoint: Endpoint) -> None:
    exchange = _NeverRun()
    with pytest.raises(UnsafeRead, match="is not a safe read"):
        await SafeReads(exchange).run(Call(endpoint, _ids(endpoint)), decode.nothing)
    assert exchange.sent == 0
    assert not issubclass(UnsafeRead, KardiaError)


async def test_law_1_an_effect_that_calls_itself_safe_is_still_refused() -> None:
    lies = [
        Endpoint("GET", endpoints.ISSUE_CODE.path, Nature.SAFE),
        Endpoint("GET", "/v1/patients/{patient}/export", Nature.SAFE),
        Endpoint("POST", "/v1/patients", Nature.SAFE),
    ]
    for endpoint in lies:
        with pytest.raises(UnsafeRead):
            await SafeReads(_NeverRun()).run(Call(endpoint, _ids(endpoint)), decode.nothing)
    with pytest.raises(UnsafeRead):
        await SafeReads(_NeverRun()).run(Call(endpoints.LIST_PATIENTS, form=()), decode.nothing)


async def test_law_1_an_id_cannot_turn_a_read_into_an_effect(speak: Speak) -> None:
    seen: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404)

    async with speak(server) as session:
        for patient_id in ("x/code", "x/export", "x?template_id=1", "x/../../logs", "x%2Fcode", "x#"):
            assert await session.reader.patient(patient_id) is None
    assert all(path.count("/") == 3 and "?" not in path for path in seen)
    assert "/v1/patients/x%252Fcode" in seen


async def test_law_1_everything_that_a_reader_sends_is_a_get_of_the_list(speak: Speak) -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404)

    async with speak(server) as session:
        reader = session.reader
        acts: list[Callable[[], Awaitable[object]]] = [
            lambda: reader.patients(500, None),
            lambda: reader.patient("x"),
            lambda: reader.setting(Kind.CALLBACK),
            lambda: reader.setting(Kind.QT_CALLBACK),
            reader.templates,
            lambda: reader.recordings("x"),
        ]
        for act in acts:
            try:
                await act()
            except ApiError as error:
                assert error.status == 404  # noqa: PT017
        assert session.counts.writes == 0
    sent = [f"{request.method} {request.url.path}" for request in seen]
    ours = [str(endpoint).replace(":patient", "x") for endpoint in SAFE_READS]
    assert sent == [read for read in ours if "/e/v1/" not in read]


@pytest.mark.parametrize("lost", [httpx.ReadError(""), httpx.ReadTimeout(""), ConnectionResetError(), None])
async def test_law_4_a_create_whose_answer_is_lost_is_sent_exactly_once(
    speak: Speak, lost: Exception | None
) -> None:
    created: list[bytes] = []

    def server(request: httpx.Request) -> httpx.Response:
        created.append(request.content)
        if lost:
            raise lost
        return httpx.Response(503, headers={"retry-after": "0"})

    async with speak(server) as session:
        with pytest.raises(InDoubt, match="it may have taken effect"):
            await session.writer().create_patient(JOE)
    assert len(created) == 1


async def test_law_4_a_key_renewal_whose_answer_is_lost_is_sent_exactly_once(speak: Speak) -> None:
    async with speak(lambda _: httpx.Response(500)) as session:
        with pytest.raises(InDoubt):
            await session.renew_key()
        assert session.requests == 1


def _secrets(key: str) -> tuple[str, ...]:
    return (key, "M3Rlc3Q5NzQ", JOE.dob, JOE.email, JOE.firstname, JOE.lastname, CODE, PASSWORD)


def _assert_clean(error: BaseException, key: str) -> None:
    told = "\n".join([str(error), repr(error), *traceback.format_exception(error)])
    source_lines = {line for line in told.splitlines() if line.startswith("    ")}
    shown = "\n".join(line for line in told.splitlines() if line not in source_lines)
    for secret in _secrets(key):
        assert secret.casefold() not in shown.casefold()
    assert error.__cause__ is None
    assert error.__context__ is None


PERSON = f"{JOE.dob} {JOE.email.upper()} {JOE.firstname} {JOE.lastname} +1 (555) 010-9999 {CODE}"
ABOUT_PATIENTS: dict[str, Callable[[Session], Awaitable[object]]] = {
    "create": lambda session: session.writer().create_patient(JOE),
    "code": lambda session: session.writer().issue_code("id-1", "JS-1", "template-1"),
    "disconnect": lambda session: session.writer().disconnect("id-1"),
    "delete": lambda session: session.writer().delete_patient("id-1"),
    "page": lambda session: session.reader.patients(500, None),
    "patient": lambda session: session.reader.patient("id-1"),
}


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 409, 418, 422, 500, 503])
@pytest.mark.parametrize("act", ABOUT_PATIENTS.values(), ids=ABOUT_PATIENTS)
@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"title": "A patient exists", "detail": PERSON, "code": "exists"}]},
        {"errors": PERSON, "code": CODE},
        {"firstname": JOE.firstname, "email": JOE.email, "dob": JOE.dob},
        [PERSON],
        PERSON,
        f"<html><title>{JOE.email}</title><p>{PERSON}</p>",
        f"<p>{PERSON}</p>",
    ],
    ids=["errors", "odd errors", "patient", "list", "text", "titled page", "page"],
)
async def test_law_7_no_error_repeats_a_person(
    speak: Speak, key: str, status: int, act: Callable[[Session], Awaitable[object]], body: object
) -> None:
    headers = {"location": f"https://elsewhere.example.com/{key}?{JOE.email}"}

    def server(_: httpx.Request) -> httpx.Response:
        if isinstance(body, str):
            return httpx.Response(status, headers=headers, text=body)
        return httpx.Response(status, headers=headers, json=body)

    async with speak(server) as session:
        try:
            await act(session)
        except ApiError as error:
            _assert_clean(error, key)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 409, 500])
async def test_law_7_no_error_repeats_a_key_or_a_password(speak: Speak, key: str, status: int) -> None:
    told = f"{key} {JOE.email} {PASSWORD}"
    server_errors = {"errors": [{"title": told, "detail": told, "code": told}]}
    async with speak(lambda _: httpx.Response(status, json=server_errors)) as session:
        with pytest.raises(ApiError) as caught:
            await session.create_key(JOE.email, PASSWORD)
        _assert_clean(caught.value, key)
        with pytest.raises(ApiError) as caught:
            await session.renew_key()
        assert key not in str(caught.value)


async def test_law_7_a_page_of_patients_that_cannot_be_read_is_not_quoted(speak: Speak, key: str) -> None:
    joe = {"id": 1, "firstname": JOE.firstname, "lastname": JOE.lastname, "email": JOE.email, "dob": JOE.dob}
    for body in (
        {"patients": [joe | {"mrn": []}]},
        {"patients": joe},
        {"people": [joe]},
        [joe],
        {"patients": [joe], "pageInfo": {"hasNextPage": True}},
        {"patients": [joe], "errors": [{"title": "partly"}]},
    ):
        async with speak(lambda _: httpx.Response(200, json=body)) as session:  # noqa: B023
            with pytest.raises(ApiError) as caught:
                await session.reader.patients(500, None)
            _assert_clean(caught.value, key)


async def test_law_7_nothing_that_holds_a_secret_shows_it(speak: Speak, key: str) -> None:
    call = Call(endpoints.CREATE_PATIENT, form=(("email", JOE.email),), hidden=(JOE.firstname,))
    answer = Answer(200, "application/json", JOE.email.encode(), location=JOE.email)
    async with speak(lambda _: httpx.Response(200)) as session:
        shown = f"{call!r}{answer!r}{session!r}{session.reader!r}{session.writer()!r}"
        shown += repr(vars(session.reader)) + repr(vars(session.writer()))
    assert not any(secret in shown for secret in _secrets(key))


async def test_law_7_no_log_line_holds_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = Account(":memory:")
    with serving(create_app(account)) as url:
        async with open_session(url, API_KEY) as session:
            joe = await session.writer().create_patient(JOE)
            code = await session.writer().issue_code(joe.id, "JS-1", "4qq0q0tSkSKziiUcyjOYbpi9whdo7403")
            await session.reader.patients(500, None)
    account.close()
    assert "send_request_headers" in caplog.text  # httpcore tells of it
    assert not any(secret in caplog.text for secret in (*_secrets(API_KEY), code.code, "c2FuZGJveC1rZXk"))
