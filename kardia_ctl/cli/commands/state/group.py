"""``kardia-ctl state``: which verbs there are."""

import click

from kardia_ctl.cli.commands.state.forgetting import forget_command
from kardia_ctl.cli.commands.state.recorded import list_command, show_command
from kardia_ctl.cli.commands.state.rekeying import rekey_command


@click.group("state")
def command() -> None:
    """Care for the records of earlier runs. Sends no requests."""


for verb in (list_command, show_command, forget_command, rekey_command):
    command.add_command(verb)
