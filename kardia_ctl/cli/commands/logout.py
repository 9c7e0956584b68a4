"""``kardia-ctl logout``."""

import os
from typing import Any

import click

from kardia_ctl.cli.account.connection import reach_from, reach_options
from kardia_ctl.cli.account.keyring import account_name, remove_key
from kardia_ctl.cli.output.console import print_message


@click.command("logout")
@reach_options
def command(**options: Any) -> None:
    """Remove the account's API key from the keyring of this machine. In Kardia the key stays valid."""
    reach = reach_from(options, key=False)
    removed = remove_key(account_name(reach.endpoint, reach.configuration.workspace))
    print_message(
        f"The key for {reach.endpoint} was removed from the keyring."
        if removed
        else f"The keyring holds no key for {reach.endpoint}."
    )
    if os.environ.get("KARDIA_API_KEY"):
        print_message("Warning: KARDIA_API_KEY is still set.")
