"""``kardia-ctl reveal``: which mrns pseudonyms stand for."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.meant_addresses import known_mrns
from kardia_ctl.cli.account.workspace import Workspace, open_workspace
from kardia_ctl.cli.naming import shows_mrns
from kardia_ctl.cli.options import shows_phi
from kardia_ctl.cli.output.console import print_line, print_message, print_result
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.pseudonyms import RealNames, mrns_by_pseudonym, pseudonyms_in
from kardia_ctl.render.text import count_of

_LARGEST: Final = 64_000_000
"""Bytes of a text that are read from stdin."""

_NAMED: Final = 20
"""The most pseudonyms that a message names."""


@click.command("reveal")
@click.argument("pseudonyms", nargs=-1, metavar="[PSEUDONYM]...")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=".",
    metavar="PATH",
    help="The configuration that declares the patients (default: this directory's).",
)
@click.option("--sandbox", is_flag=True, help="Use the sandbox's state and key.")
@click.option("--show-phi", is_flag=True, help="Print mrns even if the output is not your own terminal.")
def command(pseudonyms: tuple[str, ...], config: Path, sandbox: bool, show_phi: bool) -> int:
    """Print the mrn behind each PSEUDONYM, such as ~k3v9q2m7ab or patient/~k3v9q2m7ab.

    Without PSEUDONYM it reads a text from stdin, such as a plan's page, and prints it with mrns. It looks
    among those who are declared, depart or are recorded. Sends no request.
    """
    shows_phi(asked=show_phi)
    if not shows_mrns(sys.stdout):
        raise RunStopped(
            "reveal prints mrns, on your own terminal alone. For a file or a pipe that is yours: --show-phi"
        )
    text = "\n".join(pseudonyms) if pseudonyms else _stdin()
    wanted = pseudonyms_in(text)
    if wrong := [word for word in pseudonyms if not pseudonyms_in(word)]:
        raise RunStopped(f"{wrong[0]} is no pseudonym: write ~ and its ten characters, as ~k3v9q2m7ab")
    workspace = open_workspace(config, AccountOptions(sandbox=sandbox), needs_key=False)
    real = RealNames(_found(workspace, wanted, sandbox=sandbox))
    if pseudonyms:
        for word in pseudonyms:
            if pseudonyms_in(word) <= real.mrns.keys():
                print_line(f"{word}  {real.text(word)}")
    else:
        print_result(real.text(text))
    return _unknown(workspace, sorted(wanted - real.mrns.keys()), has_found=bool(real.mrns))


def _stdin() -> str:
    if sys.stdin.isatty():
        raise RunStopped("name a pseudonym, or give a text on stdin: kardia-ctl reveal < plan.md")
    return sys.stdin.buffer.read(_LARGEST).decode("utf-8", "backslashreplace")


def _found(workspace: Workspace, wanted: set[str], *, sandbox: bool) -> dict[str, str]:
    """The mrns by those of the pseudonyms that somebody known has.

    Raises:
        RunStopped: there is no key.
    """
    keys = workspace.keys
    key = keys.review(keys.fingerprints())
    if not key:  # none but perhaps an API key in the keyring
        keys = open_workspace(workspace.path, AccountOptions(sandbox=sandbox)).keys
        key = keys.review(keys.fingerprints())
    mrns = known_mrns(workspace.configuration.desired, workspace.store.load())
    return {name: mrn for name, mrn in mrns_by_pseudonym(mrns, key).items() if name in wanted}


def _unknown(workspace: Workspace, unknown: list[str], *, has_found: bool) -> int:
    """Report the pseudonyms that are nobody's, and why that may be. Returns the exit code."""
    if not unknown:
        return 0
    source = "KARDIA_REVIEW_KEY" if os.environ.get("KARDIA_REVIEW_KEY") else workspace.keys.source()
    names = ", ".join(unknown[:_NAMED])
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    why = "" if has_found else f"They were made with another key than that of {source}, or "
    print_message(
        f"Error: {count_of(len(unknown), 'pseudonym')} not resolved: {names}{more}. {why}"
        f"{'their' if why else 'Their'} patients are neither declared nor recorded here, or no longer"
    )
    return 1
