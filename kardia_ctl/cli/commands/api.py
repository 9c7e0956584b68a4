"""``kardia-ctl api``."""

import asyncio
import re
import sys
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kardia_ctl.cli.account.connection import Reach, reach_from, reach_options, reached
from kardia_ctl.cli.commands.api_request import METHODS, is_effect, make_call, read_field, read_typed_field
from kardia_ctl.cli.commands.get.list_output import out_option, target
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.output.prompt import confirm
from kardia_ctl.cli.private_files import check_writable, write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.escape import escape
from kardia_ctl.render.records.listing import ListFormat, printer
from kardia_ctl.render.records.record_columns import PATIENTS
from kardia_ctl.render.records.visibility import without_secrets

if TYPE_CHECKING:
    from kardia_ctl.api.decode import Answer
    from kardia_ctl.api.http.transport import Call

_PAGED: Final = ("/patients", "/recordings", "/logs")
"""The lists that take a limit; 500 is the most (API reference, "Querystring parameters")."""

_SECRET: Final = re.compile(rb'("(?:secret_?key|api_?key)"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


@click.command("api")
@click.argument("method", type=click.Choice(METHODS, case_sensitive=False), metavar="METHOD")
@click.argument("path")
@click.option("-f", "--field", "texts", multiple=True, metavar="NAME=TEXT", help="A field, sent as text.")
@click.option(
    "-F",
    "--typed-field",
    "typed",
    multiple=True,
    metavar="NAME=JSON",
    help="A field whose value is JSON; @FILE is the text of a file.",
)
@click.option(
    "--input",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="The body; - is stdin.",
)
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="One more header.")
@click.option(
    "--paginate", is_flag=True, help="Follow the pages of a list; prints one JSON array of all rows."
)
@click.option("--auto-approve", is_flag=True, help="Do not ask before what has an effect.")
@out_option()
@reach_options
def command(
    method: str, path: str, texts: tuple[str, ...], typed: tuple[str, ...], paginate: bool, **options: Any
) -> int:
    """Send any request: METHOD and PATH, as in `kardia-ctl api GET /v1/patients -f limit=5`.

    Key, region and retries are taken care of. Fields go into the query of a GET, and into a form body
    otherwise; with pro, or with -H 'Content-Type: application/json', into a JSON body. What has an effect
    (every method but GET and HEAD; GET …/code and …/export) wants a yes, or --auto-approve, and is sent once:
    when its answer is lost, look before you send it again.

    The body is printed as it came, patients' values included; secretKey is taken out. A status of 400 or more
    is explained on stderr and ends with exit code 1.
    """
    method = method.upper()
    out, auto_approve = options.pop("out"), options.pop("auto_approve")
    file, headers = options.pop("file"), options.pop("headers")
    if out is not None:
        check_writable(out)
    reach = reach_from(options)
    fields = [*map(read_field, texts), *map(read_typed_field, typed)]
    call = make_call(method, path, fields, headers, file, json_bodies=reach.can.json_bodies)
    if is_effect(method, call.endpoint.path):
        if paginate:
            raise RunStopped("--paginate is for lists that are read")
        if not confirm(f"Send {call.endpoint}? It has an effect, and is sent once.", approved=auto_approve):
            print_message("Nothing was done.")
            return 1
    asyncio.run(_pages(reach, call, out) if paginate else _send(reach, call, out))
    return 0


async def _send(reach: Reach, call: "Call", out: Path | None) -> None:
    heard: list[Answer] = []
    try:
        async with reached(reach) as session:
            await session.send_as_it_is(replace(call, heard=heard.append))
    finally:
        # An error's body is printed as well: main explains the error itself.
        if heard:
            _print(heard[-1], out)


def _print(answer: "Answer", out: Path | None) -> None:
    body = _SECRET.sub(rb'\1"(hidden)"', answer.body)
    if out is not None:
        write_private(out, body)
    elif not sys.stdout.isatty():
        click.echo(body, nl=False)
    elif b"\0" in body or body.startswith(b"%PDF"):
        print_message(
            f"{len(body)} bytes of {answer.content_type or 'no type'}: --out FILE writes them to a file."
        )
    else:
        for line in body.decode("utf-8", "replace").splitlines():
            click.echo(escape(line))


async def _pages(reach: Reach, call: "Call", out: Path | None) -> None:
    paged = call.endpoint.path.rstrip("/").endswith(_PAGED)
    if paged and not any(name == "limit" for name, _ in call.query):
        call = replace(call, query=(*call.query, ("limit", "500")))
    text = printer(ListFormat.JSON, PATIENTS, show_phi=True)
    async with reached(reach) as session:
        pages = session.pages_as_they_are(call)
        with target(out) as write:
            async with aclosing(pages):
                async for page in pages:
                    write(text.page([without_secrets(row) for row in page.rows]))
            write(text.end())
