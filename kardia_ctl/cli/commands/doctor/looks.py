"""The requests of a check: seven at most, all of them safe reads, each sent once."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.model.errors import ApiError

if TYPE_CHECKING:
    from kardia_ctl.api.answer import Answer
    from kardia_ctl.api.client import Session
    from kardia_ctl.api.endpoints import Endpoint

PAGE: Final = 500
DELIVERIES: Final = 20
"""Deliveries of the log that are looked at."""

_HOPELESS: Final = 2
"""Requests without any answer after which no other is sent."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one request found.

    Attributes:
        answer: The answer, whatever its status; None when there was none.
        error: Why it cannot be used, safe to print; empty for one that can.
        at: Unix seconds halfway between request and answer.
    """

    answer: "Answer | None" = field(default=None, repr=False)
    error: str = ""
    at: float = 0.0

    @property
    def body(self) -> Any:
        """The JSON of the answer; None when it is none."""
        try:
            return json.loads(self.answer.body) if self.answer else None
        except (ValueError, RecursionError):
            return None


@dataclass(slots=True)
class Looks:
    """What all requests found, by their names, and how many were sent."""

    found: dict[str, Look] = field(default_factory=dict)
    requests: int = 0


async def look_around(workspace: Workspace) -> Looks:
    """Send the requests, one after the other, unless the host gives no answer at all."""
    looks = Looks()
    async with open_account(workspace, parallelism=1, tries=1) as session:
        async for name, look in _each(session, workspace):
            looks.found[name] = look
            silent = all(other.answer is None for other in looks.found.values())
            if silent and len(looks.found) >= _HOPELESS:
                break
        looks.requests = session.requests
    return looks


async def _each(session: "Session", workspace: Workspace) -> AsyncIterator[tuple[str, Look]]:
    from kardia_ctl.api import endpoints
    from kardia_ctl.api.records.record_endpoints import LOGS

    if not workspace.capabilities.shows_patients:
        yield "callback", await _look(session, endpoints.PRO_READ_CALLBACK)
        return
    yield "templates", await _look(session, endpoints.LIST_TEMPLATES)
    yield "head", await _look(session, endpoints.LIST_PATIENTS, limit=str(PAGE))
    first = await _look(session, endpoints.LIST_PATIENTS, limit="1")
    yield "first", first
    if cursor := cursor_of(first):
        yield "second", await _look(session, endpoints.LIST_PATIENTS, limit="1", start=cursor)
    yield "callback", await _look(session, endpoints.READ_CALLBACK)
    yield "qt callback", await _look(session, endpoints.READ_QT_CALLBACK)
    yield "deliveries", await _look(session, LOGS.endpoint, limit=str(DELIVERIES))


async def _look(session: "Session", endpoint: "Endpoint", **query: str) -> Look:
    from kardia_ctl.api.http.transport import Call

    answers: list[Answer] = []
    began = time.time()
    try:
        await session.send_raw(Call(endpoint, query=tuple(query.items()), on_answer=answers.append))
    except ApiError as error:
        at = (began + time.time()) / 2
        return (
            Look(answers[-1], _refusal(endpoint, answers[-1], error), at)
            if answers
            else Look(None, str(error), at)
        )
    look = Look(answers[-1], "", (began + time.time()) / 2)
    if look.body is not None or not answers[-1].is_success:
        return look
    what = "a web page" if answers[-1].is_page else "no JSON"
    return replace(look, error=f"{endpoint}: the answer is {what}. Next: check the endpoint and the proxy")


def _refusal(endpoint: "Endpoint", answer: "Answer", error: ApiError) -> str:
    """The status and the next step; not what the server says, which may be about anybody."""
    what = f"{answer.status}, a web page" if answer.is_page else f"{answer.status}"
    _, next_, step = str(error).rpartition("Next: ")
    return f"{endpoint}: {what}. {next_}{step}" if next_ else f"{endpoint}: {what}"


def cursor_of(look: Look) -> str:
    """The cursor to the next page; empty without one."""
    body = look.body
    info = body.get("pageInfo") if isinstance(body, dict) else None
    if not isinstance(info, dict) or info.get("hasNextPage") in (None, False, "false", ""):
        return ""
    cursor = info.get("endCursor")
    return cursor if isinstance(cursor, str) else ""
