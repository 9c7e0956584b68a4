"""An ailing server, many workers, and time that jumps: how a run ends, and that a healthy one does not."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.api.client import Session, open_session
from kardia_ctl.api.limits.circuit_breaker import MAX_FAILURES, MAX_SECONDS, Outage
from kardia_ctl.api.limits.retry import RetryBudget
from kardia_ctl.model.errors import ApiError, InDoubt, NotExecuted, Withheld
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from tests.api import skipping

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@dataclass
class Server:
    """Answers, and remembers what arrived and when."""

    answer: Answer
    arrived: list[tuple[str, float]] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        target = f"{request.method} {request.url.raw_path.decode()} {request.content.decode()}"
        self.arrived.append((target, asyncio.get_running_loop().time()))
        return await self.answer(request)

    @property
    def repeated(self) -> int:
        """How many requests came again."""
        return len(self.arrived) - len(Counter(target for target, _ in self.arrived))


Ends = Counter[str]
Act = Callable[[Session, int], Awaitable[object]]


async def _create(session: Session, number: int) -> object:
    return await session.writer().create_patient(DesiredPatient(f"P{number}", "2000-07-21", "a@example.com"))


async def _set(session: Session, number: int) -> object:
    await session.writer().set_setting(Kind.CALLBACK, f"https://hooks.example.com/{number}")
    return None


async def _delete(session: Session, number: int) -> object:
    await session.writer().delete_patient(f"id-{number}")
    return None


async def _read(session: Session, number: int) -> object:
    return await session.reader.patient(f"id-{number}")


def work(server: Server, act: Act, number: int, workers: int = 16, seed: int = 1) -> tuple[Ends, float]:
    """Have workers do something many times; how each ended, and how long it all took."""
    ends: Ends = Counter()

    async def main() -> float:
        todo = iter(range(number))

        async def worker(session: Session) -> None:
            for each in todo:
                try:
                    await act(session, each)
                    ends["done"] += 1
                except ApiError as error:
                    ends[type(error).__name__] += 1

        transport = httpx.MockTransport(server)
        async with open_session(
            "https://api.kardia.com", "k", parallelism=workers, http_transport=transport, rng=Random(seed)
        ) as session:
            await asyncio.gather(*(worker(session) for _ in range(workers)))
        return asyncio.get_running_loop().time()

    return ends, skipping.run(main())


def always(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=named)

    return answer


def never(error: type[Exception], after: float = 0.0) -> Answer:
    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(after)
        raise error("")

    return answer


async def _page(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, html="<html>maintenance</html>")


OUTAGES = {
    "429": always(429),
    "500": always(500),
    "503": always(503),
    "garbage in Retry-After": always(503, retry_after="soon"),
    "nobody listens": never(httpx.ConnectError),
    "reset": never(httpx.ReadError, 0.05),
    "a page": _page,
    "redirect": always(302),
}


@pytest.mark.parametrize("workers", [1, 16])
@pytest.mark.parametrize("act", [_create, _set, _delete, _read])
@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
def test_a_total_outage_ends_within_45_seconds_and_50_retries(answer: Answer, act: Act, workers: int) -> None:
    server = Server(answer)
    ends, seconds = work(server, act, 1_000, workers)
    assert ends.total() == 1_000
    assert "done" not in ends
    assert seconds <= MAX_SECONDS + 0.1
    assert server.repeated <= 50
    assert len(server.arrived) <= 2 * workers + MAX_FAILURES + 50, "the rest is not sent into the outage"


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_jitter_an_outage_ends_in_time(seed: int) -> None:
    for workers in (1, 4):
        server = Server(always(429))
        _, seconds = work(server, _create, 500, workers, seed)
        assert seconds <= MAX_SECONDS
        assert server.repeated <= 50


def test_creates_into_an_outage_are_in_doubt_only_if_they_were_sent() -> None:
    server = Server(always(500))
    ends, _ = work(server, _create, 1_000)
    assert ends["InDoubt"] == len(server.arrived)
    assert ends["Withheld"] == 1_000 - ends["InDoubt"]


def test_a_connection_that_hangs_ends_after_the_try_that_was_under_way() -> None:
    server = Server(never(httpx.ReadTimeout, after=30.0))
    _, seconds = work(server, _set, 500)
    assert seconds <= MAX_SECONDS + 30.0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("seed", range(2))
def test_a_healthy_run_with_failures_here_and_there_never_runs_out_of_retries(
    share: float, seed: int
) -> None:
    chance = Random(seed)

    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        if chance.random() < share:
            return httpx.Response(chance.choice([429, 500, 502, 503]))
        return httpx.Response(404)

    reads, _ = work(Server(answer), _read, 1_000, seed=seed)
    assert reads["done"] >= 999, "only who failed five times in a row fails"


def test_a_short_outage_is_outlived() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429 if asyncio.get_running_loop().time() < 2 else 404)

    ends, _ = work(Server(answer), _read, 300)
    assert ends["done"] == 300


def test_many_are_slowed_down_by_a_server_that_takes_only_a_few_at_once_and_all_get_through() -> None:
    """It refuses the fifth at once. Without a window that follows it, most of 32 workers would run dry."""
    busy = most = refused = 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal busy, most, refused
        if busy >= 4:
            refused += 1
            return httpx.Response(429)
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.1)
        busy -= 1
        return httpx.Response(404)

    ends, seconds = work(Server(answer), _delete, 1_000, workers=32)
    assert ends == {"NotExecuted": 1_000}, "404: gone, certainly not in doubt"
    assert most == 4
    assert refused < 400
    assert seconds < 3 * 1_000 * 0.1 / 4


def test_a_named_wait_does_not_count_as_an_outage() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        early = asyncio.get_running_loop().time() < 600
        return httpx.Response(503, headers={"retry-after": "200"}) if early else httpx.Response(404)

    server = Server(answer)
    ends, seconds = work(server, _read, 40)
    assert ends == {"done": 40}
    assert seconds == 600
    assert {when for _, when in server.arrived} == {0, 200, 400, 600}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("act", [_create, _set, _read])
def test_a_wait_of_more_than_300_seconds_stops_all_workers(status: int, act: Act) -> None:
    server = Server(always(status, retry_after="301"))
    ends, seconds = work(server, act, 1_000)
    assert seconds == 0
    assert len(server.arrived) == 1
    sent = "ApiError" if act is _read else "InDoubt" if status == 503 else "NotExecuted"
    assert ends[sent] >= 1
    assert ends.total() == 1_000


async def _all(session: Session) -> list[ApiError]:
    found = []
    for act in (_create, _set, _read):
        with pytest.raises(ApiError) as caught:
            await act(session, 1)
        found.append(caught.value)
    return found


async def test_a_wait_that_is_too_long_says_so_in_every_error() -> None:
    asked = "the server asks to wait 86400 s, more than the 300 s that kardia-ctl waits"
    headers = {"retry-after": "Thu, 22 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    transport = httpx.MockTransport(lambda _: httpx.Response(503, headers=headers))
    async with open_session("https://api.kardia.com", "k", http_transport=transport) as session:
        first, second, third = await _all(session)
        assert session.requests == 1
    assert type(first) is InDoubt
    assert type(second) is Withheld
    assert type(third) is ApiError
    assert [error.stops for error in (first, second, third)] == [asked] * 3
    assert str(first) == (
        f"POST /v1/patients: 503 Service Unavailable: {asked}; it may have taken effect. "
        "Next: run again later"
    )
    assert str(second) == (
        f"PUT /v1/callback: never sent: {asked}; it was not executed. Next: run again later"
    )
    assert str(third) == f"GET /v1/patients/:patient: never sent: {asked}. Next: run again later"


async def test_a_throttled_write_with_too_long_a_wait_was_certainly_not_executed() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(429, headers={"retry-after": "999"}))
    async with open_session("https://api.kardia.com", "k", http_transport=transport) as session:
        with pytest.raises(NotExecuted, match="wait 999 s") as caught:
            await _create(session, 1)
    assert type(caught.value) is NotExecuted
    assert caught.value.stops


@pytest.mark.parametrize("status", [200, 302, 404, 409])
async def test_a_wait_in_an_answer_that_is_no_delay_means_nothing(status: int) -> None:
    headers = {"retry-after": "999"}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, json={}))
    async with open_session("https://api.kardia.com", "k", http_transport=transport) as session:
        for number in range(2):
            with pytest.raises(ApiError) as caught:
                await _create(session, number)
            assert not caught.value.stops


def test_what_waits_to_be_sent_again_keeps_its_doubt_when_the_run_stops() -> None:
    answers = iter([500, 429])
    stop = {"retry-after": "999"}

    async def answer(_: httpx.Request) -> httpx.Response:
        status = next(answers)
        return httpx.Response(status, headers=stop if status == 429 else {})

    server = Server(answer)
    ends, _ = work(server, _set, 2, workers=2)
    assert ends == {"InDoubt": 1, "NotExecuted": 1}
    assert len(server.arrived) == 2


def test_a_session_that_is_halted_ends_waits_at_once() -> None:
    async def main() -> float:
        transport = httpx.MockTransport(lambda _: httpx.Response(503, headers={"retry-after": "300"}))
        async with open_session("https://api.kardia.com", "k", http_transport=transport) as session:
            asyncio.get_running_loop().call_later(2, session.halt, "the run was stopped by SIGINT")
            with pytest.raises(InDoubt, match="503 Service Unavailable; it may") as caught:
                await _set(session, 1)
            assert caught.value.stops == "the run was stopped by SIGINT"
            with pytest.raises(Withheld, match="stopped by SIGINT"):
                await _set(session, 2)
        return asyncio.get_running_loop().time()

    assert skipping.run(main()) == 2


def test_a_key_that_is_refused_is_not_tried_by_those_who_wait() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1)
        return httpx.Response(401)

    server = Server(answer)
    ends, _ = work(server, _create, 100, workers=4)
    assert ends == {"Unauthorized": 4, "Withheld": 96}


@dataclass(frozen=True, slots=True)
class Heard:
    """What an outage hears; ``verdict`` whether the run ends then, when it could send at once."""

    began: float
    failed: bool = True
    resumes: float | None = None
    verdict: bool = False


@pytest.mark.parametrize(
    "story",
    [
        [Heard(0), Heard(44.9), Heard(45, verdict=True)],
        [Heard(0), Heard(30, failed=False), Heard(50), Heard(90), Heard(95, verdict=True)],
        [Heard(0), Heard(10, resumes=100), Heard(144), Heard(145, verdict=True)],
        [Heard(0), Heard(1000), Heard(1044), Heard(1045, verdict=True)],
        [Heard(0)] + [Heard(0)] * (MAX_FAILURES - 1) + [Heard(0, verdict=True)],
        [Heard(0), Heard(0, failed=False)] + [Heard(0)] * MAX_FAILURES,
    ],
    ids=["45 s", "a success between", "a named wait", "nothing sent for long", "50 more", "50 less"],
)
def test_when_an_outage_ends_the_run(story: list[Heard]) -> None:
    outage = Outage()
    for heard in story:
        if heard.failed:
            outage.failed(heard.began, warned=outage.known, resumes=heard.resumes)
        else:
            outage.over()
        assert bool(outage.stop_reason(max(heard.began, heard.resumes or 0))) is heard.verdict, heard


@given(st.lists(st.booleans(), max_size=400))
def test_a_budget_never_gives_more_than_it_has(takes: list[bool]) -> None:
    budget, given_out, earned = RetryBudget(), 0, 0.0
    for take in takes:
        if take:
            given_out += budget.take()
        else:
            budget.refund()
            earned += 0.5
    assert given_out <= 50 + earned


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([200, 404, 401, 403, 429, 500, 503, 0]), min_size=1, max_size=60),
    st.integers(1, 8),
)
def test_whatever_a_server_answers_every_write_has_one_end(answers: list[int], workers: int) -> None:
    told = iter(answers)

    async def answer(_: httpx.Request) -> httpx.Response:
        status = next(told, 404)
        await asyncio.sleep(0.1)
        if status == 0:
            raise httpx.ReadError("")
        return httpx.Response(status)

    ends, _ = work(Server(answer), _delete, 40, workers)
    assert ends.total() == 40
    assert set(ends) <= {"done", "NotExecuted", "InDoubt", "Unauthorized", "Withheld"}
