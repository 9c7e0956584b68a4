"""Answers only who means this server: the check against DNS rebinding and requests of other sites' pages.

A page of another site can have a name of its own point to this machine, and post forms across sites. Both
show: in Host, which then names the page's server, and in Origin or Sec-Fetch-Site, which browsers add. The
check comes before the path is looked at, the body is read or a fault is drawn.
"""

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from kardia_ctl.hosts import Host, InvalidHost, parse_authority, parse_host
from kardia_ctl.sandbox.http.error_responses import RequestError

Authority: TypeAlias = tuple[Host, int | None]
"""A host, and its port where it is not the served one."""

_HTTP: Final = 80
_OWN_SITE: Final = (b"same-origin", b"none")
"""What browsers send for a page of this server, and for an address that a person typed (Fetch Metadata)."""

_WRONG_HOST: Final = RequestError(
    HTTPStatus.MISDIRECTED_REQUEST,
    "Host must name this machine and the served port; sandbox serve --allow-host NAME admits another name.",
    {"connection": "close"},
)
_OTHER_SITE: Final = RequestError(
    HTTPStatus.FORBIDDEN, "A page of another site may not send requests here.", {"connection": "close"}
)


class HostGuard:
    """ASGI middleware that passes on only requests whose Host, and Origin if any, are this server's."""

    def __init__(self, app: ASGIApp, listening: tuple[str, int], names: Collection[Authority] = ()) -> None:
        host, self._port = listening
        self._app = app
        self._own = parse_host(host)
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for another server; pass the others on."""
        error = self._error(scope) if scope["type"] == "http" else None
        if error is None:
            await self._app(scope, receive, send)
        else:
            await error.response("host-guard")(scope, receive, send)

    def _error(self, scope: Scope) -> RequestError | None:
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not scope["path"].startswith("/"):  # in absolute form the target names a host
            return _WRONG_HOST
        found = _authority(hosts[0])
        if found is None or not self._is_own(*found):
            return _WRONG_HOST
        own_site = all(value in _OWN_SITE for value in _values(scope, b"sec-fetch-site"))
        own_page = all(_origin(value) == found for value in _values(scope, b"origin"))
        return None if own_site and own_page else _OTHER_SITE

    def _is_own(self, host: Host, port: int) -> bool:
        if any(host == name and port in (admitted, self._port) for name, admitted in self._names):
            return True
        return port == self._port and (host.is_loopback or host == self._own or self._is_reached_by(host))

    def _is_reached_by(self, host: Host) -> bool:
        """Whether every address is listened on, and this is one: DNS cannot rebind an address."""
        is_any = self._own.address is not None and self._own.address.is_unspecified
        return is_any and host.address is not None


def _values(scope: Scope, name: bytes) -> Sequence[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _authority(value: bytes) -> tuple[Host, int] | None:
    try:
        host, port = parse_authority(value.decode("latin-1"))
    except InvalidHost:
        return None
    return host, _HTTP if port is None else port


def _origin(value: bytes) -> tuple[Host, int] | None:
    scheme, _, rest = value.partition(b"://")
    return _authority(rest) if scheme.lower() == b"http" else None
