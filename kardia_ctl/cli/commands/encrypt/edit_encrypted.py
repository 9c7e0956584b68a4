"""``encrypt --edit``: the plain text of a file in an editor, checked, and encrypted again."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kardia_ctl.cli.account.read_configuration import read_configuration, unlocking
from kardia_ctl.cli.commands.encrypt.editor import PrivateCopy
from kardia_ctl.cli.output.console import print_line, print_message, print_notice
from kardia_ctl.cli.output.terminal import read_answer
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.config.encryption import age
from kardia_ctl.config.encryption.age_header import SUFFIX, is_encrypted
from kardia_ctl.config.loader import main_file
from kardia_ctl.config.source_files import YAML_LIMIT, FileStamp, UnusableFile, content, stamp
from kardia_ctl.model.errors import ConfigurationError, RunStopped
from kardia_ctl.timing import system_instant

_SEALED: Final = 2
"""How much longer than its plain text an encrypted file may be, in ASCII."""


def edit(file: Path, recipients: Sequence[str], config: Path) -> int:
    """Edit an encrypted file; one that does not exist begins empty. Returns the exit code.

    Raises:
        RunStopped: it cannot be read or written, the editor failed, or the text is not valid and nobody is
            there to correct it.
        Interrupted: a signal came. The file is as it was.
    """
    if file.suffix.lower() != SUFFIX:
        raise RunStopped(
            f"--edit opens a file of age: {file.name}{SUFFIX}. Encrypt {file} first, without --edit"
        )
    read = list[FileStamp]()
    before = _plain_text(file, read) if file.exists() else b""
    known = set(_problems(config, None, file)[0])
    with PrivateCopy(file.with_suffix("").name) as copy:
        text = copy.edited(before)
        while text != before:
            problems, is_read = _problems(config, text, file)
            new = [problem for problem in problems if problem not in known]
            if not new:
                _save(file, text, recipients, read)
                if not is_read:
                    print_message(
                        f"Warning: no file of {config} names {file}, so its content was not checked"
                    )
                return 0
            _offer_again(file, new)
            text = copy.edited(text)
    print_line(f"{file} was not changed")
    return 0


def _plain_text(file: Path, read: list[FileStamp]) -> bytes:
    try:
        data = content(file, YAML_LIMIT * _SEALED, read.append)
        return b"".join(age.decrypted([data], unlocking(os.environ).keys, YAML_LIMIT))
    except UnusableFile as error:
        raise RunStopped(f"{file}: {error.message}. {error.remedy}") from error


def _problems(config: Path, text: bytes | None, file: Path) -> tuple[list[str], bool]:
    """The problems of the configuration and of its quarantined rows, and whether it reads the file.

    ``text`` is read in place of the file's content, unless it is None.
    """
    root, real = main_file(config).parent.resolve(), file.resolve()
    edited = {}
    if text is not None and real.is_relative_to(root):
        edited[real.relative_to(root).as_posix()] = text
    try:
        found = read_configuration(config, system_instant(), edited)
    except ConfigurationError as error:
        return [str(problem) for problem in error.problems], True
    rows = [str(problem) for quarantine in found.quarantines for problem in quarantine.problems]
    return rows, real in found.sources


def _offer_again(file: Path, problems: Sequence[str]) -> None:
    """Show what is wrong, and ask whether to correct it.

    Raises:
        RunStopped: the answer is no, or nobody is there to give one.
    """
    print_notice("".join(f"{problem}\n" for problem in problems))
    if not sys.stdin.isatty():
        raise RunStopped(
            f"{file} was not changed: the text is not valid, and there is no terminal to correct it on"
        )
    if read_answer("  Edit it again? Only 'no' discards the text: ").strip().lower() in ("no", "n"):
        raise RunStopped(f"{file} was not changed: the text was discarded")


def _save(file: Path, text: bytes, recipients: Sequence[str], read: Sequence[FileStamp]) -> None:
    if stamp(file) != (read[0] if read else None):
        raise RunStopped(
            f"{file} was changed by another program meanwhile, and was not replaced. Edit it again"
        )
    write_private(file, age.encrypted(text, recipients), is_encrypted)
    print_line(f"Wrote {file}")
