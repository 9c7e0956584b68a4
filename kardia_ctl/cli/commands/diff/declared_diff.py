"""The command ``diff``."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from kardia_ctl.cli.account.key_at_hand import key_at_hand
from kardia_ctl.cli.commands.diff.revisions import Revisions, asked_for
from kardia_ctl.cli.naming import key_from, names_for_everybody
from kardia_ctl.cli.options import FILE, json_option, view_from, view_options
from kardia_ctl.cli.output.console import print_json_line, print_result
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.declared.difference import DeclaredDiff
from kardia_ctl.planning.declared.comparison import differences, encrypted
from kardia_ctl.render.declared.fenced_page import MARKER, declared_page
from kardia_ctl.render.declared.json import declared_json
from kardia_ctl.render.declared.text import declared_text


@click.command("diff")
@click.argument("base")
@click.argument("head", required=False)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when the revisions differ, 0 when they do not."
)
@json_option("Print the differences as JSON on one line.")
@click.option(
    "--markdown",
    type=FILE,
    metavar="FILE",
    help="Write a Markdown page too, for a comment on a pull request.",
)
@view_options
def command(
    base: str,
    head: str | None,
    path: Path | None,
    detailed_exitcode: bool,
    as_json: bool,
    markdown: Path | None,
    **options: Any,
) -> int:
    """Show what two git revisions declare differently. Needs no key and no network, and changes nothing.

    BASE and HEAD are revisions as git names them, or BASE..HEAD; without HEAD the work tree is compared.
    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory). What is
    live is not looked at: that is what plan does.

    ${VARIABLES} are compared as they are written. A configuration that is not there in BASE, or has problems
    there, counts as empty. Encrypted files are compared by their content where an age identity is at hand.
    """
    asked = asked_for(base, head, path)
    view = view_from(options)
    key_from(partial(key_at_hand, asked.path, os.environ), is_guess=True)
    revisions = Revisions(asked.path, os.environ)
    before, after = revisions.base(asked.base), revisions.head(asked.head)
    configuration = after.declared.configuration
    if markdown is not None:
        check_outputs([Output("--markdown", markdown, starts_with(MARKER))], configuration.sources)
    found = (
        *differences(before.declared.configuration, configuration),
        *encrypted(before.declared.unopened, after.declared.unopened),
    )
    diff = DeclaredDiff(before.revision, after.revision, found)
    if as_json:
        print_json_line(declared_json(diff, view))
    else:
        print_result(declared_text(diff, view))
    if markdown is not None:
        public = replace(view, colour=False, show_phi=False, names=names_for_everybody())
        write_private(markdown, declared_page(diff, public).encode(), starts_with(MARKER))
    return 2 if detailed_exitcode and found else 0
