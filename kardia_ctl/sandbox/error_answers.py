"""The errors of the API: what an endpoint raises, and the documented envelope that it becomes."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus


class Refusal(Exception):  # noqa: N818 - the API refuses; nothing in the sandbox went wrong
    """A request that is answered with an error (API reference, "Errors")."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def body(self, occurrence: str) -> str:
        """Return the JSON text; `occurrence` is the id of this very error. Nothing repeats what was sent."""
        error = {
            "id": occurrence,
            "status": str(self.status.value),
            "code": self.status.name.lower(),
            "title": self.status.phrase,
            "detail": self.detail,
        }
        return json.dumps({"errors": [error]})


def bad_request(detail: str) -> Refusal:
    """400: the request is invalid."""
    return Refusal(HTTPStatus.BAD_REQUEST, detail)


def unauthorized(detail: str, scheme: str = "Basic") -> Refusal:
    """401: the API key or the login is wrong."""
    return Refusal(HTTPStatus.UNAUTHORIZED, detail, {"www-authenticate": f'{scheme} realm="Kardia"'})


def not_found(detail: str) -> Refusal:
    """404: there is no such thing."""
    return Refusal(HTTPStatus.NOT_FOUND, detail)


def method_not_allowed(allowed: Iterable[str]) -> Refusal:
    """405: the path exists, the method does not."""
    headers = {"allow": ", ".join(sorted(allowed))}
    return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "This path does not know the method.", headers)
