"""Replaces files of the configuration: each whole or not at all, and none that changed meanwhile."""

import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from kardia_ctl.cli.private_files import sync_directory, temporary_name
from kardia_ctl.config.editing.taken_values import EditedFile
from kardia_ctl.config.source_files import stamp
from kardia_ctl.model.errors import RunStopped


def replace_files(files: Sequence[EditedFile]) -> None:
    """Give each file its new content. All of them are on the disk before the first one takes its name.

    Raises:
        RunStopped: one changed since it was read, or cannot be written; the message says what was replaced.
    """
    replaced = list[str]()
    with ExitStack() as stack:
        try:
            beside = [(file, written_beside(file.path, file.stored(), stack)) for file in files]
            _check_unchanged(files)
            for file, new in beside:
                _check_unchanged((file,))
                new.replace(file.path)
                replaced.append(file.name)
                sync_directory(file.path.parent)
        except OSError as error:
            done = f"{', '.join(replaced)} was written before. " if replaced else "Nothing was written. "
            raise RunStopped(
                f"{error.filename or 'a file'} could not be written: {error.strerror}. {done}Check that its "
                "directory is yours to write and has free space"
            ) from error


def written_beside(path: Path, content: bytes, stack: ExitStack) -> Path:
    """Write a file's new content under a temporary name, with the file's mode and, if possible, its owner.

    The temporary file is removed with the stack, unless it was given the file's name.

    Raises:
        OSError: it cannot be written.
    """
    status = path.stat()
    new = temporary_name(path)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    stack.callback(_remove, new)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        with suppress(OSError):  # of another owner: the mode is kept all the same
            os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        opened.flush()
        os.fsync(descriptor)
    return new


def _remove(new: Path) -> None:
    with suppress(OSError):
        new.unlink(missing_ok=True)


def _check_unchanged(files: Sequence[EditedFile]) -> None:
    for file in files:
        if stamp(file.path) != file.stamp:
            raise RunStopped(
                f"{file.name} changed since it was read, so it was not replaced. Run the command again"
            )
