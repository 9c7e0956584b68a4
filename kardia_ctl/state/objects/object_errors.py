"""What the errors of an object store mean. A server's text is not repeated: it may hold a key."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kardia_ctl.model.errors import StateError

_MEANINGS: Final = (
    (
        ("NotImplemented", "NotSupportedError"),
        "the server has no conditional writes",
        "use a server that honours If-None-Match and If-Match of a PUT",
    ),
    (
        ("BadScheme",),
        "the endpoint is http, which shows everything to the network",
        "use https; for a server on this machine alone set AWS_ALLOW_HTTP=true (or AZURE_ALLOW_HTTP=true)",
    ),
    (
        ("NoSuchBucket", "ContainerNotFound", "specified bucket does not exist"),
        "the bucket or container does not exist",
        "create it, or correct the state URL",
    ),
    (
        ("RequestTimeTooSkewed", "difference between the request time"),
        "this machine's clock differs too much from the server's",
        "set the clock (NTP) and run again",
    ),
    (
        ("AuthorizationHeaderMalformed", "PermanentRedirect", "301 Moved", "IllegalLocation"),
        "the bucket is in another region",
        "set AWS_REGION to the bucket's region",
    ),
    (
        ("169.254.169.254", "169.254.170.", "metadata.google", "MissingCredentials", "no credentials"),
        "no credentials were found",
        (
            "give them in the environment as docs/shared-state.md shows (AWS_ACCESS_KEY_ID, "
            "AZURE_STORAGE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS), or run where the machine has a role"
        ),
    ),
    (
        (
            "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
            "AuthenticationFailed", "UnauthenticatedError", "401 Unauthorized",
        ),
        "the credentials were refused: wrong or expired",
        "renew the credentials and run again",
    ),
    (
        ("PermissionDeniedError", "AccessDenied", "403 Forbidden"),
        "access was denied",
        "let these credentials read, write, list and delete objects below the prefix (docs/shared-state.md)",
    ),
    (
        ("SlowDown", "503 Service", "429 Too Many", "ServerBusy", "TooManyRequests"),
        "the server is busy and refused the request several times",
        "wait a moment and run again",
    ),
    (
        ("dns error", "failed to lookup"),
        "the name of the server was not found",
        "check the endpoint and the network",
    ),
    (
        ("certificate", "UnknownIssuer"),
        "the server's certificate is not trusted",
        "check the endpoint and the authorities that this machine trusts",
    ),
    (
        ("timed out", "operation timed out", "TimedOut"),
        "the server did not answer in time",
        "check the endpoint and the network, then run again",
    ),
    (
        ("error sending request", "Connection refused", "connection closed", "decoding response", "reset"),
        "the server cannot be reached, or it ended the connection",
        "check the endpoint and the network, then run again",
    ),
    (
        ("500 Internal", "502 Bad", "504 Gateway", "InternalError"),
        "the server failed several times",
        "wait a moment and run again",
    ),
)  # fmt: skip
"""Marks of each error in the client's text, what it means, and what to do. The first that fits counts."""


def meaning_of(text: str, kind: str) -> str:
    """What an error means and what to do; ``kind`` is the name of its class."""
    both = f"{kind} {text}"
    for marks, what, remedy in _MEANINGS:
        if any(mark in both for mark in marks):
            return f"{what}. Next: {remedy}"
    return f"the client reported {kind}. Next: check the state URL, the credentials and the network"


@contextmanager
def stored_values(place: str) -> Iterator[None]:
    """Raise the errors of values that SQLite does not store as ``StateError``."""
    try:
        yield
    except (UnicodeError, OverflowError) as error:
        raise StateError(
            f"writing the state {place}: a value cannot be stored ({type(error).__name__}). "
            "Check the mrns for invalid text"
        ) from None
    except sqlite3.Error as error:
        raise StateError(
            f"writing the state {place}: SQLite answered {type(error).__name__}. "
            "This is a bug; please report this line"
        ) from error
