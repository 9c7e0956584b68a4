"""The endpoints, what each does to the account, and which of them planning may call."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never
from urllib.parse import quote, urlsplit

from kardia_ctl.hosts import Host, InvalidHost, is_plain, parse_host
from kardia_ctl.model.configuration import Dialect, Region
from kardia_ctl.model.errors import ApiError, NotExecuted


class Nature(Enum):
    """What sending a request does, and so whether it may be sent again."""

    SAFE = "safe"
    """Changes nothing."""
    REPEATABLE = "repeatable"
    """Has an effect that a second sending does not add to."""
    ONCE = "once"
    """Has an effect that a second sending might repeat."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path; ``path`` has {names} where ids go.

    Attributes:
        absent: Statuses of a read that mean 'none'.
        gone: Statuses of a write that prove its target is gone (or there), even when an earlier attempt was
            in doubt.
        failure: Statuses that the documents define as a failure of this write, although other 5xx mean doubt.
        guarded: Whether it needs Data Controller access, which a key may lack: a 401 may mean that alone,
            and does not end the run (API reference, "Delete Patient", "Export Patient").
        personal: Whether its answers may describe a person whose values are unknown here, and so cannot be
            removed from an error.
    """

    method: str
    path: str
    nature: Nature
    absent: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    failure: frozenset[int] = frozenset()
    guarded: bool = False
    personal: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path.replace('{', ':').replace('}', '')}"


_PATIENT_ABSENT: Final = frozenset({404})
_UNSET: Final = frozenset({400, 404})
"""How the API answers for a callback that is not set is undocumented; both are expected."""

LIST_PATIENTS: Final = Endpoint("GET", "/v1/patients", Nature.SAFE, personal=True)
READ_PATIENT: Final = Endpoint(
    "GET", "/v1/patients/{patient}", Nature.SAFE, absent=_PATIENT_ABSENT, personal=True
)
READ_CALLBACK: Final = Endpoint("GET", "/v1/callback", Nature.SAFE, absent=_UNSET)
READ_QT_CALLBACK: Final = Endpoint("GET", "/v1/qtCallback", Nature.SAFE, absent=_UNSET)
LIST_TEMPLATES: Final = Endpoint("GET", "/v1/teamConnectionTemplate", Nature.SAFE)

COUNT_RECORDINGS: Final = Endpoint("GET", "/v1/patients/{patient}/recordings", Nature.SAFE, personal=True)
PRO_READ_CALLBACK: Final = Endpoint("GET", "/e/v1/callback", Nature.SAFE, absent=_UNSET)

SAFE_READS: Final = (
    LIST_PATIENTS,
    READ_PATIENT,
    READ_CALLBACK,
    READ_QT_CALLBACK,
    LIST_TEMPLATES,
    COUNT_RECORDINGS,
    PRO_READ_CALLBACK,
)
"""All that planning may send. ``GET …/code`` and ``GET …/export`` are effects and are not here."""

CREATE_PATIENT: Final = Endpoint("POST", "/v1/patients", Nature.ONCE)
ISSUE_CODE: Final = Endpoint("GET", "/v1/patients/{patient}/code", Nature.REPEATABLE, personal=True)
SET_CALLBACK: Final = Endpoint("PUT", "/v1/callback", Nature.REPEATABLE)
SET_QT_CALLBACK: Final = Endpoint("PUT", "/v1/qtCallback", Nature.REPEATABLE)
ADD_PROVIDER: Final = Endpoint(
    "POST",
    "/partner/v1/teams/{team}/serviceProviderTeams/{provider}",
    Nature.REPEATABLE,
    failure=frozenset({500}),
)
DISCONNECT: Final = Endpoint("POST", "/v1/patients/{patient}/disconnect", Nature.REPEATABLE, personal=True)
DELETE_PATIENT: Final = Endpoint(
    "DELETE",
    "/v1/patients/{patient}",
    Nature.REPEATABLE,
    gone=frozenset({404}),
    guarded=True,
    personal=True,
)
EXPORT_PATIENT: Final = Endpoint(
    "GET",
    "/v1/patients/{patient}/export",
    Nature.ONCE,
    gone=frozenset({404}),
    guarded=True,
    personal=True,
)
CREATE_USER: Final = Endpoint("POST", "/v1/users", Nature.ONCE)
CREATE_KEY: Final = Endpoint("POST", "/v1/apikey", Nature.REPEATABLE)
RENEW_KEY: Final = Endpoint("POST", "/v1/apikey/new", Nature.ONCE)

PRO_CREATE: Final = Endpoint("POST", "/e/v1/participants", Nature.REPEATABLE, gone=frozenset({409}))
"""A 409 proves that the participant exists, also after an attempt that got no answer; it adds nothing."""
PRO_ISSUE_CODE: Final = Endpoint("POST", "/e/v1/code", Nature.ONCE)
PRO_CREATE_USER: Final = Endpoint("POST", "/e/v1/user", Nature.ONCE)
PRO_REDEEM: Final = Endpoint("POST", "/e/v1/connection", Nature.ONCE)
PRO_DISCONNECT: Final = Endpoint("POST", "/e/v1/disconnection", Nature.REPEATABLE)
PRO_SET_CALLBACK: Final = Endpoint("PUT", "/e/v1/callback", Nature.REPEATABLE)

EFFECTS: Final = (
    CREATE_PATIENT,
    ISSUE_CODE,
    SET_CALLBACK,
    SET_QT_CALLBACK,
    ADD_PROVIDER,
    DISCONNECT,
    DELETE_PATIENT,
    EXPORT_PATIENT,
    CREATE_USER,
    CREATE_KEY,
    RENEW_KEY,
    PRO_CREATE,
    PRO_ISSUE_CODE,
    PRO_CREATE_USER,
    PRO_REDEEM,
    PRO_DISCONNECT,
    PRO_SET_CALLBACK,
)


def base_url_for(region: Region, dialect: Dialect = Dialect.V1) -> str:
    """The base URL of a region (API reference, "Base URL"); pro has one alone ("Authentication")."""
    if dialect is Dialect.PRO:
        return "https://us-kardia-production.alivecor.com"
    match region:
        case Region.US:
            return "https://api.kardia.com"
        case Region.EU:
            return "https://eu-api.kardia.com"
        case _ as never:
            assert_never(never)


def check_endpoint(url: str) -> str:
    """Check a base URL, and return it without a final slash. A path prefix stays.

    Raises:
        ApiError: not https (http is for loopback hosts alone), or with a user, a query or a fragment. The
            message does not repeat the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        written, user = parts.hostname or "", parts.username
        _ = parts.port
    except ValueError:
        raise ApiError("the endpoint is not a URL. Next: write https://HOST") from None
    host = _host(written)
    if host is None or not url.isprintable() or any(mark.isspace() or mark == "\\" for mark in url):
        raise ApiError("the endpoint is not a URL with a host. Next: write https://HOST")
    if user is not None or "@" in parts.netloc or "?" in url or "#" in url:
        raise ApiError("the endpoint must not hold a user, a query or a fragment. Next: write https://HOST")
    if host.is_address and not is_plain(written, host):
        raise ApiError(
            "the endpoint spells an address in a form that programs read differently. Next: write "
            "https://HOST, or the address as its four decimal numbers"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(written)):
        raise ApiError(
            "the endpoint must begin with https://, so that the key does not travel in the clear; http:// "
            "is for loopback hosts alone. Next: write https://HOST"
        )
    return url.rstrip("/")


