"""From an answer to the end of a run: the real client under the real applying, in time that jumps."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from random import Random

import httpx
import pytest

from kardia_ctl.api.client import open_session
from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.results import Result, Status
from tests.api import skipping
from tests.applying.workshop import Memory, context_of, creates, executed, inputs_for

Answer = Callable[[httpx.Request, int], httpx.Response | Awaitable[httpx.Response]]


class Run:
    """An apply of changes against a server that is a function of the request and of how many came before."""

    def __init__(self, answer: Answer, mrns: int = 20, codes: tuple[str, ...] = ()) -> None:
        self.answer = answer
        self.desired, self.changes = creates(*(f"P{number:02}" for number in range(mrns)), codes=codes)
        self.store = Memory()
        self.stop_signal = StopSignal()
        self.sent: list[str] = []

    def results(self, extra: Iterable[Change] = (), parallelism: int = 4) -> tuple[Result, ...]:
        return skipping.run(self._run(Plan(changes=(*self.changes, *extra)), parallelism))

    async def _run(self, plan: Plan, parallelism: int) -> tuple[Result, ...]:
        async with open_session(
            "https://api.kardia.com",
            "key",
            parallelism=parallelism,
            http_transport=httpx.MockTransport(self._serve),
            rng=Random(1),
        ) as session:
            context = context_of(session.writer(), self.store, self.stop_signal)
            context = replace(context, parallelism=parallelism, reader=session.reader)
            return await executed(plan.changes, inputs_for(self.desired), context)

    async def _serve(self, request: httpx.Request) -> httpx.Response:
        number = len(self.sent)
        self.sent.append(f"{request.method} {request.url.path}")
        await asyncio.sleep(0.1)
        found = self.answer(request, number)
        return found if isinstance(found, httpx.Response) else await found


def created(request: httpx.Request) -> httpx.Response:
    mrn = dict(httpx.QueryParams(request.content.decode()))["mrn"]
    return httpx.Response(200, json={"id": f"id-{mrn}", "mrn": mrn})


def code(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"code": "ABCD-EFGH-IJKL", "status": "pending"})


def counted(results: Iterable[Result]) -> dict[Status, int]:
    return dict(Counter(result.status for result in results))


def test_a_key_that_is_refused_midway_leaves_nothing_in_doubt_that_got_its_answer() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return created(request)

    def answer(request: httpx.Request, number: int) -> httpx.Response | Awaitable[httpx.Response]:
        return httpx.Response(401) if number == 8 else slow(request)

    run = Run(answer)
    results = run.results()
    assert counted(results) == {Status.DONE: 11, Status.FAILED: 1, Status.SKIPPED: 8}
    assert len(run.sent) == 12
    assert run.stop_signal.reason == "the key was refused"
    assert not run.store.intents()
    assert len(run.store.remembered()) == 11


@pytest.mark.parametrize(("status", "ends"), [(429, Status.FAILED), (503, Status.IN_DOUBT)])
def test_a_wait_that_is_too_long_stops_the_run(status: int, ends: Status) -> None:
    def answer(request: httpx.Request, number: int) -> httpx.Response:
        return httpx.Response(status, headers={"retry-after": "900"}) if number == 4 else created(request)

    run = Run(answer)
    results = run.results()
    assert counted(results) == {Status.DONE: 7, ends: 1, Status.SKIPPED: 12}
    assert len(run.sent) == 8, "those under way get their answers"
    assert (
        run.stop_signal.reason == "the server asks to wait 900 s, more than the 300 s that kardia-ctl waits"
    )
    assert len(run.store.intents()) == (ends is Status.IN_DOUBT)
    assert {each.detail for each in results if each.status is Status.SKIPPED} == {run.stop_signal.reason}


def test_who_waits_in_a_pause_is_skipped_when_the_run_stops() -> None:
    """They were not sent: that is no failure, and leaves no intent."""

    def answer(_: httpx.Request, number: int) -> httpx.Response:
        return httpx.Response(429, headers={"retry-after": "20" if number < 4 else "900"})

    run = Run(answer)
    results = run.results()
    assert counted(results) == {Status.FAILED: 4, Status.SKIPPED: 16}
    assert not run.store.intents()
    assert len(run.sent) == 6, "four, and after the pause half as many"


def test_an_outage_stops_the_run_before_everybody_is_in_doubt() -> None:
    run = Run(lambda request, number: created(request) if number < 100 else httpx.Response(500), mrns=1_000)
    results = run.results(parallelism=16)
    found = counted(results)
    assert found[Status.DONE] == 100
    assert found[Status.IN_DOUBT] == len(run.sent) - 100 < 90
    assert run.stop_signal.reason.startswith("nothing got through")
    assert len(run.store.intents()) == found[Status.IN_DOUBT]


def test_throttles_slow_a_run_down_and_all_gets_done() -> None:
    refused: set[bytes] = set()

    def answer(request: httpx.Request, number: int) -> httpx.Response:
        """Every third is refused, each once: four in a row would be refused for good."""
        if number % 3 == 0 and request.content not in refused:
            refused.add(request.content)
            return httpx.Response(429)
        return created(request)

    run = Run(answer, mrns=200)
    assert counted(run.results(parallelism=16)) == {Status.DONE: 200}


def test_a_key_that_may_not_issue_codes_still_creates_patients() -> None:
    def answer(request: httpx.Request, _: int) -> httpx.Response:
        return httpx.Response(403) if request.method == "GET" else created(request)

    run = Run(answer, codes=("year", "quarter"))
    results = run.results()
    asked = sum(sent.startswith("GET") for sent in run.sent)
    assert 1 <= asked <= 4, "those that were under way together"
    assert counted(results) == {Status.DONE: 20, Status.FAILED: asked, Status.SKIPPED: 40 - asked}
    assert not run.stop_signal.reason
    assert not run.store.intents()
    assert {each.detail for each in results if each.status is Status.SKIPPED} == {
        "the API key may not create a connection code: an earlier request was refused with 403"
    }


def test_a_key_that_may_not_create_patients_sends_no_code_for_them() -> None:
    run = Run(lambda _, __: httpx.Response(403), codes=("year",))
    results = run.results(parallelism=1)
    assert run.sent == ["POST /v1/patients"]
    assert counted(results) == {Status.FAILED: 1, Status.SKIPPED: 39}
    details = {str(each.address): each.detail for each in results}
    assert (
        details["patient/P07"]
        == "the API key may not create a patient: an earlier request was refused with 403"
    )
    assert details["connection_code/P07/year"] == "it needs patient/P07, which is skipped"


def _leave(action: Action, number: int) -> Change:
    mrn = f"L{number}"
    return Change(patient_address(mrn), action, Cause.DEPARTURE, "left", id=f"id-{mrn}")


def looked_at(request: httpx.Request) -> httpx.Response:
    """The last look before a deletion: a patient who is not connected and has no recordings."""
    if request.url.path.endswith("/recordings"):
        nothing = {"totalCount": 0, "recordings": [], "pageInfo": {"hasNextPage": False}}
        return httpx.Response(200, json=nothing)
    patient_id = request.url.path.rpartition("/")[2]
    mrn = patient_id.removeprefix("id-")
    return httpx.Response(200, json={"id": patient_id, "mrn": mrn, "status": "none"})


def test_a_key_without_data_controller_access_may_still_disconnect() -> None:
    def answer(request: httpx.Request, _: int) -> httpx.Response:
        if request.method == "GET":
            return looked_at(request)
        return httpx.Response(403) if request.method == "DELETE" else httpx.Response(200)

    run = Run(answer, mrns=0)
    leavers = [_leave(Action.DELETE if n % 2 else Action.DISCONNECT, n) for n in range(10)]
    results = run.results(leavers, parallelism=1)
    assert counted(results) == {Status.DONE: 5, Status.FAILED: 1, Status.SKIPPED: 4}
    assert sum(sent.startswith("DELETE") for sent in run.sent) == 1
    assert run.store.departed() == [(f"id-L{n}", "disconnect") for n in range(0, 10, 2)]


def test_a_refusal_after_a_doubt_counts_for_the_kind_and_keeps_the_doubt() -> None:
    def answer(request: httpx.Request, _: int) -> httpx.Response:
        if request.method == "GET":
            return looked_at(request)
        return httpx.Response(403 if run.sent.count(run.sent[-1]) > 1 else 500)

    run = Run(answer, mrns=0)
    results = run.results([_leave(Action.DELETE, 0), _leave(Action.DELETE, 1)], parallelism=1)
    assert [result.status for result in results] == [Status.IN_DOUBT, Status.SKIPPED]
    assert [sent.partition(" ")[0] for sent in run.sent] == ["GET", "GET", "DELETE", "DELETE"]
