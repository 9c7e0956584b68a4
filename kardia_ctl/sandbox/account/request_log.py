"""The log of received requests."""

from dataclasses import dataclass

from kardia_ctl.sandbox.account.timeline import Timeline


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A received request, without body, query and ids.

    Attributes:
        method: the HTTP method.
        route: the path template, "" for an unknown path.
        status: the response status, None when the connection was dropped.
        at: when the request was received, in seconds.
        fault: the name of the fault that was injected, if any.
    """

    method: str
    route: str
    status: int | None
    at: float
    fault: str | None


class RequestLog:
    """The request log of an account. Every method is atomic."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def add(self, request: LoggedRequest) -> None:
        """Store a request."""
        values = (request.method, request.route, request.status, int(request.at * 1e6), request.fault)
        sql = "INSERT INTO requests (method, route, status, at, fault) VALUES (?, ?, ?, ?, ?)"
        self._timeline.run(sql, *values)

    def all(self, *, method: str | None = None, route: str | None = None) -> list[LoggedRequest]:
        """Return the requests, oldest first, optionally of one method or one path template."""
        sql = (
            "SELECT method, route, status, at / 1e6, fault FROM requests"
            " WHERE method = coalesce(?, method) AND route = coalesce(?, route) ORDER BY seq"
        )
        return [LoggedRequest(*row) for row in self._timeline.rows(sql, method, route)]
