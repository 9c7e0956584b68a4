"""``kardia-ctl audit``."""

from collections.abc import Callable
from pathlib import Path

import click

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.workspace import open_workspace
from kardia_ctl.cli.options import FILE, path_argument
from kardia_ctl.cli.output.console import print_line
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.cli.private_files import out_stream
from kardia_ctl.model.errors import StateError
from kardia_ctl.render.records.audit_list import audit_lines, audit_ndjson, audit_otlp
from kardia_ctl.state.tables.audit_log import ChainedEntry, damage, entries_of
from kardia_ctl.state.tables.image import opened

_OURS = starts_with('{"number": ', '{"resourceLogs": ')


@click.group("audit")
def command() -> None:
    """Show the log of what was applied: who, from where, with which approval, how it ended. No requests.

    An mrn is a pseudonym there (patient/~k3v9q2m7ab). Each entry has a hash over itself and the one
    before.
    """


_sandbox_option = click.option("--sandbox", is_flag=True, help="Use the sandbox's state.")


@command.command("list")
@path_argument
@_sandbox_option
def list_command(path: Path, sandbox: bool) -> None:
    """Print the log, the newest entry last. PATH is the configuration (default: this directory)."""
    entries, _ = _log(path, sandbox=sandbox)
    with out_stream(None) as write:
        for line in audit_lines((entry.number, entry.text) for entry in entries):
            write(f"{line}\n")


@command.command("verify")
@path_argument
@_sandbox_option
@click.option("--head", metavar="HASH", help="A hash that was printed earlier: it must be in the log.")
def verify_command(path: Path, sandbox: bool, head: str | None) -> None:
    """Check that the log is whole.

    No entry may be removed, changed or moved. Prints the hash of the newest one. Note that hash
    elsewhere, such as in the job's log: --head HASH then finds a log that was written anew. PATH is the
    configuration (default: this directory).
    """
    entries, wrong = _log(path, sandbox=sandbox)
    if wrong:
        raise StateError(f"the audit log was tampered with: {wrong}")
    if head is not None and head not in {entry.hash for entry in entries}:
        raise StateError(f"the audit log was written anew: no entry has the hash {head}")
    newest = f"; the newest has the hash {entries[-1].hash}" if entries else ""
    print_line(f"The audit log is whole: {len(entries)} entries{newest}.")


@command.command("export")
@path_argument
@_sandbox_option
@click.option(
    "--ndjson", "form", flag_value="ndjson", default="ndjson", help="A JSON object a line (default)."
)
@click.option("--otlp", "form", flag_value="otlp", help="One OTLP logs request, in JSON.")
@click.option("--out", type=FILE, metavar="FILE", help="Write to this file (0600) instead of to stdout.")
def export_command(path: Path, sandbox: bool, form: str, out: Path | None) -> None:
    """Write the log for another system. PATH is the configuration (default: this directory)."""
    workspace = open_workspace(path, AccountOptions(sandbox=sandbox), needs_key=False)
    if out is not None:
        check_outputs([Output("--out", out, _OURS)], workspace.inputs, workspace.private)
    entries, _ = _log(path, sandbox=sandbox)
    with out_stream(out, _OURS) as write:
        _FORMS[form](entries, write)


def _write_ndjson(entries: list[ChainedEntry], write: Callable[[str], object]) -> None:
    for entry in entries:
        write(f"{audit_ndjson(entry.number, entry.text, entry.hash)}\n")


def _write_otlp(entries: list[ChainedEntry], write: Callable[[str], object]) -> None:
    write(f"{audit_otlp((entry.number, entry.text, entry.hash) for entry in entries)}\n")


_FORMS = {"ndjson": _write_ndjson, "otlp": _write_otlp}


def _log(path: Path, *, sandbox: bool) -> tuple[list[ChainedEntry], str]:
    """The entries of the state's log, and what is wrong with it."""
    workspace = open_workspace(path, AccountOptions(sandbox=sandbox), needs_key=False)
    with opened(workspace.store.image()) as image:
        return entries_of(image), damage(image)
