"""What an endpoint is, what it is given and what it answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from kardia_ctl.sandbox.account import Account
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers: a status and a JSON text, or no body at all."""

    status: HTTPStatus
    body: str | None
    headers: Mapping[str, str] = field(default_factory=dict)


def ok(content: Any) -> Answer:
    """200 with this JSON value."""
    return Answer(HTTPStatus.OK, json.dumps(content, ensure_ascii=False))


class Presence(Enum):
    """Whether a form field has to be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"


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
        form: the fields of the body; without any, a body is refused.
        query: the query parameters that are known; every other one is refused.
        access: who may call it.
    """

    method: str
    path: str
    answer: Callable[[Call], Answer]
    form: Mapping[str, Presence] = field(default_factory=dict)
    query: frozenset[str] = frozenset()
    access: Access = Access.KEY
