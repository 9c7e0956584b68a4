"""What an endpoint is, what it is given and what it answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.quirks import Quirks


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the checks of its endpoint's declaration."""

    account: Account
    quirks: Quirks
    key: str = field(repr=False)
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    json: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers: a status and a JSON text, a PDF, or no body at all."""

    status: HTTPStatus
    body: str | bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


def ok(content: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """200, or the status that is given, with this JSON value."""
    return Answer(status, json.dumps(content, ensure_ascii=False))


def pdf(content: bytes) -> Answer:
    """200 with a PDF."""
    return Answer(HTTPStatus.OK, content, media="application/pdf")


class Presence(Enum):
    """Whether a form field has to be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a JSON body: whether it has to be there, and the types that it may have."""

    presence: Presence
    kinds: tuple[type, ...] = (str,)


class Api(Enum):
    """Which of the two documents an endpoint is from."""

    V1 = "v1"
    PRO = "pro"


class Access(Enum):
    """Who may call an endpoint."""

    KEY = "key"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path.

    Attributes:
        method: the HTTP method.
        path: the path with {names} for what varies.
        answer: does the work; raises Refusal.
        form: the fields of a form body.
        json: the members of a JSON body; without form and json, a body is refused.
        query: the query parameters that are known; every other one is refused.
        access: who may call it.
    """

    method: str
    path: str
    answer: Callable[[Call], Answer]
    form: Mapping[str, Presence] = field(default_factory=dict)
    json: Mapping[str, Member] = field(default_factory=dict)
    query: frozenset[str] = frozenset()
    access: Access = Access.KEY

    @property
    def api(self) -> Api:
        """Which document it is from: the paths of pro begin with /e/."""
        return Api.PRO if self.path.startswith("/e/") else Api.V1
