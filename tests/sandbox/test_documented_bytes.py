"""The documents' examples, asked of the sandbox: the same requests, and responses of the same form.

The examples are the exchanges of cassettes/documents/v1.yaml, which tests/api/test_documented.py gives to the
client.
"""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import PatientStatus
from tests.sandbox.documented import EXCHANGES, PATIENT, fill

Connect = Callable[..., httpx.AsyncClient]
DIFFERENT: dict[str, set[str]] = {
    "POST /v1/patients": {"id", "dob"},  # the example echoes another birth date than it was sent
    "GET /v1/patients": {"mrn", "totalCount", "startCursor", "endCursor", "hasNextPage"},
    f"GET /v1/patients/{PATIENT}": {"status"},  # one patient has one status
    f"GET /v1/patients/{PATIENT}/code": {"code"},
    "POST /v1/apikey/new": {"apiKey"},
}
"""The members whose values may differ from the example's: generated ones, and where the examples disagree."""


def title(exchange: Any) -> str:
    method, uri = exchange["request"]["method"], exchange["request"]["uri"]
    return f"{method} {httpx.URL(uri).path}"


@pytest.fixture
def documented(account: Account) -> Account:
    fill(account)
    account.patients.set_status(PATIENT, PatientStatus.CONNECTED)
    return account


def form(value: Any) -> Any:
    """Return the members and types of a JSON value; a list has the form of its first row."""
    match value:
        case dict():
            return [(name, form(part)) for name, part in value.items()]
        case list():
            return [form(part) for part in value[:1]]
        case _:
            return type(value)


def values(value: Any, different: set[str]) -> Any:
    """Return a JSON value without the members that may differ, and of a list the first row alone."""
    match value:
        case dict():
            return {name: values(part, different) for name, part in value.items() if name not in different}
        case list():
            return [values(part, different) for part in value[:1]]
        case _:
            return value


@pytest.mark.parametrize("exchange", EXCHANGES, ids=title)
async def test_an_example_gets_a_response_of_its_form(
    connect: Connect, documented: Account, exchange: Any
) -> None:
    request, expected = exchange["request"], exchange["response"]
    url = httpx.URL(request["uri"]).copy_remove_param("start")  # the example's cursor is opaque, and not ours
    if request["method"] == "GET" and "allback" in url.path:
        put = next(one["request"] for one in EXCHANGES if one["request"]["uri"] == request["uri"])
        assert (await ask(connect, put, url)).is_success
    response = await ask(connect, request, url)
    assert response.status_code == expected["status"]["code"]
    if not expected["body"]["string"]:
        assert response.content in (b"", b"{}")  # no example of a body: empty or {}
        return
    assert response.headers["content-type"] == expected["headers"]["content-type"][0]
    theirs, ours = json.loads(expected["body"]["string"]), response.json()
    assert form(ours) == form(theirs)
    different = DIFFERENT.get(title(exchange), set())
    assert values(ours, different) == values(theirs, different)


async def ask(connect: Connect, request: Any, url: httpx.URL) -> httpx.Response:
    headers = {name: one[0] for name, one in request["headers"].items()}
    path = url.raw_path.decode()
    return await connect().request(request["method"], path, content=request["body"], headers=headers)


def test_each_difference_is_of_an_example_and_is_one() -> None:
    members = {title(exchange): exchange["response"]["body"]["string"] for exchange in EXCHANGES}
    assert DIFFERENT.keys() <= members.keys()
    for name, different in DIFFERENT.items():
        assert all(f'"{member}"' in members[name] for member in different), name
