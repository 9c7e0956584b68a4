"""Bodies that nobody should send: each is a clear error on a read, a doubt on a write, never a traceback."""

import gzip
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from kardia_ctl.api import decode
from kardia_ctl.api.answer import Answer, UnexpectedAnswer, UnreadableAnswer
from kardia_ctl.api.client import Session
from kardia_ctl.api.http.connections import ConnectionOptions
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient

Speak = Callable[..., AbstractAsyncContextManager[Session]]
Act = Callable[[Session], Awaitable[object]]
JOE = DesiredPatient("JS-1", "2000-07-21", "joe@example.com")
LARGEST = 20_000

NO_ANSWER: dict[str, bytes] = {
    "HTML": b"<!doctype html><html><title>Sign in</title></html>",
    "XML": b'<?xml version="1.0"?><Error/>',
    "truncated": b'{"id": "x", "patients": [{"id": "y", "mr',
    "oversized": b'{"id": "' + b"x" * LARGEST + b'"}',
    "deep": b"[" * 10_000,
    "deep and closed": b'{"id":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "deep errors": b'{"errors":' + b"[" * 10_000,
    "errors": b'{"errors": [{"status": "400", "title": "No"}], "id": "x", "code": "A", "patients": []}',
    "errors of another shape": b'{"errors": {"a": [1]}, "id": "x", "code": "A", "patients": []}',
    "errors that are a word": b'{"errors": "no", "id": "x", "code": "A", "patients": []}',
    "broken text": b'{"id": "\xff\xfe", "url": "\xff\xfe"}',
    "half a character": b'{"id": "\\ud800"}',
    "two answers": b'{"id": "x"}{"id": "y"}',
}
"""No endpoint means anything by these, whatever the status says."""

WRONG_TYPE: dict[str, bytes] = {
    "null": b"null",
    "number": b"17",
    "word": b'"ok"',
    "list of lists": b"[[]]",
    "an id that is a list": b'{"id": [], "code": [], "url": []}',
    "a number without end": b'{"id": ' + b"9" * 6_000 + b', "code": ' + b"9" * 6_000 + b"}",
    "a page without a list": b'{"totalCount": 3}',
}
"""Where something is expected, these are not it."""

READS: dict[str, Act] = {
    "page": lambda session: session.reader.patients(500, None),
    "patient": lambda session: session.reader.patient("id-1"),
    "templates": lambda session: session.reader.templates(),
    "callback": lambda session: session.reader.setting(Kind.CALLBACK),
}
WRITES: dict[str, Act] = {
    "create": lambda session: session.writer().create_patient(JOE),
    "code": lambda session: session.writer().issue_code("id-1", "JS-1", "template-1"),
    "set callback": lambda session: session.writer().set_setting(Kind.CALLBACK, "https://a.example.com"),
    "provider": lambda session: session.writer().add_service_provider("team", "provider"),
    "disconnect": lambda session: session.writer().disconnect("id-1"),
    "delete": lambda session: session.writer().delete_patient("id-1"),
    "renew key": lambda session: session.renew_key(),
}
EXPECTS_SOMETHING = ("create", "code", "renew key")


async def _outcome(speak: Speak, act: Act, answer: Callable[[], httpx.Response]) -> ApiError:
    async with speak(lambda _: answer(), options=ConnectionOptions(largest=LARGEST)) as session:
        with pytest.raises(ApiError) as caught:
            await act(session)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert "Next: " in str(caught.value)
    return caught.value


@pytest.mark.parametrize("body", NO_ANSWER)
@pytest.mark.parametrize("act", READS)
async def test_a_read_of_it_is_an_error(speak: Speak, act: str, body: str) -> None:
    error = await _outcome(speak, READS[act], lambda: httpx.Response(200, content=NO_ANSWER[body]))
    assert type(error) is ApiError
    assert error.status == 200


@pytest.mark.parametrize("body", NO_ANSWER)
@pytest.mark.parametrize("act", WRITES)
async def test_a_write_that_gets_it_is_in_doubt(speak: Speak, act: str, body: str) -> None:
    error = await _outcome(speak, WRITES[act], lambda: httpx.Response(200, content=NO_ANSWER[body]))
    assert type(error) is InDoubt


@pytest.mark.parametrize("body", WRONG_TYPE)
@pytest.mark.parametrize("act", ["page", "patient", "templates"])
async def test_a_read_of_the_wrong_type_is_an_error(speak: Speak, act: str, body: str) -> None:
    error = await _outcome(speak, READS[act], lambda: httpx.Response(200, content=WRONG_TYPE[body]))
    assert type(error) is ApiError


@pytest.mark.parametrize("body", WRONG_TYPE)
@pytest.mark.parametrize("act", EXPECTS_SOMETHING)
async def test_a_write_that_gets_the_wrong_type_is_in_doubt(speak: Speak, act: str, body: str) -> None:
    error = await _outcome(speak, WRITES[act], lambda: httpx.Response(201, content=WRONG_TYPE[body]))
    assert type(error) is InDoubt


@pytest.mark.parametrize("body", [*NO_ANSWER, *WRONG_TYPE])
@pytest.mark.parametrize("act", WRITES)
async def test_a_refusal_is_a_refusal_whatever_its_body(speak: Speak, act: str, body: str) -> None:
    content = (NO_ANSWER | WRONG_TYPE)[body]
    error = await _outcome(speak, WRITES[act], lambda: httpx.Response(422, content=content))
    assert type(error) is NotExecuted


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("act", [*READS, *WRITES])
async def test_a_body_that_does_not_unpack_is_a_lost_answer(speak: Speak, act: str, encoding: str) -> None:
    def answer() -> httpx.Response:
        async def stream() -> object:
            yield gzip.compress(b"{}")[:12] + b"\xff" * 40

        return httpx.Response(200, headers={"content-encoding": encoding}, content=stream())  # type: ignore[arg-type]

    error = await _outcome(speak, (READS | WRITES)[act], answer)
    assert type(error) is (ApiError if act in READS else InDoubt)


@pytest.mark.parametrize("number", [b"1e999", b'"nan"', b'"inf"', b'"-1e999"', b"true", b"[]", b"null"])
def test_a_number_that_is_none_is_unknown(number: bytes) -> None:
    body = b'[{"templateId": "t", "price": ' + number + b', "duration": ' + number + b"}]"
    try:
        (template,) = decode.templates(Answer(200, "application/json", body))
    except (UnreadableAnswer, UnexpectedAnswer):
        return
    assert template.price is None
    assert template.duration is None
