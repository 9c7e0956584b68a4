"""What a server might say instead of what it should: answers altered by chance that hypothesis draws."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import Any, Final

import httpx
from hypothesis import HealthCheck, Phase, settings

from tests.canary.desk import InnerDesk, Ran

PATIENT: Final = 10.0
"""Seconds after which a command is said to hang: hundreds of times what it needs."""

MOST_REQUESTS: Final = 400
"""Requests after which a command is said to go round in circles."""


def bounded(examples: int) -> settings:
    """The same examples on every machine, and as many as there is time for."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),  # making a failing world smaller takes minutes
    )


ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    2**64,
    10**30,
    -(10**400),
    1e308,
    "",
    " ",
    ".",
    "..",
    "../..",
    "NaN",
    "Infinity",
    "-1e999",
    "1e999",
    "true",
    "null",
    "\x00",
    "\x1b[2J",
    "\ud800",
    "\U000e0041\u202e",
    "a" * 20_000,
    "9" * 5_000,
    "2000-07-21T00:00:00Z",
    "0000-00-00",
    "https://[",
    "?limit=1&start=x#y",
    "%2F%00%zz",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    {"id": "id-1", "mrn": "CL-0001042"},
)
"""Values for which there is some way to read them wrong."""

RAW: Final = (
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"-0",
    b"00",
    b"9" * 5000,
    b"'x'",
    b"\xff",
    b"\x00",
)
_MARK: Final = "qz-here-comes-something-raw"


def altered(random: Random, body: bytes) -> bytes:
    """A body that differs from the right one in a place or two."""
    for _ in range(random.randint(1, 3)):
        body = random.choice((_tree, _tree, _tree, _bytes))(random, body)
    return body


def _tree(random: Random, body: bytes) -> bytes:
    try:
        tree = json.loads(body)
        places = list(_places(tree))
        json.dumps(tree)
    except (ValueError, RecursionError):
        return _bytes(random, body)
    if not places or random.random() < 0.1:
        tree = random.choice((*ODD, [tree], {"data": tree}, {"errors": [tree]}))
    else:
        _change(random, *random.choice(places))
    raw = random.choice(RAW)
    return json.dumps(tree).encode().replace(json.dumps(_MARK).encode(), raw)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a tree with each of its keys."""
    if isinstance(tree, dict | list):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def _change(random: Random, place: Any, key: Any) -> None:
    match random.randint(0, 6):
        case 0 | 1:
            place[key] = random.choice(ODD)
        case 2:
            place[key] = _MARK
        case 3:
            del place[key]
        case 4:
            place[key] = [place[key]] * random.randint(0, 3)
        case 5:
            place[key] = str(place[key]) + random.choice(("\x00", " ", "\u0301", "x" * 300))
        case _:
            for _ in range(random.choice((5, 40, 300))):
                place[key] = [place[key]]


def _bytes(random: Random, body: bytes) -> bytes:
    at = random.randint(0, len(body))
    encoding = random.choice(("utf-16", "utf-32", "latin-1"))
    return random.choice(
        (
            body[:at],
            b"\xef\xbb\xbf" + body,
            body[:at] + bytes([random.randint(0, 255)]) + body[at + 1 :],
            body + body,
            b"[" * random.choice((10, 2_000, 200_000)) + body,
            body.replace(b"{", b'{"id":"twice","totalCount":7,', 1),
            body.decode("utf-8", "replace").encode(encoding, "replace"),
        )
    )


class Altering(httpx.AsyncBaseTransport):
    """The account, some of whose answers are altered on their way."""

    def __init__(
        self, desk: InnerDesk, alter: Callable[[httpx.Request, httpx.Response], httpx.Response]
    ) -> None:
        self._account = desk.wire
        self._alter = alter
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        assert self.requests < MOST_REQUESTS, "it goes round in circles"
        answer = await self._account.handle_async_request(request)
        await answer.aread()
        return self._alter(request, answer)


@contextmanager
def patiently(seconds: float = PATIENT) -> Iterator[None]:
    """Fail when the block takes longer."""

    def over(_: int, frame: FrameType | None) -> None:
        raise AssertionError(f"it hangs: {frame}")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_clean(ran: Ran) -> None:
    """It ended with an exit code of ours, and every trouble is a line that somebody wrote on purpose."""
    assert ran.code in (0, 1, 2)
    assert "Traceback" not in ran.told
    assert "Internal error" not in ran.told, ran.err
