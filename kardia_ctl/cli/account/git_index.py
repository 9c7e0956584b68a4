"""Whether git tracks a file, by git's index. git itself is not run: a repository configures what it runs."""

import mmap
import os
import re
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from kardia_ctl.model.configuration import Configuration

_SQLITE: Final = "sqlite:///"
_LARGEST: Final = 1 << 30
"""Bytes of an index that is looked at."""
_NAMED: Final = 3
"""Files that a warning names."""
_HEAD: Final = struct.Struct(">4sII")
_FLAGS: Final = struct.Struct(">H")
_LONG_NAME: Final = 0x0FFF
_EXTENDED: Final = 0x4000
_BEFORE_FLAGS: Final = 60
"""Bytes of an entry before its flags, with a SHA-1 (gitformat-index)."""
_REMOTE: Final = re.compile(rb'^[ \t]*\[[ \t]*remote[ \t]+"', re.MULTILINE | re.IGNORECASE)
_COMPRESSED: Final = 4
"""The version of an index whose names are written without what they share with the name before."""


def tracked(paths: Iterable[Path]) -> Iterator[Path]:
    """Those of the paths that git tracks, or that are directories with tracked files in them.

    Reads the index of the nearest repository above each path, a millisecond for a hundred thousand files. A
    path without a repository, and a repository that cannot be read, give nothing.
    """
    for path in paths:
        with suppress(OSError, ValueError, struct.error):
            place = Path(os.path.abspath(path))  # noqa: PTH100  (a link is tracked as a link)
            for top in place.parents:
                if (index := _index(top / ".git")) is not None:
                    if _holds(index, os.fsencode(place.relative_to(top))):
                        yield path
                    break


def repository_of(path: Path) -> Path | None:
    """The top of the nearest repository around a path; None without one."""
    place = path.resolve()
    return next((top for top in (place, *place.parents) if (top / ".git").exists()), None)


def has_remote(path: Path) -> bool:
    """Whether the nearest repository above a path names a remote in its own configuration."""
    place = Path(os.path.abspath(path))  # noqa: PTH100  (as in ``tracked``)
    with suppress(OSError, ValueError):
        for top in (place, *place.parents):
            if (index := _index(top / ".git")) is not None:
                return _REMOTE.search((_common(index.parent) / "config").read_bytes()) is not None
    return False


def _common(git: Path) -> Path:
    """The directory that a worktree shares with its repository; any other git directory itself."""
    named = git / "commondir"
    return git / named.read_text(encoding="utf-8").strip() if named.is_file() else git


def tracked_line(path: Path, why: str) -> str:
    """The warning about a path that is tracked."""
    return (
        f"git tracks {path}: {why}. Run git rm -r --cached {path} and add it to .gitignore. What was "
        "pushed stays in the history, so replace every key and code in it"
    )


def tracked_secrets(configuration: Configuration, private: str, key_file: Path | None) -> tuple[str, ...]:
    """A warning for each of state, keys and key file that git tracks.

    Args:
        configuration: Names its root and its state.
        private: The directory of state and keys, relative to the root.
        key_file: The file of --api-key-file.
    """
    directory = configuration.root / private
    state = configuration.root / configuration.state.removeprefix(_SQLITE)
    found = {directory: "state and keys are in it"}
    if configuration.state.startswith(_SQLITE) and directory not in state.parents:
        found[state] = "it is the state, with every mrn"
    if key_file is not None and directory not in key_file.absolute().parents:
        found[key_file] = "it holds the API key"
    return tuple(tracked_line(path, found[path]) for path in tracked(found))


def plain_people(configuration: Configuration) -> tuple[str, ...]:
    """A warning when git tracks patients in plain text and there is a remote; none when that is accepted."""
    if configuration.phi_accepted or not has_remote(configuration.root):
        return ()
    found = [path.relative_to(configuration.root).as_posix() for path in tracked(configuration.plain_people)]
    if not found:
        return ()
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    warning = (
        f"patients stand in plain text in {', '.join(found[:_NAMED])}{more}, which git tracks, and the "
        "repository has a remote: whoever can read it can read them. Encrypt such files with kardia-ctl "
        "encrypt, or declare phi_in_git: accepted"
    )
    return (warning,)


def _index(git: Path) -> Path | None:
    """The index of a repository, or of a worktree or submodule, whose ``.git`` is a file; else None."""
    if git.is_dir():
        return git / "index"
    if not git.is_file():
        return None
    with git.open("rb") as opened:
        name = opened.read(4096).decode().partition("gitdir:")[2].strip()
    return git.parent / name / "index" if name else None


def _holds(index: Path, name: bytes) -> bool:
    """Whether an index has an entry of this name, or entries below it."""
    descriptor = os.open(index, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or not _HEAD.size < found.st_size < _LARGEST:
            return False
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
            signature, version, count = _HEAD.unpack(data[: _HEAD.size])
            if signature != b"DIRC":
                return False
            if version == _COMPRESSED:
                return any(_is_below(entry, name) for entry in _names(data, count))
            return any(_is_entry(data, place) for place in _places(data, name))
    finally:
        os.close(descriptor)


def _is_below(entry: bytes, name: bytes) -> bool:
    return entry == name or entry.startswith(name + b"/")


def _places(data: mmap.mmap, name: bytes) -> Iterator[int]:
    """Where the name stands, as the whole of an entry's or as the directories before it."""
    for wanted in (name + b"\0", name + b"/"):
        place = data.find(wanted)
        while place != -1:
            yield place
            place = data.find(wanted, place + 1)


def _is_entry(data: mmap.mmap, place: int) -> bool:
    """Whether a name begins here: the flags before it hold its length."""
    if place < _HEAD.size + _BEFORE_FLAGS + _FLAGS.size:
        return False
    length = min(data.find(b"\0", place) - place, _LONG_NAME)
    for before in (_FLAGS.size, 2 * _FLAGS.size):  # version 3 may have more flags after the first
        (flags,) = _FLAGS.unpack(data[place - before : place - before + _FLAGS.size])
        if flags & _LONG_NAME == length and bool(flags & _EXTENDED) is (before > _FLAGS.size):
            return True
    return False


def _names(data: mmap.mmap, count: int) -> Iterator[bytes]:
    """The names of an index of version 4."""
    place, name = _HEAD.size, b""
    for _ in range(count):
        place += _BEFORE_FLAGS
        (flags,) = _FLAGS.unpack(data[place : place + _FLAGS.size])
        place += _FLAGS.size * (2 if flags & _EXTENDED else 1)
        removed, place = _number(data, place)
        end = data.find(b"\0", place)
        if end == -1:
            return
        name = name[: len(name) - removed] + data[place:end]
        yield name
        place = end + 1


def _number(data: mmap.mmap, place: int) -> tuple[int, int]:
    """A number of variable width, as pack files have it for offsets, and the place after it."""
    byte = data[place]
    number = byte & 0x7F
    while byte & 0x80:
        place += 1
        byte = data[place]
        number = ((number + 1) << 7) | (byte & 0x7F)
    return number, place + 1
