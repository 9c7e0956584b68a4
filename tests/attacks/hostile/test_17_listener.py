"""Slow clients and web pages keep no delivery out of the listener: kind 17."""

import asyncio
from typing import Any

import pytest

from kardia_ctl.cli.webhooks import receiver
from tests.attacks.safeguards import removed

DELIVERY = b"POST /hook HTTP/1.1\r\nhost: hooks.example.com\r\ncontent-length: 0\r\n\r\n"
BEGINNINGS = (b"", b"POST /hook HT", b"POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n{")


async def deliver_among(slow: int) -> bytes:
    """The answer to a delivery while others hold a connection each, and send a byte now and then."""
    listener = receiver.bound("127.0.0.1", 0)
    port = listener.getsockname()[1]
    inbox = receiver.Inbox()
    async with receiver.receiving(listener, "/hook", inbox.add, inbox.refuse):
        held = []
        for number in range(slow):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(BEGINNINGS[number % len(BEGINNINGS)])
            held.append(writer)
        await asyncio.sleep(0.1)
        for writer in held:
            writer.write(b"P")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(DELIVERY)
        try:
            return await asyncio.wait_for(reader.read(), 30)
        finally:
            for each in (*held, writer):
                each.close()


@pytest.mark.parametrize("slow", [64, 300])
async def test_slow_clients_keep_no_delivery_out(slow: int) -> None:
    assert (await deliver_among(slow)).startswith(b"HTTP/1.1 200 ")


async def test_without_making_room_they_keep_it_out() -> None:
    """Mutant: the server holds every connection, and refuses the next."""

    def full(self: Any) -> None:
        self.transport.abort()

    with removed(receiver._TimedProtocol, "_make_room", full), pytest.raises((AssertionError, OSError)):
        assert (await deliver_among(300)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"host: anything.example.org:99\r\n", b"200"),
        (b"host: 127.0.0.1\r\nx-forwarded-for: 10.0.0.1\r\n", b"200"),
        (b"host: a@b\r\n", b"400"),
        (b"host: a b\r\n", b"400"),
        (b"host: x\r\nhost: y\r\n", b"400"),
        (b"host: x\r\norigin: http://x\r\n", b"403"),
        (b"host: x\r\nsec-fetch-mode: navigate\r\n", b"403"),
        (b"host: x\r\nreferer: https://evil.example.com/\r\n", b"403"),
    ],
)
async def test_behind_a_tunnel_any_host_is_right_and_no_browser(headers: bytes, status: bytes) -> None:
    listener = receiver.bound("127.0.0.1", 0)
    inbox = receiver.Inbox()
    async with receiver.receiving(listener, "/hook", inbox.add, inbox.refuse):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        writer.write(b"POST /hook HTTP/1.1\r\n" + headers + b"content-length: 0\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 30)).split()[1] == status
        writer.close()
