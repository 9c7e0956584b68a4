"""The errors of PostgreSQL and of the way to it, each with what it means and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.postgres.postgres_url import PostgresUrl

LOST: Final = "see that the server runs and can be reached, then apply again; it settles what is in doubt"

POOLED: Final = (
    (
        "a connection pooler in transaction mode is between: it hands the transactions of one connection to "
        "different server processes, so a lock would hold nothing"
    ),
    "name the server itself in the state URL (usually port 5432), or the pooler's port for session mode",
)

_GRANT: Final = "let the database's owner GRANT what is missing (see docs/shared-state.md), then run again"
_ROOM: Final = "free some space on the server and run again; no partial write was made"
_REACH: Final = "check the host and port in the state URL, and that the server runs and can be reached"
_MEANINGS: Final = {
    "22021": (
        "a value cannot be stored in the database's encoding",
        "create the database with ENCODING UTF8",
    ),
    "22P05": (
        "a value cannot be stored in the database's encoding",
        "create the database with ENCODING UTF8",
    ),
    "25006": (
        "the server only reads (a replica, or default_transaction_read_only)",
        "name the primary server in the state URL; with several hosts add target_session_attrs=read-write",
    ),
    "25P03": ("the server ended a transaction that waited too long", LOST),
    "26000": POOLED,  # the server process does not know a statement that was prepared
    "3F000": ("the schema does not exist any more", "restore the database from a backup"),
    "42501": ("permission was denied", _GRANT),
    "42P05": POOLED,  # it knows one that another connection prepared
    "42P01": (
        "tables of the state are missing",
        "restore the schema from a backup, or drop it and plan again: patients are matched again by mrn",
    ),
    "53100": ("the server's disk is full", _ROOM),
    "53200": ("the server is out of memory", "see to the server, then run again"),
    "53300": ("the server has too many connections", "raise max_connections, or wait and run again"),
    "53400": ("a limit of the server's configuration is exceeded", "raise the limit and run again"),
    "54000": ("a value is too large to store", "shorten the mrn or name it belongs to"),
    "55P03": ("another session holds a lock on the tables (lock_timeout)", "end it, then run again"),
    "57014": ("the server canceled a statement (statement_timeout)", "raise the role's limit and run again"),
    "57P01": ("the server ended the connection", LOST),
    "57P02": ("the server crashed", LOST),
    "57P03": ("the server is starting or shutting down", "wait until it runs, then run again"),
    "57P05": ("the server ended an idle connection (idle_session_timeout)", LOST),
}
"""For each SQLSTATE what it means and what to do (PostgreSQL, "PostgreSQL Error Codes")."""

_REFUSALS: Final = (
    (re.compile(r"password authentication failed|no password supplied|SCRAM|28P01"), (
        "the server refused the user or the password",
        "set PGPASSWORD (or PGPASSFILE, or a service) for the user in the state URL",
    )),
    (re.compile(r"no encryption|server requires TLS|requires encryption|SSL required"), (
        "the server requires TLS", "add sslmode=require, or better verify-full, to the state URL",
    )),
    (re.compile(r"no pg_hba\.conf entry"), (
        "the server does not let this user, database or address in", "add it to the server's pg_hba.conf",
    )),
    (re.compile(r"does not support SSL"), (
        "the server offers no TLS, which sslmode asks for",
        "switch TLS on in the server (ssl=on); a lower sslmode would show the state to the network",
    )),
    (re.compile(r"root certificate file|root\.crt"), (
        "there is no file with the authority that signed the server's certificate",
        "name it with sslrootcert in the state URL (or sslrootcert=system)",
    )),
    (re.compile(r"certificate"), (
        "the server's certificate is not accepted",
        "check sslrootcert, the host's name in the certificate, and its dates",
    )),
    (re.compile(r'role "[^"]*" (does not exist|is not permitted to log in)'), (
        "the server does not know the user, or does not let it log in", "create the role WITH LOGIN",
    )),
    (re.compile(r'database "[^"]*" does not exist'), (
        "the database does not exist", "create it (see docs/shared-state.md)",
    )),
    (re.compile(r"permission denied for database"), ("permission was denied for the database", _GRANT)),
    (re.compile(r"too many (clients|connections)|connection slots|max_client_conn"), _MEANINGS["53300"]),
    (re.compile(r"starting up|shutting down|not yet accepting|in recovery mode"), _MEANINGS["57P03"]),
    (re.compile(r"translate host name|[Nn]ame or service|resolve|nodename"), (
        "its host was not found", "check the host in the state URL, and the DNS",
    )),
    (re.compile(r"Connection refused|No such file or directory"), (
        "nothing answers there (connection refused)", _REACH,
    )),
    (re.compile(r"timeout|timed out"), ("nothing answered within connect_timeout", _REACH)),
    (re.compile(r"unreachable"), ("there is no way to its host", _REACH)),
    (re.compile(r"closed the connection unexpectedly|Connection reset"), (
        "the connection was closed before the server answered", _REACH,
    )),
)  # fmt: skip
"""What libpq and servers say while a connection is made, which carries no SQLSTATE."""


@contextmanager
def postgres_errors(
    doing: str, url: PostgresUrl, connection: psycopg.Connection | None = None
) -> Iterator[None]:
    """Raise errors of psycopg as ``StateError``. ``doing`` is what was being done to the state.

    Args:
        doing: The begin of the message.
        url: Where the state is.
        connection: The connection that does it; when it is gone afterwards, the message says so.
    """
    try:
        yield
    except psycopg.Error as error:
        is_lost = connection is not None and connection.closed
        raise StateError(_text(doing, url, error, is_lost=is_lost)) from None
    except (UnicodeError, OverflowError) as error:
        raise StateError(
            f"{doing} {url.place}: a value cannot be stored ({type(error).__name__}). "
            "Check the mrns for invalid text"
        ) from None


def refusal(doing: str, url: PostgresUrl, error: psycopg.Error) -> StateError:
    """The error of a connection that could not be made."""
    text = str(error)
    for pattern, (what, remedy) in _REFUSALS:
        if pattern.search(text):
            return StateError(f"{doing} {url.place}: {what}. Next: {remedy}")
    return StateError(f"{doing} {url.place}: {_own_words(text, url)}. Next: {_REACH}")


def _own_words(text: str, url: PostgresUrl) -> str:
    """The reason in the words of libpq or the server: its last line, without a password."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[-1].rpartition("failed: ")[2] if lines else "it cannot be reached"
    if url.password:
        reason = reason.replace(url.password, "…")
    return "".join(sign if sign.isprintable() else " " for sign in reason)


def _text(doing: str, url: PostgresUrl, error: psycopg.Error, *, is_lost: bool) -> str:
    # The error's text is left out: it may hold a value.
    known = _MEANINGS.get(error.sqlstate or "")
    if is_lost:
        what = known[0] if known else "the server ended it, or the network failed"
        return f"{doing} {url.place}: the connection to the server was lost ({what}). Next: {LOST}"
    if known is None:
        kind = f"{type(error).__name__}, {error.sqlstate}" if error.sqlstate else type(error).__name__
        known = (f"PostgreSQL answered {kind}", "check the server's log, then run again")
    what, remedy = known
    return f"{doing} {url.place}: {what}. Next: {remedy}"
