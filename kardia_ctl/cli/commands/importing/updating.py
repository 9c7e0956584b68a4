"""``kardia-ctl import --update``: live values that a person accepts, in the files that declare them."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kardia_ctl.cli.account.connection import open_account
from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.account.git_index import repository_of
from kardia_ctl.cli.account.meant_addresses import translation
from kardia_ctl.cli.account.read_configuration import unlocking
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.commands.importing.choosing import choose
from kardia_ctl.cli.commands.importing.update_options import UpdateOptions
from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.files.appended_file import STDOUT
from kardia_ctl.cli.files.replaced_files import replace_files
from kardia_ctl.cli.options import shows_phi
from kardia_ctl.cli.output.console import print_bytes, print_message, print_result
from kardia_ctl.cli.output.progress import reading
from kardia_ctl.cli.outputs import Output, check_outputs, own_stream, starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.cli.signals import run_async
from kardia_ctl.config.editing.live_values import LiveValue
from kardia_ctl.config.editing.taken_values import EditedFile, TakenValues, take_values
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.operations.importing.accept_drift import Difference, differences
from kardia_ctl.operations.plan import Preview, observe_and_plan
from kardia_ctl.planning.inputs import Decisions, inputs_of
from kardia_ctl.render.files.git_patch import file_patch
from kardia_ctl.render.pseudonyms import Pseudonyms
from kardia_ctl.render.text import count_of

_PATCH: Final = "diff --git "


def update_files(workspace: Workspace, wanted: UpdateOptions) -> int:
    """Ask about each address that drifted, or take those that are named, and write the files.

    Raises:
        RunStopped: the account is not the right one, an address does not differ, there is nobody to ask, or
            a file cannot be written.
    """
    _check_patch(workspace, wanted)
    preview = run_async(_observed(workspace, Decisions(accept_unknown_team=wanted.accept_unknown_team)))
    if preview.plan.stops:
        raise RunStopped(f"nothing is taken into the files: {'; '.join(preview.plan.stops)}")
    pseudonyms = Pseudonyms(workspace.keys.review(preview.inputs.key))
    named = str if is_own_terminal(sys.stdout) else pseudonyms.shown
    found = differences(preview.plan)
    chosen = _accepted(found, wanted.accept, workspace) if wanted.accept else choose(found, named)
    values = [LiveValue(one.address, name, value) for one in chosen for name, value in one.live.items()]
    if not values:
        print_result("Nothing was taken into the files.\n")
        return 0
    taken = take_values(
        workspace.path,
        os.environ,
        workspace.now,
        workspace.configuration,
        values,
        unlocking(os.environ),
        in_patch=wanted.patch is not None,
    )
    for refusal in taken.not_taken:
        print_message(f"Error: {refusal.text(named)}")
    if wanted.patch is None:
        replace_files(taken.files)
    else:
        _write_patch(workspace, taken.files, wanted.patch)
    if wanted.patch != STDOUT:
        print_result(_report(taken, wanted.patch))
    return 1 if taken.not_taken else 0


async def _observed(workspace: Workspace, decisions: Decisions) -> Preview:
    """Observe the account in full, and plan."""
    state = workspace.store.load()
    key = state_key(workspace, state)
    inputs = inputs_of(workspace.configuration, state, workspace.now, key, decisions)
    async with open_account(workspace, parallelism=8) as session:
        with reading(session.reader) as reader:
            return await observe_and_plan(reader, inputs, lambda: session.requests)


def _check_patch(workspace: Workspace, wanted: UpdateOptions) -> None:
    """Refuse a patch that would overwrite something, or show patients' values where others read them."""
    if wanted.patch == STDOUT:
        if not shows_phi(asked=wanted.show_phi):
            raise RunStopped(
                "a patch has patients' values, and the output is not your own terminal. Name a file with "
                "--patch FILE, which only you can read, or add --show-phi"
            )
    elif wanted.patch is not None:
        if own_stream(wanted.patch):
            raise RunStopped(f"--patch {wanted.patch} is an output of this command. For stdout: --patch -")
        output = Output("--patch", wanted.patch, starts_with(_PATCH))
        check_outputs([output], workspace.inputs, workspace.private)


def _accepted(
    found: Sequence[Difference], addresses: Sequence[Address], workspace: Workspace
) -> list[Difference]:
    """The differences at the addresses that a person named, by mrn or by pseudonym.

    Raises:
        RunStopped: an address does not differ from live.
    """
    translate = translation(addresses, workspace.configuration.desired, workspace.keys)
    by_address = {one.address: one for one in found}
    chosen = dict[Address, Difference]()
    for address in addresses:
        if (one := by_address.get(translate(address))) is None:
            raise RunStopped(
                f"--accept {address}: it does not differ from live, or it is not declared. kardia-ctl plan "
                "shows what differs"
            )
        chosen[one.address] = one
    return list(chosen.values())


def _write_patch(workspace: Workspace, files: Sequence[EditedFile], target: Path) -> None:
    top = repository_of(workspace.configuration.root) or workspace.configuration.root
    patch = b"".join(file_patch(_below(top, file.path), file.before, file.edits) for file in files)
    if target == STDOUT:
        if sys.stdout.isatty():
            print_result(patch.decode("utf-8", "backslashreplace"))
        else:
            print_bytes(patch)
    elif patch:
        write_private(target, patch, starts_with(_PATCH))


def _below(top: Path, path: Path) -> str:
    """A file's path from the top of its repository."""
    return path.relative_to(top.resolve()).as_posix()


def _report(taken: TakenValues, patch: Path | None) -> str:
    lines = [f"{file.name}: {count_of(len(file.edits), 'value')}" for file in taken.files]
    where = (
        f"{patch}; git apply {patch} writes them" if patch else "the files; kardia-ctl plan shows the rest"
    )
    if taken.taken:
        addresses = len(Counter(value.address for value in taken.taken))
        what = f"{count_of(len(taken.taken), 'live value')} of {count_of(addresses, 'resource')}"
        lines.append(f"Took {what} into {where}.")
    else:
        lines.append("Nothing was taken into the files.")
    return "\n".join(lines) + "\n"