def _host(written: str) -> Host | None:
    try:
        return parse_host(written)
    except InvalidHost:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host, plainly spelled, never leaves this machine. Below localhost a name may."""
    found = _host(host)
    if found is None or not found.is_loopback or not is_plain(host, found):
        return False
    return found.is_address or found.name == "localhost"


def fill(endpoint: Endpoint, ids: Iterable[str]) -> str:
    """The endpoint's path with percent-encoded ids in place of its names, in order.

    Raises:
        NotExecuted: an id that is empty, ``.`` or ``..`` would name another endpoint.
    """
    given = iter(ids)
    parts = (
        _segment(next(given)) + part.partition("}")[2] if part.startswith("{") else part
        for part in endpoint.path.split("/")
    )
    return "/".join(parts)


def _segment(name: str) -> str:
    if name in {"", ".", ".."}:
        raise NotExecuted(
            "an id that is empty, . or .. cannot be sent. Next: check the ids that were declared"
        )
    try:
        return quote(name, safe="")
    except UnicodeEncodeError:
        raise NotExecuted(
            "an id with broken text cannot be sent. Next: check the ids that were declared"
        ) from None


def encode(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values percent-encoded strictly: + / and = in a cursor become %2B %2F %3D.

    A space becomes %20, which form bodies and query strings both read as a space.

    Raises:
        NotExecuted: a value that is not text in Unicode.
    """
    try:
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    except UnicodeEncodeError:
        raise NotExecuted("a value with broken text cannot be sent. Next: check what was declared") from None


def json_body(values: Mapping[str, str | int | float]) -> bytes:
    """A JSON object as it is sent.

    Raises:
        NotExecuted: a value that is not text in Unicode.
    """
    try:
        return json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise NotExecuted("a value with broken text cannot be sent. Next: check what was declared") from None
