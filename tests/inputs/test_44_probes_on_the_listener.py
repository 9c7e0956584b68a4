"""Input 44: who only looks whether somebody listens is no refused delivery; what cannot be read is one."""

import gzip

import pytest

from tests.cli.webhooks.test_server import CONNECTED, serving


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_probes_are_not_counted(method: str) -> None:
    async with serving() as caller:
        assert await caller.status(b"", path="/hook", method=method) == 405
        assert await caller.status(b"", path="/hook/", method=method) == 404
        assert await caller.status(b"", path="/healthz", method=method) == 200
        assert (caller.refused, caller.events) == (0, [])
        assert await caller.status(b"", path="/elsewhere", method=method) == 404
        assert caller.refused == 1


@pytest.mark.parametrize("body", [gzip.compress(CONNECTED), b"[%s]" % CONNECTED], ids=["gzip", "array"])
async def test_what_is_no_event_is_refused_and_counted(body: bytes) -> None:
    async with serving() as caller:
        assert await caller.status(body) == 400
        assert (caller.refused, caller.events) == (1, [])


async def test_a_delivery_to_the_path_of_probes_is_refused() -> None:
    async with serving() as caller:
        assert await caller.status(CONNECTED, path="/healthz") == 404
        assert (caller.refused, caller.events) == (1, [])
