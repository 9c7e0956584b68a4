"""The URL of a state in PostgreSQL: libpq's own, with the name of a schema among its options."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from kardia_ctl.model.errors import StateError

_FORM: Final = "postgresql://USER@HOST:5432/DATABASE?sslmode=verify-full"
_SCHEMA: Final = "schema"
_DEFAULT_SCHEMA: Final = "kardia_ctl"
_LONGEST: Final = 63
"""Bytes of a name; PostgreSQL cuts longer ones, and two would be one ("Identifiers and Key Words")."""

_DEFAULTS: Final[Mapping[str, str]] = {
    "fallback_application_name": "kardia-ctl",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""What libpq is asked for unless the URL says otherwise: a connection that leads nowhere ends by itself."""

_OURS: Final[Mapping[str, str]] = {"client_encoding": "UTF8"}
"""What statements and texts are written in, whatever the encoding of the database is."""


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """Where a state in PostgreSQL is.

    Attributes:
        options: The connection's parameters, as libpq names them. They may hold a password.
        schema: The schema in which all tables are.
        place: The URL without user, password and options, for messages.
    """

    options: Mapping[str, Any] = field(repr=False)
    schema: str
    place: str

    @property
    def password(self) -> str:
        """The password in the URL; empty when there is none."""
        return str(self.options.get("password") or "")


def postgres_url(url: str) -> PostgresUrl:
    """The parts of a state URL.

    Raises:
        StateError: libpq cannot read it, or the schema's name is none. The URL is left out of the message.
    """
    schemas, rest = _without_schema(url)
    try:
        given = conninfo_to_dict(rest)
    except ProgrammingError:  # libpq repeats the URL, which may hold a password
        raise StateError(
            f"the state URL cannot be read. Next: write it as {_FORM}, with %-escapes for signs such as / "
            "in names, and with options that libpq knows"
        ) from None
    schema = schemas[-1] if schemas else _DEFAULT_SCHEMA
    if not schema or "\0" in schema or len(schema.encode()) > _LONGEST or schema.startswith("pg_"):
        raise StateError(
            "the state URL's option schema must be a name of at most 63 bytes that does not start with pg_. "
            f"Next: leave it out (it is {_DEFAULT_SCHEMA} then), or name another one"
        )
    return PostgresUrl({**_DEFAULTS, **given, **_OURS}, schema, _place(given, schema))


def _without_schema(url: str) -> tuple[list[str], str]:
    """The schemas that a URL names, and the URL as libpq reads it."""
    base, _, query = url.partition("?")
    options = [option for option in query.split("&") if option]
    schemas = [unquote(option.partition("=")[2]) for option in options if option.partition("=")[0] == _SCHEMA]
    others = [option for option in options if option.partition("=")[0] != _SCHEMA]
    return schemas, "?".join((base, "&".join(others))) if others else base


def _place(given: Mapping[str, Any], schema: str) -> str:
    """The URL that names the same state, without who uses it and how."""
    hosts = str(given.get("host") or given.get("hostaddr") or "").split(",")
    ports = str(given.get("port") or "").split(",")
    directory = [host for host in hosts if host.startswith(("/", "@"))]
    named = [] if directory else [_host(host) for host in hosts]
    ports *= len(named) if len(ports) == 1 else 1
    at = ",".join(f"{host}:{port}" if port else host for host, port in zip(named, ports, strict=False))
    database = quote(str(given.get("dbname") or ""), safe="")
    options = [f"host={directory[0]}"] if directory else []
    options += [f"service={given['service']}"] if given.get("service") else []
    options += [f"{_SCHEMA}={quote(schema, safe='')}"] if schema != _DEFAULT_SCHEMA else []
    return f"postgresql://{at}/{database}" + (f"?{'&'.join(options)}" if options else "")


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else re.sub(r"[^\w.*-]", "", name)
