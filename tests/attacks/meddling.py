"""A server that does something of its own: one request has another answer, or something happens first."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk

Meddle = Callable[[str, str], tuple[int, object] | None]
"""Given method and path: the status and body (text, or JSON) to answer with; None for the server's own."""

STAYS = "  - {mrn: ST-1, dob: 1951-01-01, email: st1@example.com, firstname: Bea}\n"
LEAVES = "  - {mrn: GO-1, dob: 1950-01-01, email: go1@example.com, firstname: Ada}\n"
DELETE = "DELETE /v1/patients/{id}"
DISCONNECT = "POST /v1/patients/{id}/disconnect"
ONE = "GET /v1/patients/{id}"
LIST = "GET /v1/patients"
COUNT = "GET /v1/patients/{id}/recordings"
CREATE = "POST /v1/patients"


def enrolled(desk: Desk) -> str:
    """Create GO-1, who is to leave, and ST-1; the id of GO-1."""
    desk.write(f"version: 1\npatients:\n{LEAVES}{STAYS}")
    assert desk.apply().code == 0
    return id_of(desk.account)


def leaving(more: str = "", action: str = "delete") -> str:
    entry = f"  - {{mrn: GO-1, action: {action}, reason: withdrew consent 2026-03-02{more}}}\n"
    return f"version: 1\npatients:\n{STAYS}departures:\n{entry}"


def id_of(account: Account, mrn: str = "GO-1") -> str:
    return next(patient.id for patient in account.patients.all() if patient.mrn == mrn)


@contextmanager
def meddled(
    desk: Desk, *meddlers: Meddle, account: Account | None = None, quirks: Quirks | None = None
) -> Iterator[None]:
    """Serve the desk's account, or another one at its address, by a server that meddles."""
    app = create_app(account or desk.account, quirks or Quirks())

    async def served(scope: Any, receive: Any, send: Any) -> None:
        sent = (scope["method"], scope["path"]) if scope["type"] == "http" else ("", "")
        answer = next((found for meddle in meddlers if (found := meddle(*sent)) is not None), None)
        if answer is None:
            await app(scope, receive, send)
            return
        status, body = answer
        text = body if isinstance(body, str) else json.dumps(body)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": text.encode()})

    with serving(served) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARDIA_ENDPOINT", url)
        yield


class Once:
    """Answers one request, the first that ``fits``, with a status; ``times`` of them."""

    def __init__(
        self, method: str, path: str, status: int, body: object = None, *, times: int = 1, skip: int = 0
    ) -> None:
        self._fits = method, path
        self._answer = status, {"errors": []} if body is None else body
        self._skip, self.left = skip, times

    def __call__(self, method: str, path: str) -> tuple[int, object] | None:
        if (method, path) != self._fits or self.left <= 0:
            return None
        if self._skip > 0:
            self._skip -= 1
            return None
        self.left -= 1
        return self._answer


def before(method: str, path: str, happens: Callable[[], object], *, skip: int = 0) -> Meddle:
    """Something that happens once, right before such a request is answered."""
    left = [skip + 1]

    def meddle(sent: str, to: str) -> None:
        if (sent, to) == (method, path):
            left[0] -= 1
            if left[0] == 0:
                happens()

    return meddle
