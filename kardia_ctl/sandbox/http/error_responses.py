"""The APIs' errors, as exceptions that turn into the documented response."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from starlette.responses import Response


class RequestError(Exception):
    """A request that gets an error response (API reference, "Errors")."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self, occurrence: str) -> Response:
        """Return the response, which repeats nothing of the request; `occurrence` identifies this error."""
        error = {
            "id": occurrence,
            "status": str(self.status.value),
            "code": self.status.name.lower(),
            "title": self.status.phrase,
            "detail": self.detail,
        }
        body = json.dumps({"errors": [error]})
        return Response(body, self.status, self.headers, "application/json")


def bad_request(detail: str) -> RequestError:
    """400: the request is invalid."""
    return RequestError(HTTPStatus.BAD_REQUEST, detail)


def unauthorized(detail: str, scheme: str = "Basic") -> RequestError:
    """401: the API key or the login is wrong."""
    return RequestError(HTTPStatus.UNAUTHORIZED, detail, {"www-authenticate": f'{scheme} realm="Kardia"'})


def not_found(detail: str) -> RequestError:
    """404: the resource or the path does not exist."""
    return RequestError(HTTPStatus.NOT_FOUND, detail)


def conflict(detail: str) -> RequestError:
    """409: the request does not fit the state of the account."""
    return RequestError(HTTPStatus.CONFLICT, detail)


def method_not_allowed(allowed: Iterable[str]) -> RequestError:
    """405: the path exists, but not with this method."""
    headers = {"allow": ", ".join(sorted(allowed))}
    return RequestError(HTTPStatus.METHOD_NOT_ALLOWED, "This path does not support the method.", headers)
