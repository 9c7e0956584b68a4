"""The outcomes, cell by cell: first the table, then what a caller gets and how often was sent."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import httpx
import pytest

from kardia_ctl.api.client import Session
from kardia_ctl.api.endpoints import Nature
from kardia_ctl.api.outcomes import Conclusion, Ending, ending_of, judge
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Unauthorized
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient

TABLE = """
    never sent              | failed       | not executed       | not executed
    never connected         | failed again | not executed again | not executed again
    no response             | failed again | in doubt again     | in doubt
    2xx                     | done         | done               | done
    2xx, not readable       | failed again | in doubt again     | in doubt
    2xx, unexpected         | failed       | in doubt again     | in doubt
    3xx                     | failed       | in doubt again     | in doubt
    400 403 404 409 422     | failed       | not executed       | not executed
    401                     | unauthorized | unauthorized       | unauthorized
    429                     | failed again | not executed again | not executed again
    408 425                 | failed again | in doubt again     | in doubt
    other 4xx               | failed       | in doubt again     | in doubt
    5xx                     | failed again | in doubt again     | in doubt
"""
CELLS = [
    (Ending(row[0]), nature, cell)
    for line in TABLE.strip().splitlines()
    for row in [[part.strip() for part in line.split("|")]]
    for nature, cell in zip(Nature, row[1:], strict=True)
]


@pytest.mark.parametrize(("ending", "nature", "cell"), CELLS)
def test_the_table(ending: Ending, nature: Nature, cell: str) -> None:
    outcome = judge(nature, ending)
    assert outcome.conclusion is Conclusion(cell.removesuffix(" again"))
    assert outcome.again is cell.endswith(" again")


def test_the_table_has_every_cell() -> None:
    assert {(ending, nature) for ending, nature, _ in CELLS} == {(e, n) for e in Ending for n in Nature}


def test_only_these_statuses_certainly_had_no_effect() -> None:
    known = {status: judge(Nature.ONCE, ending_of(status)).conclusion for status in range(100, 1000)}
    harmless = {Conclusion.NOT_EXECUTED, Conclusion.UNAUTHORIZED}
    assert {status for status, conclusion in known.items() if conclusion in harmless} == {
        *(400, 401, 403, 404, 409, 422, 429)
    }
    assert {status for status, conclusion in known.items() if conclusion is Conclusion.DONE} == {
        *range(200, 300)
    }


PATIENT = DesiredPatient("JS-1", "2000-07-21", "joe@example.com", "Joe", "Smith", "1")

Speak = Callable[..., AbstractAsyncContextManager[Session]]
Act = Callable[[Session], Awaitable[object]]


async def read(session: Session) -> object:
    return await session.reader.patients(500, None)


async def repeatable(session: Session) -> object:
    return await session.writer().issue_code("id-1", "JS-1", "template-1")


async def once(session: Session) -> object:
    return await session.writer().create_patient(PATIENT)


@dataclass(frozen=True, slots=True)
class Case:
    """What the server does, and for each nature the error and how often was sent."""

    name: str
    answer: httpx.Response | Exception
    read: tuple[type[ApiError], int]
    repeatable: tuple[type[ApiError], int]
    once: tuple[type[ApiError], int]


def _refused(status: int) -> Case:
    unsent = (NotExecuted, 1)
    return Case(str(status), httpx.Response(status), (ApiError, 1), unsent, unsent)


def _doubtful(name: str, answer: httpx.Response | Exception, reads: int) -> Case:
    return Case(name, answer, (ApiError, reads), (InDoubt, 3), (InDoubt, 1))


def _unconnected(error: Exception) -> Case:
    return Case(type(error).__name__, error, (ApiError, 0), (NotExecuted, 0), (NotExecuted, 0))


KEY_REFUSED = (Unauthorized, 1)
CASES = [
    *(_refused(status) for status in (400, 403, 404, 409, 422)),
    Case("401", httpx.Response(401), KEY_REFUSED, KEY_REFUSED, KEY_REFUSED),
    Case("429", httpx.Response(429), (ApiError, 5), (NotExecuted, 5), (NotExecuted, 5)),
    *(
        _doubtful(str(status), httpx.Response(status), 5)
        for status in (408, 425, 500, 501, 502, 503, 504, 599)
    ),
    *(_doubtful(str(status), httpx.Response(status), 1) for status in (402, 405, 410, 413, 415, 451)),
    *(
        _doubtful(
            str(status), httpx.Response(status, headers={"location": "https://elsewhere.example.com/"}), 1
        )
        for status in (301, 302, 303, 307, 308)
    ),
    _doubtful("HTML 2xx", httpx.Response(200, html="<html>sign in</html>"), 5),
    _doubtful("truncated 2xx", httpx.Response(200, text='{"id": "x'), 5),
    _doubtful("broken off", httpx.Response(200, text="{}", headers={"content-length": "9"}), 5),
    _doubtful("empty 2xx", httpx.Response(200), 5),
    _doubtful("2xx without its purpose", httpx.Response(200, json={}), 1),
    _doubtful("2xx of another shape", httpx.Response(201, json=[1]), 1),
    _doubtful("errors in a 2xx", httpx.Response(200, json={"errors": [{"status": "400"}], "id": "x"}), 1),
    *(
        _doubtful(type(error).__name__, error, 5)
        for error in (
            httpx.ReadError(""),
            httpx.WriteError(""),
            httpx.CloseError(""),
            httpx.ReadTimeout(""),
            httpx.WriteTimeout(""),
            httpx.RemoteProtocolError(""),
            httpx.LocalProtocolError(""),
            httpx.DecodingError(""),
            httpx.TooManyRedirects(""),
            httpx.StreamClosed(),
            ConnectionResetError(),
            TimeoutError(),
            OSError(5, "I/O"),
        )
    ),
    *(
        _unconnected(error)
        for error in (
            httpx.ConnectError(""),
            httpx.ConnectTimeout(""),
            httpx.PoolTimeout(""),
            httpx.ProxyError(""),
            httpx.UnsupportedProtocol(""),
        )
    ),
]


@pytest.mark.parametrize("act", [read, repeatable, once], ids=["read", "repeatable", "once"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_what_a_caller_gets(speak: Speak, case: Case, act: Act) -> None:
    arrived = []

    def server(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        if isinstance(case.answer, Exception):
            raise case.answer
        answer = case.answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    error, sent = getattr(case, act.__name__)
    async with speak(server) as session:
        with pytest.raises(ApiError) as caught:
            await act(session)
        assert type(caught.value) is error
        assert session.requests == sent
        assert len(arrived) == sent or (sent == 0 and len(arrived) == 5)
        expected = case.answer.status_code if isinstance(case.answer, httpx.Response) else None
        assert caught.value.status == (None if case.name == "broken off" else expected)
        assert "Next: " in str(caught.value)


async def test_every_error_of_httpx_is_sorted() -> None:
    named = {type(case.answer) for case in CASES if isinstance(case.answer, Exception)}
    covered = {cls for error in named for cls in error.__mro__}
    leaves = {cls for cls in _family(httpx.RequestError) if not cls.__subclasses__()}
    assert leaves <= covered


def _family(cls: type[Exception]) -> set[type[Exception]]:
    return {cls}.union(*(_family(child) for child in cls.__subclasses__() if child.__module__ == "httpx"))


async def test_a_doubt_stays_when_the_next_try_is_refused(speak: Speak) -> None:
    answers = iter([500, 403])
    async with speak(lambda _: httpx.Response(next(answers))) as session:
        with pytest.raises(InDoubt) as caught:
            await session.writer().set_setting(Kind.CALLBACK, "https://hooks.example.com/")
    assert caught.value.status == 403


async def test_a_doubtful_code_is_not_called_unsent_when_the_key_dies(speak: Speak) -> None:
    answers = iter([500, 401])
    async with speak(lambda _: httpx.Response(next(answers))) as session:
        with pytest.raises(InDoubt):
            await repeatable(session)


async def test_a_patient_who_is_gone_after_a_doubtful_delete_is_not_in_doubt(speak: Speak) -> None:
    answers = iter([500, 404])
    async with speak(lambda _: httpx.Response(next(answers))) as session:
        with pytest.raises(NotExecuted) as caught:
            await session.writer().delete_patient("id-1")
    assert caught.value.status == 404


@pytest.mark.parametrize("answer", [httpx.Response(200), httpx.Response(204), httpx.Response(202, json={})])
async def test_an_empty_success_is_fine_where_nothing_is_expected(
    speak: Speak, answer: httpx.Response
) -> None:
    async with speak(lambda _: httpx.Response(answer.status_code, content=answer.content)) as session:
        writer = session.writer()
        await writer.set_setting(Kind.QT_CALLBACK, "https://hooks.example.com/")
        await writer.add_service_provider("team-1", "provider-1")
        await writer.disconnect("id-1")
        await writer.delete_patient("id-1")
        assert session.counts.writes == 4


@pytest.mark.parametrize("body", ["<html></html>", '{"errors": [{"title": "no"}]}', "{"])
async def test_a_success_that_says_otherwise_is_in_doubt_where_nothing_is_expected(
    speak: Speak, body: str
) -> None:
    async with speak(lambda _: httpx.Response(200, text=body)) as session:
        with pytest.raises(InDoubt):
            await session.writer().disconnect("id-1")
        assert session.requests == 3
