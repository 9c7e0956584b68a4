"""Adds what was imported to kardia.yaml, where that leaves the rest of it as it is."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath

from kardia_ctl.cli.files.replaced_files import written_beside
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
    """Add to kardia.yaml, which keeps its mode and owner; False, and no change, where that cannot be done.

    That is: where the rest would not stay as it is, where the file changes meanwhile, or cannot be written.

    Raises:
        RunStopped: it cannot be read.
    """
    before = _content(main)
    after = with_additions(before, additions)
    if after is None:
        return False
    with ExitStack() as stack:
        try:
            new = written_beside(main, after, stack)
            if _content(main) != before:
                return False
            new.replace(main)
            sync_directory(main.parent)
        except OSError:
            return False
    return True


def cohorts_of(main: Path) -> tuple[str, ...]:
    """The cohorts that kardia.yaml declares."""
    return keys_below(_content(main), "cohorts")


def _content(main: Path) -> bytes:
    try:
        return main.read_bytes()
    except OSError as error:
        raise RunStopped(f"{main} cannot be read: {error.strerror}. Check its permissions") from error
