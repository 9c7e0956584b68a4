"""A session with one account: its connections, and the reader and writer that share them."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Final, assert_never

from kardia_ctl import __version__
from kardia_ctl.api import pro, v1
from kardia_ctl.api.answer import Answer
from kardia_ctl.api.endpoints import check_endpoint
from kardia_ctl.api.http.connections import ConnectionOptions, HttpTransport, connect
from kardia_ctl.api.http.sent_request import RequestLog
from kardia_ctl.api.http.transport import Call, RequestCounts, Transport
from kardia_ctl.api.limits.circuit_breaker import Outage
from kardia_ctl.api.limits.pacer import Pace
from kardia_ctl.api.limits.retry import RetryBudget, RetryPolicy
from kardia_ctl.api.records import record_reader
from kardia_ctl.api.records.decode_rows import Row, RowsPage
from kardia_ctl.api.records.record_endpoints import RECORD_READS
from kardia_ctl.api.records.record_reader import Records
from kardia_ctl.api.scrubbing.scrub import Scrubber
from kardia_ctl.api.sender import Exchange, SafeReads
from kardia_ctl.model.configuration import Authorization, Dialect
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.ports import Reader, Writer


@dataclass(frozen=True, slots=True)
class Session:
    """An open session with an account. Observing gets ``reader``; only apply asks for ``writer()``."""

    reader: Reader
    _dialect: Dialect
    _exchange: Exchange
    _transport: Transport
    _pace: Pace
    scrub: Scrubber
    """Makes texts of the server printable; what it is told to ``know`` is hidden in errors from then on."""

    def writer(self) -> Writer:
        """The port for writes."""
        return _WRITERS[self._dialect](self._exchange)

    @property
    def requests(self) -> int:
        """The number of requests sent so far, retries included."""
        return self._transport.requests

    @property
    def counts(self) -> RequestCounts:
        """Requests sent so far, by reads and writes."""
        return self._transport.counts

    def halt(self, reason: str) -> None:
        """Send nothing more: requests that wait for a slot or a retry end at once, unsent.

        Requests in flight continue.
        """
        self._pace.halt(reason)

    def abort(self) -> None:
        """Cut off the requests in flight, after ``halt``. A write whose first byte has left is in doubt."""
        self._exchange.in_flight.abort()

    def records(self) -> Records:
        """The reader of records: recordings, documents, logs, teams."""
        return Records(SafeReads(self._exchange, RECORD_READS), self._dialect)

    async def add_qt(self, recording_id: str, values: Mapping[str, str | float]) -> Row:
        """Record a QT measurement of a recording: an effect, sent once (see ``record_reader.add_qt``)."""
        return await record_reader.add_qt(self._exchange, recording_id, values)

    async def send_raw(self, call: Call) -> Answer:
        """Send a hand-written call (see ``record_reader.send_raw``)."""
        return await record_reader.send_raw(self._exchange, call)

    def raw_pages(self, call: Call) -> AsyncGenerator[RowsPage]:
        """Every page of a hand-written read (see ``record_reader.raw_pages``)."""
        return record_reader.raw_pages(self._exchange, call)

    async def create_key(self, email: str, password: str) -> str:
        """The account's API key for a login. Open the session with an empty key for it."""
        return await v1.create_key(self._exchange, email, password)

    async def renew_key(self) -> str:
        """A new API key; the answer is its only copy. Raises ``InDoubt`` when that answer was lost."""
        return await v1.renew_key(self._exchange)


@asynccontextmanager
async def open_session(
    endpoint: str,
    key: str,
    *,
    dialect: Dialect = Dialect.V1,
    authorization: Authorization = Authorization.BEARER,
    parallelism: int = 8,
    http_transport: HttpTransport | None = None,
    options: ConnectionOptions = ConnectionOptions(),  # noqa: B008  (a frozen value)
    scrub: Scrubber | None = None,
    policy: RetryPolicy = RetryPolicy(),  # noqa: B008  (a frozen value)
    budget: RetryBudget | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    rng: Random | None = None,
    now: Callable[[], float] = time.time,
    clock: Callable[[], float] | None = None,
    log: RequestLog | None = None,
) -> AsyncIterator[Session]:
    """Connect to an account and disconnect at the end.

    Args:
        endpoint: the base URL: https, or http for a loopback host.
        key: the API key; empty only for ``Session.create_key``.
        dialect: which of the two APIs the account has.
        authorization: how requests to pro carry the key; v1 ignores it.
        parallelism: how many requests may be in flight, unless the server asks for fewer.
        http_transport: replaces the network, for example ``app_transport`` of a sandbox.
        options: timeouts, bounds, proxy and CA file.
        scrub: knows the values that no error may repeat; nobody's when not given.
        policy: how often and how long apart a request is retried.
        budget: the retries that all workers share.
        sleep: waits for seconds of ``clock``.
        rng: draws the jitter.
        now: Unix seconds, for a Retry-After without a Date.
        clock: seconds that never run backwards, for pauses and outages; the event loop's own when not given.
        log: receives each request once its outcome is known.

    Raises:
        ApiError: the endpoint, the key, the proxy or the CA file cannot be used.
    """
    if parallelism < 1:
        raise ApiError("parallelism must be at least 1. Next: leave --parallelism out, or name a number")
    base_url = check_endpoint(endpoint)
    secure = base_url.startswith("https:") or options.proxy is not None
    clock = clock or asyncio.get_running_loop().time
    scrub = scrub or Scrubber()
    headers, chance = _headers(key, dialect, authorization), rng or SystemRandom()
    async with connect(options, clock=clock, transport=http_transport, secure=secure) as connections:
        secrets = (key, b64encode(f"{key}:".encode()).decode()) if key else ()
        transport = Transport(base_url, connections, headers, options, now=now, secrets=secrets)
        pace = Pace(
            parallelism,
            clock=clock,
            sleep=sleep,
            draw=lambda streak: policy.wait(streak, chance),
        )
        exchange = Exchange(
            transport,
            pace,
            secrets=(key,),
            scrub=scrub,
            rng=chance,
            policy=policy,
            budget=budget or RetryBudget(),
            outage=Outage(),
            log=log,
        )
        yield Session(_READERS[dialect](SafeReads(exchange)), dialect, exchange, transport, pace, scrub)


_READERS: Final[Mapping[Dialect, Callable[[SafeReads], Reader]]] = {
    Dialect.V1: v1.V1Reader,
    Dialect.PRO: pro.ProReader,
}
_WRITERS: Final[Mapping[Dialect, Callable[[Exchange], Writer]]] = {
    Dialect.V1: v1.V1Writer,
    Dialect.PRO: pro.ProWriter,
}


def _headers(key: str, dialect: Dialect, authorization: Authorization) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": f"kardia-ctl/{__version__}",
    }
    if not key:
        return headers
    if ":" in key or not key.isascii() or not key.isprintable() or " " in key:
        raise ApiError(
            "the API key has a character that no key has. Next: check KARDIA_API_KEY for a copied space, "
            "line end or colon"
        )
    return headers | {"Authorization": _authorization(key, dialect, authorization)}


def _authorization(key: str, dialect: Dialect, authorization: Authorization) -> str:
    match dialect, authorization:
        case Dialect.V1, _:
            return f"Basic {b64encode(f'{key}:'.encode()).decode()}"
        case Dialect.PRO, Authorization.BEARER:
            return f"Bearer {key}"
        case Dialect.PRO, Authorization.BARE:
            return key
        case never:
            assert_never(never)
