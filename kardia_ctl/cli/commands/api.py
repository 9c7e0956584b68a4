"""``kardia-ctl api``: make one request of a command line, send it, and print the response."""

import json
import posixpath
import re
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote

import click

from kardia_ctl.cli.account.account_workspace import workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.options import auto_approve_option, out_option
from kardia_ctl.cli.output.server_body import print_server_body
from kardia_ctl.cli.output.terminal import confirm
from kardia_ctl.cli.outputs import Output, check_outputs, never
from kardia_ctl.cli.private_files import out_stream, write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.listing import ListFormat, printer
from kardia_ctl.render.records.record_columns import PATIENTS
from kardia_ctl.render.records.visibility import without_secrets

if TYPE_CHECKING:
    from kardia_ctl.api.answer import Answer
    from kardia_ctl.api.client import Session
    from kardia_ctl.api.http.transport import Call

_READS: Final = ("GET", "HEAD")
_METHODS: Final = (*_READS, "POST", "PUT", "PATCH", "DELETE")
_EFFECTS: Final = ("code", "export")
"""The last part of a path whose GET has an effect (API reference, "Patients")."""

_PAGED: Final = ("/patients", "/recordings", "/logs")
"""The lists that take a limit; 500 is the maximum (API reference, "Querystring parameters")."""

_KEYS: Final = {"/v1/apikey": "login", "/v1/apikey/new": "rotate-key"}
_SECRET: Final = re.compile(rb'("(?:secret_?key|api_?key)"\s*:\s*)"(?:[^"\\]++|\\.)*+"', re.IGNORECASE)
_OURS: Final = frozenset(
    {"authorization", "cookie", "host", "content-length", "transfer-encoding", "connection", "user-agent"}
)
_UNQUOTED: Final = "/%:@!$&'()*+,;=~-._"
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_LARGEST: Final = 32_000_000
"""Bytes of a request body."""


@click.command("api")
@click.argument("method", type=click.Choice(_METHODS, case_sensitive=False), metavar="METHOD")
@click.argument("path")
@click.option("-f", "--field", "texts", multiple=True, metavar="NAME=TEXT", help="Add a field as text.")
@click.option(
    "-F",
    "--typed-field",
    "typed",
    multiple=True,
    metavar="NAME=JSON",
    help="Add a field whose value is JSON, or the text of a file: @FILE.",
)
@click.option(
    "--input",
    "file",
    type=click.File("rb"),
    metavar="FILE",
    help="Send this file as the body; - is stdin.",
)
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Add a header.")
@click.option("--paginate", is_flag=True, help="Follow a list's pages; print one JSON array of all rows.")
@auto_approve_option
@out_option()
@workspace_options
def command(
    method: str, path: str, texts: tuple[str, ...], typed: tuple[str, ...], paginate: bool, **options: Any
) -> int:
    """Send any request: METHOD and PATH, as in `kardia-ctl api GET /v1/patients -f limit=5`.

    Authentication, region and retries are handled. Fields go into the query of a GET, and into a form body
    otherwise; with the pro API, or with -H 'Content-Type: application/json', into a JSON body. A request with
    an effect (every method but GET and HEAD; GET …/code and …/export) asks for confirmation, or needs
    --auto-approve, and is sent once: if its response is lost, check Kardia before you send it again.

    The body is printed as received, patients' values included, without secretKey; for a terminal, a pipe or a
    CI job what would act on it is escaped, in JSON without changing a value. A status of 400 or above is
    explained on stderr and ends with exit code 1.
    """
    method = method.upper()
    out, approved, file, headers = map(options.pop, ("out", "auto_approve", "file", "headers"))
    workspace = workspace_from(options)
    if out is not None:
        check_outputs([Output("--out", out, never)], workspace.inputs, workspace.private)
    fields = [*map(_field, texts), *map(_typed_field, typed)]
    call = make_call(method, path, fields, headers, file, json_bodies=workspace.capabilities.json_bodies)
    if effect := is_effect(method, call.endpoint.path):
        if paginate:
            raise RunStopped("--paginate is only for reading lists")
        if not confirm(f"Send {call.endpoint}? It has an effect and is sent once.", approved=approved):
            return 1
    if paginate:
        in_session(workspace, lambda session: _print_pages(session, call, out))
        return 0
    answers: list[Answer] = []
    noted = replace(call, on_answer=answers.append)
    try:
        in_session(workspace, lambda session: session.send_raw(noted), effect=effect)
    finally:
        if answers:  # the body of an error as well: main explains the error itself
            _print(answers[-1], out)
    return 0


def _print(answer: "Answer", out: Path | None) -> None:
    body = _SECRET.sub(rb'\1"(hidden)"', answer.body)
    if out is not None:
        write_private(out, body, never)
    else:
        print_server_body(body, answer.content_type)


