"""What the tests of the client share: sessions over a server that is a function, and cassettes."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any

import httpx
import pytest

from kardia_ctl.api.client import Session, open_session
from tests.paths import CASSETTES

KEY = "3test974-cd11-48c3-a0dd-621test8test"
LIVE = "https://api.kardia.com"

Handler = Callable[[httpx.Request], httpx.Response]


Speak = Callable[..., AbstractAsyncContextManager[Session]]
"""Opens a session with a server that is a function; takes the options of ``open_session``."""


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the session asked to sleep, none of which pass."""
    return []


@pytest.fixture
def speak(waits: list[float]) -> Speak:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    @asynccontextmanager
    async def opened(
        handler: Handler, *, endpoint: str = LIVE, key: str = KEY, **options: Any
    ) -> AsyncIterator[Session]:
        transport = httpx.MockTransport(handler)
        given: dict[str, Any] = {
            "http_transport": transport,
            "sleep": sleep,
            "rng": Random(7),
            "now": lambda: 0.0,
            "clock": lambda: 0.0,
        }
        async with open_session(endpoint, key, **(given | options)) as session:
            yield session

    return opened


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture(scope="session")
def vcr_config() -> dict[str, Any]:
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query", "body"],
        "before_record_request": _as_live,
        "before_record_response": _without_secrets,
        "decode_compressed_response": True,
    }


@pytest.fixture(scope="session")
def vcr_cassette_dir() -> str:
    return str(CASSETTES / "v1")


@pytest.fixture
def account_endpoint(record_mode: str) -> Iterator[str]:
    """Where the account is: a fresh sandbox on loopback while recording, else what the cassettes say."""
    if record_mode == "none":
        yield LIVE
        return
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.app import create_app
    from kardia_ctl.sandbox.server import serving

    account = Account(":memory:", seed=1)
    with serving(create_app(account)) as url:
        yield url
    account.close()


def _as_live(request: Any) -> Any:
    request.uri = re.sub(r"^http://127\.0\.0\.1:\d+", LIVE, request.uri)
    if request.body:
        request.body = re.sub(rb"(password=)[^&]+", rb"\1scrubbed", request.body)
    request.headers = {name: value for name, value in request.headers.items() if name in _KEPT}
    return request


_KEPT = {"content-type", "accept", "accept-encoding"}
_SECRETS = (
    (re.compile(rb'("code": ?")[A-Z-]+"'), b'\\1SCRU-BBED-CODE"'),
    (re.compile(rb'("apiKey": ?")[^"]+"'), b'\\1scrubbed-key"'),
    (re.compile(rb'("secretKey": ?")[^"]+"'), b'\\1scrubbed-secret"'),
)


def _without_secrets(response: dict[str, Any]) -> dict[str, Any]:
    body = response["body"]["string"]
    for pattern, scrubbed in _SECRETS:
        body = pattern.sub(scrubbed, body)
    kept = {name: value for name, value in response["headers"].items() if name.lower() == "content-type"}
    return response | {"headers": kept, "body": {"string": body}}
