"""Each fault in the process: what the caller sees, and what truly happened."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.request_log import LoggedRequest
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.faults.middleware import ABORT

Connect = Callable[..., httpx.AsyncClient]
BEFORE, AFTER = Moment.BEFORE, Moment.AFTER


def always(kind: FaultKind, moment: Moment = BEFORE, **values: Any) -> Faults:
    return Faults((FaultRule(kind, moment, **values),))


@pytest.mark.parametrize(("moment", "created"), [(BEFORE, 0), (AFTER, 1)])
async def test_unavailable_before_or_after_the_effect(
    connect: Connect, account: Account, joe: dict[str, str], moment: Moment, created: int
) -> None:
    client = connect(faults=always(FaultKind.UNAVAILABLE, moment, retry_after="7"))
    response = await client.post("/v1/patients", data=joe)
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert len(account.patients.all()) == created


@pytest.mark.parametrize("retry_after", [None, "3", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_throttled_has_no_effect_and_may_say_until_when(
    connect: Connect, account: Account, joe: dict[str, str], retry_after: str | None
) -> None:
    client = connect(faults=always(FaultKind.THROTTLED, retry_after=retry_after))
    response = await client.post("/v1/patients", data=joe)
    assert (response.status_code, response.headers.get("retry-after")) == (429, retry_after)
    assert account.patients.all() == []


@pytest.mark.parametrize(("moment", "created"), [(BEFORE, 0), (AFTER, 1)])
async def test_dropped_before_or_after_the_effect(
    connect: Connect, account: Account, joe: dict[str, str], moment: Moment, created: int
) -> None:
    client = connect(faults=always(FaultKind.DROPPED, moment))
    with pytest.raises(ConnectionResetError):
        await client.post("/v1/patients", data=joe)
    assert len(account.patients.all()) == created
    (record,) = account.requests.all()
    assert (record.status, record.fault) == (None, f"dropped-{moment.value}")


async def test_a_late_commit_takes_effect_once_and_at_its_time(
    connect: Connect, account: Account, clock: ManualClock, joe: dict[str, str]
) -> None:
    client = connect(faults=always(FaultKind.LATE_COMMIT, methods=frozenset({"POST"}), seconds=20.0))
    sent = clock()
    with pytest.raises(ConnectionResetError):
        await client.post("/v1/patients", data=joe)
    clock.advance(19)
    assert (await client.get("/v1/patients")).json()["totalCount"] == 0
    clock.advance(60)
    assert (await client.get("/v1/patients")).json()["totalCount"] == 1
    assert [patient.created_at for patient in account.patients.all()] == [sent + 20]


async def test_a_late_commit_of_a_wrong_request_does_nothing(
    connect: Connect, account: Account, clock: ManualClock
) -> None:
    client = connect(faults=always(FaultKind.LATE_COMMIT))
    with pytest.raises(ConnectionResetError):
        await client.post("/v1/patients", data={"mrn": "A-1"})
    clock.advance(60)
    assert account.patients.all() == []


@pytest.mark.parametrize(("moment", "created"), [(BEFORE, 0), (AFTER, 1)])
@pytest.mark.parametrize("status", [200, 502])
async def test_html_instead_of_json(
    connect: Connect, account: Account, joe: dict[str, str], moment: Moment, created: int, status: int
) -> None:
    client = connect(faults=always(FaultKind.HTML, moment, status=status))
    response = await client.post("/v1/patients", data=joe)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert len(account.patients.all()) == created


@pytest.mark.parametrize(("moment", "created"), [(BEFORE, 0), (AFTER, 1)])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 429, 500, 503])
async def test_an_error_is_the_documented_object(
    connect: Connect, account: Account, joe: dict[str, str], moment: Moment, created: int, status: int
) -> None:
    client = connect(faults=always(FaultKind.ERROR, moment, status=status))
    response = await client.post("/v1/patients", data=joe)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["status"]) == (status, str(status))
    assert set(error) == {"id", "status", "code", "title", "detail"}
    assert len(account.patients.all()) == created
    assert account.requests.all()[0].fault == f"error-{moment.value}"


async def test_a_redirect_leads_elsewhere_and_does_nothing(
    connect: Connect, account: Account, joe: dict[str, str]
) -> None:
    response = await connect(faults=always(FaultKind.REDIRECT)).post("/v1/patients", data=joe)
    assert (response.status_code, response.headers["location"]) == (302, "https://elsewhere.example.com/")
    assert account.patients.all() == []


async def test_a_truncated_answer_is_broken_json_and_the_effect_is_there(
    connect: Connect, account: Account, joe: dict[str, str]
) -> None:
    response = await connect(faults=always(FaultKind.TRUNCATED)).post("/v1/patients", data=joe)
    assert len(response.content) < int(response.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert len(account.patients.all()) == 1


async def test_a_slow_answer_is_whole_and_takes_its_time(
    connect: Connect, account: Account, clock: ManualClock, joe: dict[str, str]
) -> None:
    start = clock()
    response = await connect(faults=always(FaultKind.SLOW, seconds=40.0)).post("/v1/patients", data=joe)
    assert response.json()["mrn"] == joe["mrn"]
    assert clock() == start + 40


async def test_a_slow_answer_without_a_body_ends(
    connect: Connect, account: Account, joe: dict[str, str]
) -> None:
    created = (await connect().post("/v1/patients", data=joe)).json()
    client = connect(faults=always(FaultKind.SLOW, methods=frozenset({"DELETE"})))
    response = await client.delete(f"/v1/patients/{created['id']}")
    assert (response.status_code, response.content) == (202, b"")


async def test_latency_lies_between_its_bounds(connect: Connect, clock: ManualClock) -> None:
    client = connect(faults=Faults(latency=(2.0, 3.0)))
    for _ in range(20):
        before = clock()
        await client.get("/v1/callback")
        assert 2.0 <= clock() - before <= 3.0


async def test_a_rule_covers_its_methods_and_paths_alone(connect: Connect, joe: dict[str, str]) -> None:
    rule = FaultRule(FaultKind.UNAVAILABLE, methods=frozenset({"POST"}), path="/v1/patients/*")
    client = connect(faults=Faults((rule,)))
    created = (await client.post("/v1/patients", data=joe)).json()
    path = f"/v1/patients/{created['id']}"
    assert (await client.get(path)).status_code == 200
    assert (await client.post(f"{path}/disconnect")).status_code == 503


async def test_a_rule_skips_and_is_spent(connect: Connect) -> None:
    client = connect(faults=always(FaultKind.UNAVAILABLE, skip=1, times=2))
    statuses = [(await client.get("/v1/callback")).status_code for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]


async def test_the_first_rule_that_strikes_is_played(connect: Connect) -> None:
    rules = (FaultRule(FaultKind.THROTTLED, times=1), FaultRule(FaultKind.UNAVAILABLE))
    client = connect(faults=Faults(rules))
    assert [(await client.get("/v1/callback")).status_code for _ in range(3)] == [429, 503, 503]


async def struck(account: Account, clock: ManualClock, seed: int, order: list[str]) -> dict[str, list[int]]:
    """Three requests for each path, all at once and in this order: the statuses by path."""
    rule = FaultRule(FaultKind.UNAVAILABLE, probability=0.5)
    app = create_app(account, faults=Faults((rule,), seed=seed, latency=(0.0, 0.01)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://sandbox.example.com", auth=(API_KEY, "")
    ) as client:

        async def thrice(path: str) -> list[int]:
            return [(await client.get(path)).status_code for _ in range(3)]

        found = await asyncio.gather(*[thrice(path) for path in order])
    return dict(zip(order, found, strict=True))


async def test_chance_depends_on_the_seed_and_not_on_the_order_of_others(
    account: Account, clock: ManualClock
) -> None:
    paths = [f"/v1/patients/{number}" for number in range(20)]
    first = await struck(account, clock, 1, paths)
    assert await struck(account, clock, 1, paths[::-1]) == first
    assert await struck(account, clock, 2, paths) != first
    assert {status for statuses in first.values() for status in statuses} == {404, 503}
    assert any(len(set(statuses)) == 2 for statuses in first.values()), "a repeated request draws anew"


async def test_a_drop_is_on_record_before_the_caller_can_know_of_it(account: Account) -> None:
    app = create_app(account, faults=always(FaultKind.DROPPED))
    records: list[LoggedRequest] = []

    def abort() -> None:
        records.extend(account.requests.all())
        raise ConnectionResetError

    async def droppable(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ABORT] = abort
        await app(scope, receive, send)

    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(droppable), base_url="http://sandbox.example.com", auth=(API_KEY, "")
    )
    with pytest.raises(ConnectionResetError):
        await client.get("/v1/callback")
    assert [record.route for record in records] == ["/v1/callback"]
    assert account.requests.all() == records


async def test_faults_may_change_while_the_sandbox_runs(account: Account) -> None:
    app = create_app(account)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.example.com")
    assert (await client.get("/v1/callback", auth=(API_KEY, ""))).status_code == 200
    app.faults = always(FaultKind.UNAVAILABLE)
    assert (await client.get("/v1/callback", auth=(API_KEY, ""))).status_code == 503
    app.faults = Faults()
    assert (await client.get("/v1/callback", auth=(API_KEY, ""))).status_code == 200


def test_faults_read_from_json() -> None:
    text = """{"seed": 3, "latency": [0, 0.5], "rules": [
        {"kind": "dropped", "moment": "after", "probability": 0.2, "methods": ["post"],
         "path": "/v1/patients"},
        {"kind": "throttled", "retry_after": "2", "times": 1}]}"""
    dropped = FaultRule(FaultKind.DROPPED, AFTER, 0.2, frozenset({"POST"}), "/v1/patients")
    throttled = FaultRule(FaultKind.THROTTLED, retry_after="2", times=1)
    assert Faults.from_mapping(json.loads(text)) == Faults((dropped, throttled), 3, (0.0, 0.5))


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"rule": []}, "faults: unknown name 'rule'"),
        ({"rules": {}}, "faults rules: must be a list"),
        ({"latency": [1]}, "faults latency"),
        ({"latency": [2, 1]}, "faults latency"),
        ({"seed": "1"}, "faults seed: must be a whole number"),
        ({"rules": [{}]}, "fault kind: must be one of unavailable"),
        ({"rules": [{"kind": "gone"}]}, "fault kind: must be one of unavailable"),
        ({"rules": [{"kind": "dropped", "moment": "never"}]}, "fault moment: must be one of before, after"),
        ({"rules": [{"kind": "dropped", "chance": 1}]}, "fault: unknown name 'chance'"),
        ({"rules": [{"kind": "dropped", "methods": "POST"}]}, "fault methods"),
        ({"rules": [{"kind": "dropped", "probability": 2}]}, "fault probability"),
        ({"rules": [{"kind": "dropped", "seconds": -1}]}, "must not be negative"),
        ({"rules": [{"kind": "html", "status": 100}]}, "fault status"),
        ({"rules": [{"kind": "error", "status": 599}]}, "fault status"),
        ({"rules": [{"kind": "html", "times": True}]}, "faults times: must be a whole number"),
    ],
)
def test_wrong_faults_are_named(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Faults.from_mapping(mapping)
