"""Why a connection failed, as it was seen: host and port, what the system said, and what helps.

Sources of the codes: errno(3), getaddrinfo(3), and the X509_V_ERR list of openssl-verify(1).
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"https": 443, "http": 80}
_EXPIRED: Final = (9, 10)
_HOST_MISMATCH: Final = (62, 64)
_FULL: Final = (errno.EMFILE, errno.ENFILE)
_UNREACHABLE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)

TOO_MANY_FILES: Final = "raise the limit of open files (ulimit -n), or use a lower --parallelism"


@dataclass(frozen=True, slots=True)
class ConnectionFailure:
    """Why a connection failed. ``text`` and ``remedy`` are safe to print.

    ``stays`` is whether the next attempt would end in the same way; ``for_now`` whether it would while the
    run has not reached the server at all.
    """

    text: str
    remedy: str = ""
    stays: bool = False
    for_now: bool = False


def place_of(url: str) -> str:
    """Host and port of a URL, which may hold a password; empty when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def cause_of(error: BaseException, place: str) -> ConnectionFailure:
    """What lies under an error of the HTTP library; its own name where nothing is known of it."""
    for inner in _chain(error):
        if found := _known(inner, place):
            return found
    if "Timeout" in type(error).__name__:
        return ConnectionFailure(f"{place} did not answer in time ({type(error).__name__})")
    return ConnectionFailure(type(error).__name__)


def _known(error: BaseException, place: str) -> ConnectionFailure | None:
    match error:
        case ssl.SSLCertVerificationError():
            found = _certificate(error, place)
        case ssl.SSLError():
            reason = str(error.reason or "no reason given").replace("_", " ").lower()
            found = ConnectionFailure(
                f"{place} and this machine agree on no TLS ({reason})", "check the port and the proxy"
            )
        case socket.gaierror():
            soon = error.errno == socket.EAI_AGAIN
            remedy = "check how the endpoint is written, and this machine's DNS"
            found = ConnectionFailure(
                f"the name of {place} was not found", remedy, stays=not soon, for_now=soon
            )
        case ConnectionRefusedError():
            found = ConnectionFailure(f"{place} refused the connection", "check that a server runs there")
        case OSError() if error.errno in _FULL:
            found = ConnectionFailure("too many open files", TOO_MANY_FILES)
        case OSError() if error.errno in _UNREACHABLE:
            found = ConnectionFailure(f"there is no route to {place}", "check the network")
        case _:
            return None
    return found


def _certificate(error: ssl.SSLCertVerificationError, place: str) -> ConnectionFailure:
    if error.verify_code in _EXPIRED:
        what, remedy = (
            "is not valid now",
            "check this machine's clock, and whether it has expired",
        )
    elif error.verify_code in _HOST_MISMATCH:
        what, remedy = "is of another host", "check how the endpoint is written"
    else:
        what = "is signed by an authority that is not trusted here"
        remedy = "name the file of your own authority with --ca-file; without one, do not send a key there"
    return ConnectionFailure(f"the certificate of {place} {what}", remedy, stays=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was raised from, the first of each group included."""
    current: BaseException | None = error
    for _ in range(16):
        if current is None:
            return
        yield current
        if isinstance(current, BaseExceptionGroup):
            current = current.exceptions[0]
        else:
            current = current.__cause__ or current.__context__
