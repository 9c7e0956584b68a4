"""Whatever the server answers: an error that somebody wrote, or a plan; no traceback, no hang."""

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.api.limits.retry import retry_after
from tests.canary.desk import InnerDesk, in_memory, inner_desk
from tests.canary.watch import Chunks
from tests.fuzz.speech import Altering, altered, bounded, is_clean, patiently

RANDOM = st.randoms(use_true_random=True)
"""Drawn whole: what hypothesis raises when an example becomes too long is lost in a task group."""

KINDS: dict[str, Callable[[httpx.Request], bool]] = {
    "the list of patients": lambda request: request.method == "GET" and request.url.path == "/v1/patients",
    "a created patient": lambda request: request.method == "POST" and request.url.path == "/v1/patients",
    "a code": lambda request: request.url.path.endswith("/code"),
    "a callback": lambda request: request.url.path.lower().endswith("callback"),
    "the templates": lambda request: request.url.path.endswith("Template"),
    "a provider": lambda request: request.url.path.startswith("/partner"),
    "anything": lambda _: True,
}


@contextmanager
def new_desk(*, applied: bool = False) -> Iterator[InnerDesk]:
    with in_memory() as place, inner_desk(place / "clinic") as desk:
        if applied:
            assert desk.apply().code == 0
        yield desk


def live(desk: InnerDesk, alter: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
    """Plan, apply and plan again over altered answers; then over right ones."""
    right = desk.wire
    path = str(desk.path)
    for arguments in (
        ("plan", path),
        ("apply", path, "--auto-approve"),
        ("plan", path),
        ("codes", path, "--auto-approve"),
        ("state", "list", path),
    ):
        desk.wire = right
        desk.wire = Altering(desk, alter)
        with patiently():
            is_clean(desk.run(*arguments))
    desk.wire = right
    with patiently():
        is_clean(desk.apply())
    mrns = [one.mrn for one in desk.account.patients.all()]
    assert len(mrns) == len(set(mrns))


@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_answer_is_an_error_or_a_plan_and_creates_nobody_twice(kind: str) -> None:
    @bounded(20)
    @given(RANDOM, st.booleans(), st.sampled_from([0.1, 0.4, 1.0]))
    def story(random: Random, applied: bool, share: float) -> None:
        def alter(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
            if not KINDS[kind](request) or random.random() > share:
                return answer
            return httpx.Response(answer.status_code, content=altered(random, answer.content))

        with new_desk(applied=applied) as desk:
            live(desk, alter)

    story()


@bounded(20)
@given(RANDOM)
def test_an_altered_patient_who_is_not_in_the_list_is_an_error_or_a_plan(random: Random) -> None:
    """Recorded, and missing from the list: read by id, and that answer is altered."""

    def alter(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == "/v1/patients":
            page = json.loads(answer.content)
            return httpx.Response(200, json=page | {"patients": page["patients"][1:], "totalCount": 2})
        if request.url.path.startswith("/v1/patients/") and request.method == "GET":
            return httpx.Response(answer.status_code, content=altered(random, answer.content))
        return answer

    with new_desk(applied=True) as desk:
        live(desk, alter)
        assert len(desk.account.patients.all()) == 3


CURSORS = st.text(max_size=30) | st.sampled_from(
    ["", " ", "&limit=1", "#", "%", "%00", "/../", "\x00", "\ud800", "a" * 100_000, "\u202e", "0", "null"]
)


@bounded(60)
@given(st.lists(CURSORS, min_size=1, max_size=4), st.booleans(), st.integers(0, 3))
def test_any_cursor_is_followed_as_it_is_or_refused(cursors: list[str], endless: bool, size: int) -> None:
    """Page after page, with the same rows or new ones, until the cursors are used up, or without end."""
    asked: list[str] = []

    def alter(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != "/v1/patients" or request.method != "GET":
            return answer
        number = len(asked)
        asked.append(request.url.params.get("start", ""))
        rows = [{"id": f"{number}-{row}", "mrn": f"M-{number}-{row}"} for row in range(size)]
        more = endless or number < len(cursors)
        info = {"endCursor": cursors[number % len(cursors)], "hasNextPage": more}
        text = json.dumps({"patients": rows, "totalCount": size * 3, "pageInfo": info})
        return httpx.Response(200, content=text.encode())

    with new_desk() as desk:
        desk.wire = Altering(desk, alter)
        with patiently():
            is_clean(desk.plan())
    assert asked[0] == ""


HEADERS = st.sampled_from(
    ["retry-after", "date", "content-type", "content-encoding", "content-length", "location", "set-cookie"]
)
VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30) | st.sampled_from(
    [
        "0",
        "-1",
        "3",
        "301",
        "1e9",
        "9" * 400,
        "00000000000000000003",
        "\xb2",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Wed, 32 Foo 2026 25:61:61 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "1994-11-06",
        "gzip",
        "deflate, gzip, gzip",
        "br",
        "zstd",
        "identity",
        "text/html; charset=\xff",
        "http://[",
        "//\xe4.example.com:99999/",
        "https://user:word@example.com/?x=1",
    ]
)
STATUSES = st.sampled_from(
    [200, 201, 202, 204, 206, 299, 301, 304, 400, 408, 418, 425, 429, 451, 500, 503, 599]
)


@bounded(120)
@given(STATUSES, st.lists(st.tuples(HEADERS, VALUES), max_size=4), st.integers(0, 2))
def test_any_status_with_any_headers_is_an_error_or_a_plan(
    status: int, headers: list[tuple[str, str]], skipped: int
) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    seen = [0]

    def alter(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        seen[0] += 1
        if seen[0] <= skipped:
            return answer
        return httpx.Response(status, headers=raw, stream=Chunks(answer.content))

    with new_desk() as desk:
        began = desk.clock()
        desk.wire = Altering(desk, alter)
        with patiently():
            is_clean(desk.apply())
        assert desk.clock() - began < 86_400


@bounded(300)
@given(st.lists(VALUES, min_size=1, max_size=3), st.none() | VALUES, st.floats(0, 2e9))
def test_any_retry_after_is_seconds_that_are_not_negative_or_nothing(
    values: list[str], date: str | None, now: float
) -> None:
    wait = retry_after(values, date, lambda: now)
    assert wait is None or 0 <= wait < float("inf")


BOMB = 40_000_000


def packed(layers: int) -> bytes:
    body = b" " * BOMB
    for _ in range(layers):
        body = gzip.compress(body)
    return body


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_an_answer_that_unpacks_to_far_more_takes_little_memory(layers: int) -> None:
    body = packed(layers)

    def alter(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        headers = {"content-encoding": ", ".join(["gzip"] * layers)}
        return httpx.Response(200, headers=headers, stream=Chunks(body))

    with new_desk() as desk:
        desk.wire = Altering(desk, alter)
        tracemalloc.start()
        with patiently(30):
            ran = desk.plan()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    is_clean(ran)
    assert ran.code == 1
    assert peak < BOMB * 2
