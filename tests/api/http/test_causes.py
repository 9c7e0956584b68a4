"""An answer that does not come is told by host, port and cause, and tried again where that may help."""

import asyncio
import errno
import os
import resource
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

import httpx
import pytest

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.http import cause as causes
from kardia_ctl.api.http.cause import ConnectionFailure, cause_of, peer_of
from kardia_ctl.api.http.connections import ConnectionOptions
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted
from kardia_ctl.model.patient import DesiredPatient
from tests.api.conftest import Handler, Speak
from tests.api.http.peer import Talk, served
from tests.attacks.safeguards import removed

ANN = DesiredPatient("A-1", "2000-07-21", "ann@example.com")
PEER = peer_of("https://api.example.com", None, opening=10, silence=30, total=120)
THROUGH = peer_of("https://api.example.com", "http://u:secret@proxy:3128", opening=10, silence=30, total=120)


async def _request(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    linger = struct.pack("ii", 1, 0)  # closing then sends RST (socket(7), SO_LINGER)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _close(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await _request(reader)


def _saying(text: bytes) -> Talk:
    """A server that answers every request with this."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(text)
        await writer.drain()

    return say


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await _request(reader)
    await asyncio.sleep(2)


async def _dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.03)


_HALF = _saying(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}")
_HALF_A_CHUNK = _saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}")
_ANOTHER_LANGUAGE = _saying(b"220 mail.example.com ESMTP\r\n500 what?\r\n\r\n")
_PACKED_WRONGLY = _saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}")

LOSING: dict[str, tuple[Talk, str]] = {
    "reset": (_reset, "{} reset the connection"),
    "closed": (_close, "{} closed the connection without an answer"),
    "half": (_HALF, "{} closed the connection in the middle of its answer"),
    "half a chunk": (_HALF_A_CHUNK, "{} closed the connection in the middle of its answer"),
    "silent": (_silent, "{} sent nothing for 0.2 s"),
    "dripping": (_dripping, "{} had not answered after 0.5 s"),
    "no HTTP": (_ANOTHER_LANGUAGE, "{} sent what is not HTTP"),
    "no gzip": (_PACKED_WRONGLY, "the answer of {} cannot be decompressed"),
}


async def _no_wait(_: float) -> None:
    """No-op sleep."""


async def _read(session: Session) -> object:
    return await session.reader.patients(500, None)


async def _write(session: Session) -> object:
    return await session.writer().create_patient(ANN)


@pytest.mark.parametrize("name", LOSING)
async def test_an_answer_that_is_lost_names_who_lost_it_and_how(name: str) -> None:
    talk, expected = LOSING[name]
    options = ConnectionOptions(read=0.2, total=0.5)
    async with (
        served(talk) as server,
        open_session(server.url, "key-of-this-test", options=options, sleep=_no_wait) as session,
    ):
        with pytest.raises(InDoubt) as doubt:
            await _write(session)
        with pytest.raises(ApiError) as failed:
            await _read(session)
    place = server.url.removeprefix("http://")
    for error in (doubt.value, failed.value):
        assert expected.format(place) in str(error)
        assert "Error" not in str(error)
        assert "Timeout" not in str(error)


def _raising(inner: BaseException) -> tuple[Handler, list[str]]:
    """A server that cannot be connected to, and the requests that were tried."""
    tried: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        tried.append(request.method)
        try:
            raise inner
        except OSError as error:
            raise httpx.ConnectError("the library's words", request=request) from error

    return handler, tried


def _tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


def _certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


STAYING = {
    "too many open files": (OSError(errno.EMFILE, "Too many open files"), "too many open files", "ulimit -n"),
    "no such name": (socket.gaierror(socket.EAI_NONAME, "x"), "the name of api.kardia.com:443", "DNS"),
    "an own authority": (_certificate_error(20), "an authority that is not trusted here", "--ca-file"),
    "expired": (_certificate_error(10), "is not valid now", "clock"),
    "another host": (_certificate_error(62), "is of another host", "how the endpoint is written"),
    "no TLS there": (_tls_error("WRONG_VERSION_NUMBER"), "agree on no TLS (wrong version number)", "port"),
}
PASSING = {
    "refused": (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "refused the connection", "a server runs"),
    "no route": (OSError(errno.EHOSTUNREACH, "x"), "there is no route to api.kardia.com:443", "network"),
    "the machine's files": (OSError(errno.ENFILE, "x"), "too many open files", "ulimit -n"),
    "broken in TLS": (ssl.SSLEOFError(8, "x"), "closed the connection", "the network"),
}


@pytest.mark.parametrize("act", [_read, _write], ids=["read", "write"])
@pytest.mark.parametrize("name", STAYING)
async def test_what_cannot_change_is_tried_once(
    speak: Speak, name: str, act: Callable[[Session], Awaitable[object]]
) -> None:
    inner, cause, remedy = STAYING[name]
    handler, tried = _raising(inner)
    async with speak(handler) as session:
        with pytest.raises(ApiError) as caught:
            await act(session)
    assert len(tried) == 1
    assert cause in str(caught.value)
    assert remedy in str(caught.value).partition("Next: ")[2]


@pytest.mark.parametrize("name", PASSING)
async def test_what_may_pass_is_tried_again(speak: Speak, name: str) -> None:
    inner, cause, remedy = PASSING[name]
    handler, tried = _raising(inner)
    async with speak(handler) as session:
        with pytest.raises(NotExecuted) as caught:
            await _write(session)
    assert len(tried) == 5
    assert cause in str(caught.value)
    assert remedy in str(caught.value).partition("Next: ")[2]


async def test_in_the_middle_of_a_run_too_many_open_files_are_tried_once(speak: Speak) -> None:
    """The first request was answered: the run has reached the server."""
    handler, tried = _raising(OSError(errno.EMFILE, "Too many open files"))

    def server(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"patients": [], "totalCount": 0})
        return handler(request)

    async with speak(server) as session:
        await _read(session)
        with pytest.raises(NotExecuted, match="ulimit -n"):
            await _write(session)
    assert tried == ["POST"]


async def test_where_it_counts_as_passing_it_is_tried_five_times(speak: Speak) -> None:
    """The mutant of ``stays``."""
    handler, tried = _raising(OSError(errno.EMFILE, "Too many open files"))
    passing = ConnectionFailure("too many open files")
    with removed(causes, "_too_many_files", lambda _: passing):
        async with speak(handler) as session:
            with pytest.raises(NotExecuted):
                await _write(session)
    assert len(tried) == 5


def test_a_resolver_without_a_file_is_not_a_wrong_name() -> None:
    """getaddrinfo(3) opens files, and says that there is no such name when it cannot."""
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    kept = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        while True:
            try:
                kept.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        found = cause_of(error, PEER)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in kept:
            os.close(descriptor)
    assert (found.text, found.stays) == ("too many open files", True)
    assert cause_of(error, PEER).text == "the name of api.example.com:443 was not found"


@pytest.mark.parametrize(
    ("error", "text", "stays"),
    [
        (httpx.ReadTimeout(""), "api.example.com:443, through the proxy proxy:3128, sent nothing", False),
        (ConnectionRefusedError(), "proxy:3128 refused the connection", False),
        (_certificate_error(20), "the certificate of api.example.com:443 is signed", True),
        (httpx.ProxyError("407 Proxy Authentication Required"), "the proxy proxy:3128 answered 407", True),
        (httpx.ProxyError("403 Forbidden"), "the proxy proxy:3128 answered 403", True),
        (httpx.ProxyError("502 Bad Gateway"), "the proxy proxy:3128 answered 502", False),
        (httpx.ProxyError("odd"), "the connection to proxy:3128 broke (ProxyError)", False),
    ],
)
def test_behind_a_proxy_each_is_named_for_what_it_did(error: Exception, text: str, stays: bool) -> None:
    found = cause_of(error, THROUGH)
    assert text in found.text
    assert found.stays is stays
    assert "secret" not in found.text + found.remedy


def test_an_error_that_nobody_knows_has_its_name_and_no_words() -> None:
    found = cause_of(httpx.ReadError("key and patient"), PEER)
    assert found.text == "the connection to api.example.com:443 broke (ReadError)"
