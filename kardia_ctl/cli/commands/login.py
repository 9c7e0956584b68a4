"""``kardia-ctl login``."""

import asyncio
import os
import sys
from typing import Any

import click

from kardia_ctl.cli.account.connection import Reach, reach_from, reach_options, reached
from kardia_ctl.cli.account.keyring import account_name, check_keyring, keep_key
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.errors import RunStopped

_LONGEST = 10_000
"""Characters of a password on stdin."""


@click.command("login")
@click.option("--email", required=True, metavar="ADDRESS", help="The e-mail address of the Kardia Pro login.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin instead of asking for it.")
@click.option("--print", "to_stdout", is_flag=True, help="Print the key to stdout and keep it nowhere.")
@reach_options
def command(email: str, password_stdin: bool, to_stdout: bool, **options: Any) -> None:
    """Get the account's API key for a login, and keep it in the keyring of this machine.

    The password is asked for without an echo, or read from stdin, and kept nowhere. The key is kept for the
    endpoint (a region is one), and for the workspace where the configuration names one. It is taken when
    neither --api-key-file nor KARDIA_API_KEY is given. The keyring needs: pip install 'kardia-ctl[keyring]'.

    \b
    In a pipeline:
        export KARDIA_API_KEY="$(kardia-ctl login --email … --password-stdin --print < secret)"
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    reach = reach_from(options, key=False)
    if not reach.can.makes_keys:
        raise RunStopped(
            f"the {reach.can.dialect} API has no login: its keys come from the vendor. Set KARDIA_API_KEY"
        )
    if not to_stdout:
        check_keyring()
    key = asyncio.run(_log_in(reach, email, _password(from_stdin=password_stdin)))
    if to_stdout:
        click.echo(key)
        return
    keep_key(account_name(reach.endpoint, reach.configuration.workspace), key)
    print_message(f"The key for {reach.endpoint} is in the keyring.")
    if os.environ.get("KARDIA_API_KEY"):
        print_message("Warning: KARDIA_API_KEY is set, and is taken instead of it.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline(_LONGEST).rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, err=True)
    else:
        raise RunStopped("there is no terminal to ask for the password on: give it with --password-stdin")
    if not password:
        raise RunStopped("the password is empty: give it on one line of stdin")
    return password


async def _log_in(reach: Reach, email: str, password: str) -> str:
    from kardia_ctl.model.errors import Unauthorized

    async with reached(reach) as session:
        try:
            return await session.create_key(email, password)
        except Unauthorized as error:
            raise RunStopped(
                f"{reach.endpoint} does not accept this e-mail address with this password. Check both, and "
                "the region"
            ) from error
