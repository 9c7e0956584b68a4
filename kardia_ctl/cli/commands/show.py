"""``kardia-ctl show``."""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.keys import Keys, api_key
from kardia_ctl.cli.account.meant_addresses import known_mrns
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.sealed_key import sealed_key
from kardia_ctl.cli.account.workspace import stored_secret
from kardia_ctl.cli.files import saved_plan as plan_files
from kardia_ctl.cli.files.page_files import declared_two_person, page_files_from, page_options, write_pages
from kardia_ctl.cli.files.shown_plan import to_show
from kardia_ctl.cli.naming import StdoutNames, leave_names, shows_mrns
from kardia_ctl.cli.options import FILE, json_option, view_from, view_options
from kardia_ctl.cli.output.console import print_json_line, print_result
from kardia_ctl.cli.outputs import check_outputs
from kardia_ctl.model.errors import KardiaError, RunStopped
from kardia_ctl.planning.saved.plan_renaming import names_in
from kardia_ctl.render.plan.terraform_json import Stamp, plan_json
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.timing import system_instant


@click.command("show")
@click.argument("file", type=FILE)
@page_options
@json_option("Print Terraform's JSON plan representation on one line, values redacted.")
@click.option(
    "--changes-only", is_flag=True, help="With --json: leave out what does not change, and the prior state."
)
@view_options
def command(file: Path, as_json: bool, changes_only: bool, **options: Any) -> int:
    """Print the plan saved in FILE. It holds no patients' values, so --show-phi adds mrns alone.

    Without the key that sealed the plan its first line says that it was not verified.
    """
    view, pages = replace(view_from(options), show_phi=False), page_files_from(options)
    if changes_only and not as_json:
        raise click.UsageError("--changes-only needs --json")
    check_outputs(pages.outputs, [file])
    data = plan_files.read(file)
    if not plan_files.is_plan(file):
        raise RunStopped(f"{file} is not a saved plan; make one with kardia-ctl plan --out FILE")
    keys, path = _keys(file, data), plan_files.hint(file, data).path
    shown = to_show(data, keys)
    saved, doubts = shown.saved, (shown.doubt,) if shown.doubt else ()
    leave_names(names_in(saved.plan))
    write_pages(pages, saved.plan, saved.binding.workspace, path, doubts, declared_two_person(path))
    if shows_mrns(sys.stdout):
        saved = plan_files.with_mrns(saved, keys, _declared(path))
    if not as_json:
        print_result("".join(f"{doubt}.\n\n" for doubt in doubts) + plan_text(saved.plan, view))
        return 0
    created = datetime.fromtimestamp(saved.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stamp = Stamp(saved.binding.version, created)
    document = plan_json(saved.plan, stamp, StdoutNames(), changes_only=changes_only)
    document["kardia_ctl"]["verified"] = not doubts
    print_json_line(document)
    return 0


def _declared(path: Path) -> tuple[str, ...]:
    """The mrns that the configuration of a saved plan declares now; none where it cannot be read."""
    try:
        return tuple(known_mrns(read_configuration(path, system_instant()).desired))
    except KardiaError:
        return ()


def _keys(file: Path, data: bytes) -> Keys:
    """The keys of the configuration that a saved plan names; without an API key where none is set."""
    hint = plan_files.hint(file, data)
    root = hint.path if hint.path.is_dir() else hint.path.parent
    directory = root / ".kardia" / "sandbox" if hint.sandbox else root / ".kardia"
    try:
        secret = api_key(AccountOptions(sandbox=hint.sandbox), os.environ)
    except KardiaError:
        secret = ""
    stored = partial(stored_secret, root, sandbox=hint.sandbox)
    sealed = bytes if hint.sandbox else partial(sealed_key, root, os.environ)
    return Keys(directory, os.environ, secret, stored=stored, sealed=sealed)
