"""``kardia-ctl login`` and ``kardia-ctl logout``: the API key in the keyring."""

import os
import sys
from typing import Any, Final

import click

from kardia_ctl.cli.account.account_workspace import workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.account.keyring import account_name, check_keyring, remove_key, store_key
from kardia_ctl.cli.account.keys import check_api_key
from kardia_ctl.cli.output.console import print_key, print_message
from kardia_ctl.cli.output.terminal import read_answer
from kardia_ctl.model.errors import RunStopped, Unauthorized

_LONGEST: Final = 10_000
"""Characters of a password on stdin."""

_NOT_TEXT: Final = "the password is not UTF-8: check the encoding of the terminal, or of stdin"


@click.command("login")
@click.option("--email", required=True, metavar="ADDRESS", help="The e-mail address of the Kardia Pro login.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin instead of asking for it.")
@click.option("--print", "to_stdout", is_flag=True, help="Print the key to stdout and do not store it.")
@workspace_options
def login_command(email: str, password_stdin: bool, to_stdout: bool, **options: Any) -> None:
    """Get the account's API key for a login, and store it in this machine's keyring.

    The password is prompted for without echo, or read from stdin, and never stored. The key is stored for the
    endpoint (each region has its own), and for the workspace that the configuration names. It is used when
    neither --api-key-file nor KARDIA_API_KEY is given. The keyring needs: pip install 'kardia-ctl[keyring]'.

    \b
    In a pipeline:
        export KARDIA_API_KEY="$(kardia-ctl login --email … --password-stdin --print < secret)"
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    workspace = workspace_from(options, needs_key=False)
    if not workspace.capabilities.makes_keys:
        raise RunStopped(
            f"the {workspace.capabilities.dialect} API has no login: its keys come from the vendor. "
            "Set KARDIA_API_KEY"
        )
    if not to_stdout:
        check_keyring()
    password = _password(from_stdin=password_stdin)
    try:
        key = in_session(workspace, lambda session: session.create_key(email, password))
    except Unauthorized as error:
        raise RunStopped(
            f"{workspace.endpoint} refused this e-mail address with this password. Check both, and the region"
        ) from error
    check_api_key(key, "the API key that the server sent", "Nothing was stored. Check the endpoint")
    if to_stdout:
        print_key(key)
        return
    store_key(account_name(workspace.endpoint, workspace.configuration.workspace), key)
    print_message(f"Stored the key for {workspace.endpoint} in the keyring.")
    if os.environ.get("KARDIA_API_KEY"):
        print_message("Warning: KARDIA_API_KEY is set and takes precedence over the keyring.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        try:
            password = sys.stdin.readline(_LONGEST).rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise RunStopped(_NOT_TEXT) from error
    elif sys.stdin.isatty():
        password = read_answer("Password: ", hidden=True)
    else:
        raise RunStopped("no terminal to ask for the password on: give it with --password-stdin")
    if not password:
        raise RunStopped("the password is empty: give it on one line of stdin")
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise RunStopped(_NOT_TEXT)
    return password


@click.command("logout")
@workspace_options
def logout_command(**options: Any) -> None:
    """Remove the account's API key from this machine's keyring. In Kardia the key stays valid."""
    workspace = workspace_from(options, needs_key=False)
    removed = remove_key(account_name(workspace.endpoint, workspace.configuration.workspace))
    print_message(
        f"Removed the key for {workspace.endpoint} from the keyring."
        if removed
        else f"The keyring holds no key for {workspace.endpoint}."
    )
    if os.environ.get("KARDIA_API_KEY"):
        print_message("Warning: KARDIA_API_KEY is still set.")
