from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from random import Random

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.api.client import Session
from kardia_ctl.api.limits.retry import RetryBudget, RetryPolicy, retry_after
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted
from kardia_ctl.model.kinds import Kind

Speak = Callable[..., AbstractAsyncContextManager[Session]]


class Highest(Random):
    def uniform(self, a: float, b: float) -> float:
        return b


def test_waits_double_up_to_a_bound() -> None:
    waits = [RetryPolicy().wait(tries, Highest()) for tries in range(1, 9)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_waits_are_drawn_from_zero_up() -> None:
    rng = Random(1)
    drawn = [RetryPolicy().wait(3, rng) for _ in range(500)]
    assert min(drawn) < 0.1
    assert 1.9 < max(drawn) <= 2.0


DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, DATE, None),
        ("0000000000005", None, 5.0),
        ("+5", None, None),
        ("5, 10", None, None),
        ("٣", None, None),
        ("Wed, 21 Oct 99999 07:28:30 GMT", DATE, None),
        ("0", None, 0.0),
        (" 120 ", None, 120.0),
        ("1" * 400, None, 111_111_111.0),
        ("-1", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("²", None, None),
        ("", None, None),
        ("Wed, 21 Oct 2026 07:28:30 GMT", DATE, 30.0),
        ("Wed, 21 Oct 2026 07:27:30 GMT", DATE, 0.0),
        ("Wed, 21 Oct 2026 07:28:30 -0000", DATE, 30.0),
        ("Thu, 01 Jan 1970 00:01:30 GMT", None, 90.0),
        ("Thu, 01 Jan 1970 00:01:30 GMT", "nonsense", 90.0),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after([] if value is None else [value], date, lambda: 0.0) == seconds


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        (["5", "10"], 10.0),
        (["soon", "7"], 7.0),
        (["7", "-1"], 7.0),
        (["1", "Wed, 21 Oct 2026 07:28:30 GMT"], 30.0),
        (["soon", "later"], None),
        ([], None),
    ],
)
def test_of_several_headers_the_longest_counts(values: list[str], seconds: float | None) -> None:
    assert retry_after(values, DATE, lambda: 0.0) == seconds


@settings(deadline=None)
@given(
    st.text(max_size=40) | st.from_regex(r"\w{3}, \d{1,2} \w{3} \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,9}"),
    st.none() | st.text(max_size=40) | st.just(DATE),
)
def test_no_header_is_a_traceback_or_a_wait_in_the_past(value: str, date: str | None) -> None:
    wait = retry_after([value], date, lambda: 0.0)
    assert wait is None or wait >= 0


def test_a_budget_is_spent_and_earned_back() -> None:
    budget = RetryBudget(capacity=2, refund=0.5)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    budget.refund()
    assert budget.take() is False
    budget.refund()
    assert [budget.take(), budget.take()] == [True, False]
    for _ in range(99):
        budget.refund()
    assert [budget.take() for _ in range(3)] == [True, True, False]


def test_a_run_has_50_retries_until_something_succeeds() -> None:
    budget = RetryBudget()
    assert [budget.take() for _ in range(51)] == [True] * 50 + [False]


async def test_no_retry_is_waited_for_that_would_come_after_the_outage_has_ended_the_run(
    speak: Speak, waits: list[float]
) -> None:
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        waits.append(seconds)
        now += seconds

    def server(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("")

    policy = RetryPolicy(first=20.0)
    async with speak(server, policy=policy, rng=Highest(), sleep=sleep, clock=lambda: now) as session:
        with pytest.raises(ApiError, match="after 3 tries"):
            await session.reader.templates()
    assert waits == [20.0, 20.0]


async def test_a_read_waits_as_long_as_it_is_told(speak: Speak, waits: list[float]) -> None:
    answers = iter(
        [
            httpx.Response(429, headers={"retry-after": "300"}),
            httpx.Response(503, headers={"retry-after": "Wed, 21 Oct 2026 07:28:07 GMT", "date": DATE}),
            httpx.Response(200, json=[]),
        ]
    )
    async with speak(lambda _: next(answers)) as session:
        assert await session.reader.templates() == ()
    assert waits == [300.0, 7.0]


async def test_a_longer_wait_than_we_wait_stops_with_an_error_that_says_so(
    speak: Speak, waits: list[float]
) -> None:
    async with speak(lambda _: httpx.Response(429, headers={"retry-after": "301"})) as session:
        with pytest.raises(ApiError, match="asks to wait 301 s, more than the 300 s"):
            await session.reader.templates()
        with pytest.raises(NotExecuted, match="asks to wait 301 s"):
            await session.writer().disconnect("id-1")
        assert session.requests == 1, "the whole run stops, not that request alone"
    assert waits == []


async def test_a_repeatable_write_gets_through_and_waits_between(speak: Speak, waits: list[float]) -> None:
    answers = iter([503, 502, 200])
    async with speak(lambda _: httpx.Response(next(answers))) as session:
        await session.writer().set_setting(Kind.CALLBACK, "https://hooks.example.com/")
        assert session.requests == 3
    assert len(waits) == 2
    assert all(0 <= wait <= 1.0 for wait in waits)


async def test_doubt_bounds_the_tries_even_between_throttles(speak: Speak) -> None:
    answers = iter([429, 500, 429, 200])
    async with speak(lambda _: httpx.Response(next(answers))) as session:
        with pytest.raises(InDoubt, match="after 3 tries"):
            await session.writer().disconnect("id-1")


async def test_workers_share_one_budget(speak: Speak) -> None:
    budget = RetryBudget(capacity=3, refund=0)
    async with speak(lambda _: httpx.Response(500), budget=budget) as session:
        for sent in (4, 5, 6):
            with pytest.raises(ApiError):
                await session.reader.templates()
            assert session.requests == sent
