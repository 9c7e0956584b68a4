"""The declaration of an endpoint, its input and its responses."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.quirks import Quirks


@dataclass(frozen=True, slots=True)
class EndpointCall:
    """A request that passed the checks of its route."""

    account: Account
    quirks: Quirks
    key: str = field(repr=False)
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    json: Mapping[str, Any]


def ok(content: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a response with this JSON value."""
    return json_text(json.dumps(content, ensure_ascii=False), status)


def json_text(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a response with this JSON text."""
    return Response(text, status, media_type="application/json")


class Presence(Enum):
    """Whether a field of a body is required."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a JSON body: whether it is required, and its possible types."""

    presence: Presence
    kinds: tuple[type, ...] = (str,)


class Api(Enum):
    """The document that an endpoint comes from."""

    V1 = "v1"
    PRO = "pro"


class Access(Enum):
    """Who may call an endpoint."""

    KEY = "key"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    Attributes:
        method: the HTTP method.
        path: the path template, with its variables as {name}.
        answer: handles a call; raises RequestError.
        form: the fields of a form body.
        json: the members of a JSON body; a route without form and json refuses a body.
        query: the known query parameters; all others are refused.
        access: who may call it.
    """

    method: str
    path: str
    answer: Callable[[EndpointCall], Response]
    form: Mapping[str, Presence] = field(default_factory=dict)
    json: Mapping[str, Member] = field(default_factory=dict)
    query: frozenset[str] = frozenset()
    access: Access = Access.KEY

    @property
    def api(self) -> Api:
        """The document it comes from: the paths of pro begin with /e/."""
        return Api.PRO if self.path.startswith("/e/") else Api.V1
