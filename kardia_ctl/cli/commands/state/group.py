"""``kardia-ctl state``: which verbs there are."""

import click

from kardia_ctl.cli.commands.state.copies import migrate_command, pull_command, push_command
from kardia_ctl.cli.commands.state.earlier import history_command, rollback_command
from kardia_ctl.cli.commands.state.forgetting import forget_command
from kardia_ctl.cli.commands.state.recorded import list_command, show_command
from kardia_ctl.cli.commands.state.rekeying import rekey_command
from kardia_ctl.cli.commands.state.renaming import mv_command


@click.group("state")
def command() -> None:
    """Care for the records of earlier runs. Sends no requests."""


for verb in (
    list_command,
    show_command,
    forget_command,
    mv_command,
    history_command,
    rollback_command,
    pull_command,
    push_command,
    migrate_command,
    rekey_command,
):
    command.add_command(verb)