async def _print_pages(session: "Session", call: "Call", out: Path | None) -> None:
    if call.endpoint.path.rstrip("/").endswith(_PAGED) and "limit" not in dict(call.query):
        call = replace(call, query=(*call.query, ("limit", "500")))
    text = printer(ListFormat.JSON, PATIENTS, show_phi=True)
    with out_stream(out, never) as write:
        async with aclosing(session.raw_pages(call)) as pages:
            async for page in pages:
                write(text.page([without_secrets(row) for row in page.rows]))
        write(text.end())


def make_call(
    method: str,
    path: str,
    fields: Iterable[tuple[str, Any]],
    headers: Iterable[str],
    file: IO[bytes] | None,
    *,
    json_bodies: bool = False,
) -> "Call":
    """The request that a command line describes; ``method`` in capitals, a field's value text or parsed JSON.

    Bodies are JSON with ``json_bodies``, forms without, unless a header names the type.

    Raises:
        RunStopped: it describes no request, or one that has a command of its own.
    """
    from kardia_ctl.api.endpoints import Endpoint, Nature
    from kardia_ctl.api.http.transport import Call

    (plain, query), extra, body = _target(path), _headers(headers), list(fields)
    if method in _READS:
        if file is not None:
            raise RunStopped(f"{method} has no body: leave --input out")
        query += [(name, _text(value)) for name, value in body]
        body = []
    if body and file is not None:
        raise RunStopped("-f or -F and --input both give a body: choose one")
    kind = extra.pop("content-type", _JSON if json_bodies else _FORM)
    # The response may hold any patient's data, so errors must not quote it: personal.
    nature = Nature.ONCE if is_effect(method, plain) else Nature.SAFE
    return Call(
        Endpoint(method, plain, nature, personal=True),
        query=tuple(query),
        content=(kind, _body(body, file, kind)) if body or file is not None else None,
        extra=tuple(extra.items()),
        hidden=tuple(_text(value) for _, value in (*body, *query)),
    )


def is_effect(method: str, path: str) -> bool:
    """Whether a request has an effect, however its path is spelled."""
    plain = posixpath.normpath(unquote(path.partition("?")[0])).rstrip("/").lower()
    return method not in _READS or plain.rpartition("/")[2] in _EFFECTS


def _field(text: str) -> tuple[str, str]:
    """NAME=TEXT."""
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise RunStopped("write a field as NAME=VALUE")
    return name, value


def _typed_field(text: str) -> tuple[str, Any]:
    """NAME=JSON, or NAME=@FILE for the text of a file."""
    name, value = _field(text)
    try:
        if value.startswith("@"):
            return name, Path(value[1:]).read_text(encoding="utf-8").rstrip("\r\n")
        return name, json.loads(value)
    except (OSError, UnicodeDecodeError) as error:
        raise RunStopped(f"-F {name}: {value[1:]} cannot be read: {type(error).__name__}") from error
    except ValueError:
        raise RunStopped(f"-F {name}: the value is not JSON; send text with -f {name}=…") from None


def _target(path: str) -> tuple[str, list[tuple[str, str]]]:
    """The path, encoded, and its query."""
    if "://" in path:
        raise RunStopped("give a path, such as /v1/patients; --endpoint or --region names the host")
    plain, _, query = path.partition("?")
    plain = "/" + plain.lstrip("/")
    if "#" in path or any(part in {".", ".."} for part in unquote(plain).split("/")):
        raise RunStopped(f"{path} contains #, . or .., which a server would read as another path")
    if not plain.isprintable():
        raise RunStopped("the path contains a character that cannot be printed")
    name = posixpath.normpath(unquote(plain)).rstrip("/")
    if command := _KEYS.get(name.lower()):
        raise RunStopped(f"{name} returns a key: use kardia-ctl {command}, which stores it")
    return quote(plain, safe=_UNQUOTED), parse_qsl(query, keep_blank_values=True)


def _headers(lines: Iterable[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, mark, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not mark or not name or not (name + value).isascii() or not (name + value).isprintable():
            raise RunStopped("write a header as 'Name: value'")
        if name in _OURS:
            raise RunStopped(f"kardia-ctl sets the header {name} itself")
        headers[name] = value
    return headers


def _body(fields: list[tuple[str, Any]], file: IO[bytes] | None, kind: str) -> bytes:
    if file is not None:
        data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise RunStopped(f"--input: the body is larger than {_LARGEST} bytes")
        return data
    if kind.partition(";")[0].strip().lower() == _JSON:
        return json.dumps(dict(fields), allow_nan=False).encode()
    from kardia_ctl.api.endpoints import encode

    return encode((name, _text(value)) for name, value in fields).encode()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
