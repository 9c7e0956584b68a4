"""``kardia-ctl encrypt``."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from kardia_ctl.cli.account.git_index import tracked
from kardia_ctl.cli.account.read_configuration import unlocking
from kardia_ctl.cli.commands.encrypt.edit_encrypted import edit
from kardia_ctl.cli.output.console import print_line, print_message
from kardia_ctl.cli.outputs import Output, check_outputs, never
from kardia_ctl.cli.private_files import private_file, sync_directory
from kardia_ctl.config import load_account
from kardia_ctl.config.encryption import age
from kardia_ctl.config.encryption.age_header import SUFFIX, is_encrypted
from kardia_ctl.config.source_files import COHORT_LIMIT, FileStamp, UnusableFile, chunks, stamp
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.text import count_of

_MAIN: Final = "kardia.yaml"
_PIECE: Final = 1 << 20


@click.command("encrypt")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE…"
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="PATH",
    help="Take the recipients from this configuration (default: this directory's).",
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="age1…",
    help="Encrypt for this recipient instead of the declared ones; may be repeated.",
)
@click.option("--remove", is_flag=True, help="Remove each plain file once its encrypted one is written.")
@click.option("--edit", "edits", is_flag=True, help="Open the plain text of FILE.age in $VISUAL or $EDITOR.")
@click.option("--again", is_flag=True, help="Encrypt each FILE.age again, for the recipients of today.")
def command(
    files: tuple[Path, ...],
    config: Path,
    recipients: tuple[str, ...],
    remove: bool,
    edits: bool,
    again: bool,
) -> int:
    """Encrypt files as a whole with age: FILE becomes FILE.age beside it, whole or not at all.

    Whoever has the identity (private key) of one of the recipients can read it. kardia-ctl reads it with the
    one in KARDIA_AGE_IDENTITY_FILE or KARDIA_AGE_IDENTITY. Name FILE.age in kardia.yaml, under include or as
    the source of a cohort. The plain file stays, unless --remove is given.

    With --edit the plain text is opened in an editor, checked with the configuration, and encrypted again. A
    text that was not changed leaves the file as it is.

    With --again files get the recipients of today: somebody has come, or gone. Whoever has gone can still
    read what was encrypted before.
    """
    readers = _recipients(config, recipients)
    if again:
        if edits or remove:
            raise RunStopped("--again takes neither --edit nor --remove")
        for file in files:
            _encrypt_again(file, readers)
        return 0
    if edits:
        if len(files) > 1 or remove:
            raise RunStopped("--edit takes one file, and no --remove")
        return edit(files[0], readers, config)
    for file in files:
        _check(file, remove=remove)
    check_outputs([Output("encrypt", _target(file), never) for file in files], files)
    for file in files:
        _encrypt(file, readers, remove=remove)
    return 0


def _recipients(config: Path, named: Sequence[str]) -> tuple[str, ...]:
    found = tuple(named) or load_account(config, os.environ).recipients
    if not found:
        raise RunStopped(
            "there is nobody to encrypt for: declare recipients: [age1…] in kardia.yaml, or name "
            "--recipient. age-keygen -o FILE makes an identity and prints its recipient"
        )
    return found


def _target(file: Path) -> Path:
    return file.with_name(file.name + SUFFIX)


def _check(file: Path, *, remove: bool) -> None:
    """Refuse what is not to be encrypted.

    Raises:
        RunStopped: the file is kardia.yaml, encrypted already, or a link whose removal would leave the text.
    """
    if remove and file.is_symlink():
        raise RunStopped(f"{file} is a link: removing it would leave the plain text. Name the file itself")
    if file.name == _MAIN:
        raise RunStopped(
            f"{file} names the recipients and stays readable. Move its patients into a file of their own, "
            "name that under include, and encrypt it"
        )
    if file.suffix.lower() == SUFFIX:
        raise RunStopped(
            f"{file} is encrypted already, by its name. To change it: kardia-ctl encrypt --edit {file}"
        )


def _encrypt(file: Path, recipients: Sequence[str], *, remove: bool) -> None:
    target, read = _target(file), list[FileStamp]()
    try:
        with private_file(target, never) as opened:
            plain = _checked(chunks(file, COHORT_LIMIT, _PIECE, read.append), target)
            for piece in age.encrypted_pieces(plain, recipients):
                opened.write(piece)
    except UnusableFile as error:
        raise RunStopped(f"{file}: {error.message}. {error.remedy}") from error
    print_line(f"Wrote {target}. Name it in kardia.yaml in place of {file.name}")
    if any(tracked((file,))):
        print_message(
            f"Warning: git tracks {file}, so its plain text is in the repository, and stays in its history "
            f"when the file is removed. Run git rm --cached {file}. What was pushed counts as read by "
            "everybody who has a clone"
        )
    if not remove:
        print_message(f"{file} is still there in plain text. Once plan is right, remove it")
        return
    if stamp(file) != read[0]:
        raise RunStopped(f"{file} changed while it was encrypted, and was not removed. Compare the two")
    if file.stat().st_nlink > 1:
        print_message(f"Warning: {file} has other names (hard links), under which its plain text stays")
    file.unlink()
    sync_directory(file.parent)


def _encrypt_again(file: Path, recipients: Sequence[str]) -> None:
    """Replace an encrypted file by one of the same text. The text is never whole in memory, nor in a file."""
    try:
        with private_file(file, is_encrypted) as opened:
            stored = chunks(file, COHORT_LIMIT, _PIECE)
            plain = age.decrypted(stored, unlocking(os.environ).keys, COHORT_LIMIT)
            for piece in age.encrypted_pieces(plain, recipients):
                opened.write(piece)
    except UnusableFile as error:
        raise RunStopped(f"{file}: {error.message}. {error.remedy}") from error
    print_line(f"Wrote {file} for {count_of(len(set(recipients)), 'recipient')}")


def _checked(pieces: Iterator[bytes], target: Path) -> Iterator[bytes]:
    """The pieces of a file, unless it is encrypted already."""
    for number, piece in enumerate(pieces):
        if number == 0 and is_encrypted(piece):
            raise UnusableFile("the file is encrypted with age already", f"Rename it: {target.name}")
        yield piece
