"""Adds what was imported to kardia.yaml, where that leaves the rest of it as it is."""

import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from kardia_ctl.cli.private_files import sync_directory
from kardia_ctl.config.source_files import UnusableFile, lexical, matches
from kardia_ctl.config.writing.additions import Additions, keys_below, with_additions
from kardia_ctl.model.errors import RunStopped


def not_included(main: Path, files: Collection[Path]) -> tuple[str, ...]:
    """Those of some files that kardia.yaml does not include yet, relative to it; one pattern for several."""
    root = main.parent
    names = [path.relative_to(root).as_posix() for path in files]
    patterns = keys_below(_content(main), "include")
    missing = sorted(set(names) - {str(found) for pattern in patterns for found in _matching(root, pattern)})
    if len(missing) > 1:
        first = PurePosixPath(missing[0])
        pattern = str(first.with_name(f"{first.name.partition('-')[0]}-*{''.join(first.suffixes)}"))
        if sorted(map(str, _matching(root, pattern))) == missing:
            return (pattern,)
    return tuple(missing)


def _matching(root: Path, pattern: str) -> Iterator[PurePosixPath]:
    with suppress(UnusableFile):
        yield from matches(root, lexical(PurePosixPath(), pattern))


def add_to_configuration(main: Path, additions: Additions) -> bool:
    """Add to kardia.yaml, which keeps its mode; False, and nothing is changed, where that cannot be done.

    That is: where the rest would not stay as it is, where the file changes meanwhile, or cannot be written.

    Raises:
        RunStopped: it cannot be read.
    """
    before = _content(main)
    after = with_additions(before, additions)
    if after is None:
        return False
    new = main.with_name(f".{main.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(after)
            os.fchmod(opened.fileno(), main.stat().st_mode & 0o7777)
            opened.flush()
            os.fsync(opened.fileno())
        if _content(main) != before:
            return False
        new.replace(main)
        sync_directory(main.parent)
    except OSError:
        return False
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return True


def cohorts_of(main: Path) -> tuple[str, ...]:
    """The cohorts that kardia.yaml declares."""
    return keys_below(_content(main), "cohorts")


def _content(main: Path) -> bytes:
    try:
        return main.read_bytes()
    except OSError as error:
        raise RunStopped(f"{main} cannot be read: {error.strerror}. Check its permissions") from error
