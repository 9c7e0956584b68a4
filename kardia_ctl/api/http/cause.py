"""Why a request got no answer, as it was seen: host and port, what the system said, and what helps.

Sources of the codes: errno(3), getaddrinfo(3), and the X509_V_ERR list of openssl-verify(1). The library's
own errors are known by their names here: httpx is imported in one place alone.
"""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from kardia_ctl import open_file_limit

_PORTS: Final = {"https": 443, "http": 80}
_EXPIRED: Final = (9, 10)
_HOST_MISMATCH: Final = (62, 64)
_UNREACHABLE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
_PASSING: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""Errors of TLS that are those of a connection that broke."""


@dataclass(frozen=True, slots=True)
class ConnectionFailure:
    """Why a request got no answer. ``text`` and ``remedy`` are safe to print.

    ``stays`` is whether the next attempt would end in the same way; ``for_now`` whether it would while the
    run has not reached the server at all.
    """

    text: str
    remedy: str = ""
    stays: bool = False
    for_now: bool = False


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, each as host and port, and how long we wait for it, in seconds.

    Attributes:
        connect: What a connection is opened to: the endpoint, or the proxy.
        tls: Whose certificate is looked at.
        answer: Who answers a request.
        opening: For a connection.
        silence: For the next byte.
        total: For a whole answer.
    """

    connect: str
    tls: str
    answer: str
    opening: float
    silence: float
    total: float


def peer_of(endpoint: str, proxy: str | None, *, opening: float, silence: float, total: float) -> Peer:
    """The other end of an endpoint, which may be reached through a proxy."""
    server = place_of(endpoint)
    if proxy is None:
        return Peer(server, server, server, opening, silence, total)
    between = place_of(proxy)
    tls = between if proxy.lower().startswith("https:") else server
    answer = f"{server}, through the proxy {between}," if server else between
    return Peer(between, tls, answer, opening, silence, total)


def place_of(url: str) -> str:
    """Host and port of a URL, which may hold a password; empty when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def cause_of(error: BaseException, peer: Peer) -> ConnectionFailure:
    """What lies under an error of the HTTP library; its own name where nothing is known of it."""
    for inner in _chain(error):
        if found := _known(inner, peer):
            return found
    name = type(error).__name__
    what = "could not be opened" if name == "ConnectError" else "broke"
    return ConnectionFailure(f"the connection to {peer.connect} {what} ({name})")


def _known(error: BaseException, peer: Peer) -> ConnectionFailure | None:
    match error:
        case ssl.SSLCertVerificationError():
            found = _certificate(error, peer.tls)
        case ssl.SSLError() if not isinstance(error, _PASSING):
            found = _tls(error, peer.tls)
        case socket.gaierror():
            found = _name(error, peer.connect)
        case ConnectionRefusedError():
            found = ConnectionFailure(
                f"{peer.connect} refused the connection", "check that a server runs there"
            )
        case ConnectionResetError():
            found = ConnectionFailure(f"{peer.answer} reset the connection")
        case ssl.SSLError() | BrokenPipeError() | ConnectionAbortedError():
            found = ConnectionFailure(f"{peer.answer} closed the connection")
        case OSError() if error.errno in open_file_limit.MET:
            found = _too_many_files(error.errno)
        case OSError() if error.errno in _UNREACHABLE:
            found = ConnectionFailure(f"there is no route to {peer.connect}", "check the network")
        case OSError() if error.errno == errno.ETIMEDOUT:
            found = ConnectionFailure(f"{peer.connect} did not answer (connection timed out)")
        case _:
            say = _OF_THE_LIBRARY.get(type(error).__name__)
            return say and say(error, peer)
    return found


def _name(error: socket.gaierror, place: str) -> ConnectionFailure:
    if open_file_limit.is_met():  # a resolver without a file to open says that there is no such name
        return _too_many_files(errno.EMFILE)
    soon = error.errno == socket.EAI_AGAIN
    remedy = "check how the endpoint is written, and this machine's DNS"
    return ConnectionFailure(f"the name of {place} was not found", remedy, stays=not soon, for_now=soon)


def _too_many_files(number: int | None) -> ConnectionFailure:
    """This process's limit does not rise by waiting; that of the whole machine may be free again."""
    return ConnectionFailure(open_file_limit.REASON, open_file_limit.REMEDY, stays=number == errno.EMFILE)


def _tls(error: ssl.SSLError, place: str) -> ConnectionFailure:
    reason = str(error.reason or "no reason given").replace("_", " ").lower()
    text = f"{place} and this machine agree on no TLS ({reason})"
    passing = error.reason is None or "internal error" in reason
    return ConnectionFailure(text, "check the port and the proxy", stays=not passing)


def _protocol(error: BaseException, peer: Peer) -> ConnectionFailure:
    """By the words of httpcore and h11, which are not printed."""
    words = str(error)
    for part, what in (
        ("without sending a response", "closed the connection without an answer"),
        ("without sending complete message", "closed the connection in the middle of its answer"),
        ("before its request", "answered before the request was sent"),
    ):
        if part in words:
            return ConnectionFailure(f"{peer.answer} {what}")
    return ConnectionFailure(
        f"{peer.answer} sent what is not HTTP", "check the endpoint, its port and the proxy"
    )


def _proxy(error: BaseException, peer: Peer) -> ConnectionFailure | None:
    status = re.match(r"[45]\d\d\b", str(error))
    if status is None:
        return None
    code = int(status[0])
    remedy = (
        "check the user and the password in the proxy's URL"
        if code == 407
        else "ask whoever runs the proxy whether it lets this host through"
    )
    refused = code < 500  # above, it is the proxy that failed
    return ConnectionFailure(f"the proxy {peer.connect} answered {code}", remedy, stays=refused)


_Say = Callable[[BaseException, Peer], ConnectionFailure | None]

_OF_THE_LIBRARY: Final[Mapping[str, _Say]] = {
    "ConnectTimeout": lambda _, peer: ConnectionFailure(
        f"{peer.connect} did not take the connection within {peer.opening:g} s"
    ),
    "ReadTimeout": lambda _, peer: ConnectionFailure(f"{peer.answer} sent nothing for {peer.silence:g} s"),
    "WriteTimeout": lambda _, peer: ConnectionFailure(f"{peer.answer} took nothing for {peer.silence:g} s"),
    "TimeoutError": lambda _, peer: ConnectionFailure(
        f"{peer.answer} had not answered after {peer.total:g} s"
    ),
    "RemoteProtocolError": _protocol,
    "ProxyError": _proxy,
    "IncompleteBodyError": lambda _, peer: ConnectionFailure(
        f"{peer.answer} closed the connection in the middle of its answer"
    ),
    "DecodingError": lambda _, peer: ConnectionFailure(
        f"the answer of {peer.answer} cannot be decompressed", "check that no proxy changes it"
    ),
    "EndOfStream": lambda _, peer: ConnectionFailure(f"{peer.answer} closed the connection"),
}
"""What the errors of httpx, httpcore and anyio mean, and our own, by their names."""


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
