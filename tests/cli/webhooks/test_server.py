"""The small web server: what it takes, what it refuses, and that nobody holds it up. Loopback alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from kardia_ctl.cli.webhooks import receiver as listening
from kardia_ctl.cli.webhooks.receiver import LARGEST, bound, receiving
from kardia_ctl.model.events import Event, EventKind

CONNECTED = json.dumps(
    {"eventType": "participantConnected", "patientId": "456patientID", "customParticipantId": "MRN-1"}
).encode()


@dataclass
class Caller:
    """Speaks raw HTTP to the server, and has what the server took."""

    port: int
    events: list[Event] = field(default_factory=list)
    refused: int = 0

    def refuse(self) -> None:
        self.refused += 1

    async def say(self, *parts: bytes) -> bytes:
        """Send the parts; all that is answered until the server ends the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()

    async def status(
        self,
        body: bytes,
        path: str = "/hook",
        method: str = "POST",
        more: str = "",
        length: int | None = None,
    ) -> int:
        size = len(body) if length is None else length
        head = f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n{more}\r\n"
        answer = await self.say(head.encode(), body)
        assert answer.partition(b"\r\n\r\n")[2] == b""
        assert b"connection: close" in answer.lower()
        return int(answer.split()[1])


@asynccontextmanager
async def serving() -> AsyncIterator[Caller]:
    listener = bound("127.0.0.1", 0)
    caller = Caller(listener.getsockname()[1])
    async with receiving(listener, "/hook", caller.events.append, caller.refuse):
        yield caller


async def test_an_event_is_taken_and_answered_with_nothing() -> None:
    async with serving() as caller:
        assert await caller.status(CONNECTED) == 200
        assert await caller.status(b"") == 200
    assert caller.events == [
        Event(EventKind.CONNECTED, "456patientID", "MRN-1"),
        Event(EventKind.ESTABLISHED),
    ]
    assert caller.refused == 0


async def test_whatever_else_is_refused_and_not_taken() -> None:
    async with serving() as caller:
        assert await caller.status(CONNECTED, path="/") == 404
        assert await caller.status(CONNECTED, path="/hook/") == 404
        assert await caller.status(CONNECTED, path="/hoo%6B") == 200, "the same path, spelled otherwise"
        assert await caller.status(CONNECTED, path="/%ff") == 404
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            assert await caller.status(CONNECTED, method=method) == 405
        assert await caller.status(b"[]") == 400
        assert await caller.status(CONNECTED[:-1]) == 400
    assert (len(caller.events), caller.refused) == (1, 8), "a GET delivers nothing"


@pytest.mark.parametrize("header", ["origin: https://example.com", "sec-fetch-site: cross-site"])
async def test_a_page_in_a_browser_cannot_post(header: str) -> None:
    async with serving() as caller:
        assert await caller.status(CONNECTED, more=f"{header}\r\n") == 403
    assert caller.events == []


async def test_a_body_is_bounded_however_it_is_sent() -> None:
    fitting = CONNECTED[:-1] + b" " * (LARGEST - len(CONNECTED)) + b"}"
    async with serving() as caller:
        assert await caller.status(fitting) == 200
        assert await caller.status(fitting + b" ") == 413
        assert await caller.status(b"", length=LARGEST + 1) == 413, "refused before it is sent"
        head = b"POST /hook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        assert (await caller.say(head, chunk * 3)).startswith(b"HTTP/1.1 413 ")
    assert len(caller.events) == 1


async def test_headers_are_bounded() -> None:
    async with serving() as caller:
        answer = await caller.say(b"POST /hook HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 50_000)
    assert answer.startswith(b"HTTP/1.1 400 "), "before they have ended"
    assert caller.events == []


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /hook HT", b"POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n{"],
    ids=range(3),
)
async def test_a_slow_client_is_let_go_and_takes_nothing_with_it(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_LIFETIME", 0.2)
    async with serving() as caller:
        assert await caller.say(begun) == b""
        assert await caller.status(CONNECTED) == 200
    assert len(caller.events) == 1


async def test_many_who_only_hold_a_connection_keep_no_delivery_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "_CONNECTIONS", 4)
    async with serving() as caller:
        held = [await asyncio.open_connection("127.0.0.1", caller.port) for _ in range(6)]
        answer = await caller.say(b"POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        for _, writer in held:
            writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(caller.events) == 1


async def test_the_end_waits_for_nobody_who_only_holds_a_connection() -> None:
    async with serving() as caller, asyncio.timeout(8):
        _, writer = await asyncio.open_connection("127.0.0.1", caller.port)
        writer.write(b"POST /hook HT")
        await writer.drain()
    writer.close()
