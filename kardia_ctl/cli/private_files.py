"""Files that their owner alone may read, written whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from kardia_ctl.cli.failure import refuse


def write_private(file: Path, data: bytes) -> None:
    """Write a file (0600) by way of a new one beside it, so that a full disk or a crash leaves no half of it.

    Raises:
        RunStopped: it cannot be written.
    """
    new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise refuse(
            f"{file} could not be written: {error.strerror}. Check that its directory exists, is yours to "
            "write and has room"
        ) from error


def check_writable(file: Path) -> None:
    """Refuse a file that could not be written, before anything is done whose result it is to hold."""
    if file.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
        raise refuse(f"{file} cannot be written: its directory does not exist or is not yours to write")
