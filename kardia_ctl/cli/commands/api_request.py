"""From the words of ``kardia-ctl api`` to the call that they mean."""

import json
import posixpath
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote

from kardia_ctl.model.errors import RunStopped

if TYPE_CHECKING:
    from kardia_ctl.api.endpoints import Endpoint
    from kardia_ctl.api.http.transport import Call

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_READS: Final = ("GET", "HEAD")
_EFFECTS: Final = ("code", "export")
"""Reads by their method that are effects: they end like this (API reference, "Patients")."""

_KEYS: Final = {"/v1/apikey": "login", "/v1/apikey/new": "rotate-key"}
_OURS: Final = frozenset(
    {"authorization", "cookie", "host", "content-length", "transfer-encoding", "connection", "user-agent"}
)
_KEPT: Final = "/%:@!$&'()*+,;=~-._"
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_MOST: Final = 32_000_000
"""Bytes of a body that is sent."""


def make_call(
    method: str,
    path: str,
    fields: Iterable[tuple[str, Any]],
    headers: Iterable[str],
    file: str | None,
    *,
    json_bodies: bool = False,
) -> "Call":
    """The call that a command line means.

    Args:
        method: In capitals.
        path: With or without a query.
        fields: Names and values: text, or what JSON gave.
        headers: ``Name: value`` each.
        file: What holds the body; ``-`` is stdin.
        json_bodies: Whether bodies are JSON unless a header says otherwise; forms otherwise.

    Raises:
        RunStopped: it means none, or one that has a command of its own.
    """
    from kardia_ctl.api.http.transport import Call

    where, query = _target(path)
    endpoint, extra = _endpoint(method, where), _headers(headers)
    named = list(fields)
    if method in _READS:
        if file is not None:
            raise RunStopped(f"{method} has no body: leave --input out")
        query += [(name, _text(value)) for name, value in named]
        named = []
    if named and file is not None:
        raise RunStopped("-f or -F and --input are two bodies: choose one")
    kind = extra.pop("content-type", _JSON if json_bodies else _FORM)
    return Call(
        endpoint,
        query=tuple(query),
        content=(kind, _body(named, file, kind)) if named or file is not None else None,
        extra=tuple(extra.items()),
        hidden=tuple(_text(value) for _, value in (*named, *query)),
    )


def is_effect(method: str, path: str) -> bool:
    """Whether sending it does something, however the path is written."""
    plain = posixpath.normpath(unquote(path.partition("?")[0])).rstrip("/").lower()
    return method not in _READS or plain.rpartition("/")[2] in _EFFECTS


def read_field(text: str) -> tuple[str, str]:
    """``name=value``; the value is text.

    Raises:
        RunStopped: there is no name.
    """
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise RunStopped("a field is written name=value")
    return name, value


def read_typed_field(text: str) -> tuple[str, Any]:
    """``name=value``; the value is JSON, or @FILE for the text of a file.

    Raises:
        RunStopped: it is neither.
    """
    name, value = read_field(text)
    if value.startswith("@"):
        try:
            return name, Path(value[1:]).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise RunStopped(f"-F {name}: {value[1:]} cannot be read: {type(error).__name__}") from error
    try:
        return name, json.loads(value)
    except ValueError:
        raise RunStopped(f"-F {name}: the value is no JSON; -f {name}=… sends text") from None


def _target(path: str) -> tuple[str, list[tuple[str, str]]]:
    """The path, encoded, and its query."""
    if "://" in path:
        raise RunStopped("name a path, such as /v1/patients; --endpoint or --region names the host")
    where, _, query = path.partition("?")
    where = "/" + where.lstrip("/")
    if "#" in path or any(part in {".", ".."} for part in unquote(where).split("/")):
        raise RunStopped(f"{path} holds #, . or .., which a server would take for another path")
    if not where.isprintable():
        raise RunStopped("the path holds a character that cannot be printed")
    plain = posixpath.normpath(unquote(where)).rstrip("/")
    if command := _KEYS.get(plain.lower()):
        raise RunStopped(f"{plain} gives out a key: use kardia-ctl {command}, which keeps it")
    return quote(where, safe=_KEPT), parse_qsl(query, keep_blank_values=True)


def _endpoint(method: str, path: str) -> "Endpoint":
    from kardia_ctl.api.endpoints import Endpoint, Nature

    # Whom its answers are about is not known: no detail of theirs is quoted in an error.
    nature = Nature.ONCE if is_effect(method, path) else Nature.SAFE
    return Endpoint(method, path, nature, personal=True)


def _headers(lines: Iterable[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, mark, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not mark or not name or not (name + value).isascii() or not (name + value).isprintable():
            raise RunStopped("a header is written 'Name: value'")
        if name in _OURS:
            raise RunStopped(f"the header {name} is set by kardia-ctl itself")
        found[name] = value
    return found


def _body(fields: list[tuple[str, Any]], file: str | None, kind: str) -> bytes:
    if file is not None:
        return _content(file)
    if kind.partition(";")[0].strip().lower() == _JSON:
        return json.dumps(dict(fields), allow_nan=False).encode()
    from kardia_ctl.api.endpoints import encode

    return encode((name, _text(value)) for name, value in fields).encode()


def _content(file: str) -> bytes:
    if file == "-":
        data = sys.stdin.buffer.read(_MOST + 1)
    else:
        with Path(file).open("rb") as opened:
            data = opened.read(_MOST + 1)
    if len(data) > _MOST:
        raise RunStopped(f"{file} is larger than {_MOST} bytes")
    return data


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
