"""``kardia-ctl import``."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.account_options import account_from, account_options
from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.account.known_values import know_observed
from kardia_ctl.cli.account.only_writer import check_state_lasts
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.commands.importing.import_options import (
    SPLIT,
    ImportFormat,
    ImportOptions,
    checked_options,
)
from kardia_ctl.cli.commands.importing.import_writing import write_import
from kardia_ctl.cli.commands.importing.update_options import update_from, update_options
from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.options import accept_unknown_team_option, lock_option, path_argument
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.output.progress import reading
from kardia_ctl.cli.signals import run_async
from kardia_ctl.model.address import Address
from kardia_ctl.operations.importing.read_account import read_account
from kardia_ctl.planning.inputs import Decisions, PlanInputs, inputs_of
from kardia_ctl.render.import_report import import_text
from kardia_ctl.render.pseudonyms import Pseudonyms


@click.command("import")
@path_argument
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in ImportFormat]),
    default=ImportFormat.YAML.value,
    show_default=True,
    help="Write YAML files, or one CSV file as a cohort.",
)
@click.option(
    "--split",
    type=click.IntRange(1),
    metavar="N",
    help=f"Write at most N patients into one YAML file (default: {SPLIT}).",
)
@click.option(
    "--into",
    metavar="DIR",
    help="Write into this directory beside kardia.yaml (default: patients; for CSV: cohorts).",
)
@click.option("--cohort", metavar="NAME", help="Give the CSV file's cohort this name (default: imported).")
@click.option(
    "--codes",
    metavar="TEMPLATE",
    help="Declare a code of this template (its name, or its id) for everybody who is pending or connected: "
    "you know that theirs are of it.",
)
@click.option("--adopt", is_flag=True, help="Record the ids in state at once, under the lock.")
@click.option(
    "--sanitize",
    is_flag=True,
    help="Write an invented twin of the account instead, with nobody's data, for kardia-ctl sandbox serve "
    "--from DIR (default DIR: twin).",
)
@update_options
@accept_unknown_team_option
@lock_option
@account_options
def command(path: Path, lock_timeout: float, **options: Any) -> int:
    """Write what is live and not declared into files: callbacks, template names, patients.

    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory).

    Reads the whole account; sends only safe reads. The files are new, readable only by you, and appear all or
    none: no existing file is replaced. kardia.yaml gets the keys that name them; where that is impossible
    without touching the rest, the lines are printed. A plan afterwards adopts everybody, and that is all.

    Patients who cannot be declared as they are live (two with one mrn, no valid birth date or e-mail address)
    are left out and listed with the reason. Service providers and users of the app cannot be read.

    With --update nothing is added: what changed in Kardia is taken into the files that declare it, one value
    each, and every other byte of them stays. Asks about each address; elsewhere --accept names them.
    """
    account = account_from(options)
    update = update_from(options)
    workspace = open_workspace(path, account, lock_timeout=lock_timeout)
    for line in (*workspace.configuration.warnings, workspace.store.activity()):
        if line:
            print_message(f"Warning: {line}")
    if update is not None:
        from kardia_ctl.cli.commands.importing.updating import update_files

        return update_files(workspace, update)
    options["form"] = ImportFormat(options["form"])
    wanted = checked_options(workspace, ImportOptions(**options))
    if wanted.adopt:
        check_state_lasts(workspace, os.environ)
    with workspace.store.lock("import") if wanted.adopt else nullcontext():
        run_async(_import(workspace, wanted))
    return 0


async def _import(workspace: Workspace, wanted: ImportOptions) -> None:
    state = workspace.store.load()
    key = state_key(workspace, state, create=wanted.adopt)
    decisions = Decisions(accept_unknown_team=wanted.accept_unknown_team)
    inputs = inputs_of(workspace.configuration, state, workspace.now, key, decisions)
    if wanted.sanitize:
        from kardia_ctl.cli.commands.importing.sanitizing import whole_account, write_twin

        inputs = whole_account(inputs)
    async with open_account(workspace) as session:
        with reading(session.reader) as reader:
            inputs = await read_account(reader, inputs)
        know_observed(session.scrub, inputs)
        if wanted.sanitize:
            print_result(write_twin(workspace, inputs, wanted, session.requests))
            return
        report = write_import(workspace, inputs, wanted, requests=session.requests)
        if wanted.adopt:
            from kardia_ctl.cli.commands.importing.adopting import adopt_imported

            report = await adopt_imported(workspace, session, inputs, report)
    print_result(import_text(report, _named(workspace, inputs)))


def _named(workspace: Workspace, inputs: PlanInputs) -> Callable[[Address], str]:
    """How an address is shown: with its mrn on a person's own terminal, elsewhere with a pseudonym."""
    if is_own_terminal(sys.stdout):
        return str
    return Pseudonyms(workspace.keys.review(inputs.key)).shown
