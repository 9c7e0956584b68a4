"""The directory of letters: a file for each patient, readable only by its owner; no file that is not ours.

A list of what was written, with a digest of each file, lies beside the letters. A letter is replaced only if
it is in the list and still as it was written: what somebody corrected by hand, or put there, stays. A new
directory has a .gitignore that covers everything in it.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.errors import RunStopped

LIST: Final = ".kardia-letters.json"
"""The name of the list."""

_UNFINISHED: Final = ""
"""Stands for the digest of a letter that a run was about to write."""

_LONGEST: Final = 180
"""Bytes of a file's name before its suffix: no name may have more than 255."""


def letter_names(mrns: Iterable[str], suffix: str) -> Mapping[str, str]:
    """The file name of each mrn's letter: percent-encoded, and different where a file system ignores case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for mrn in sorted(mrns):
        name = quote(mrn, safe="").replace("~", "%7E")
        name = f"%2E{name[1:]}" if name.startswith(".") else name
        if len(name) > _LONGEST or name.casefold() in taken:
            name = f"{name[: _LONGEST - 17]}~{hashlib.sha256(mrn.encode()).hexdigest()[:16]}"
        taken.add(name.casefold())
        names[mrn] = name + suffix
    return names


class LetterDirectory:
    """A directory that letters are written into."""

    def __init__(self, directory: Path, names: Collection[str]) -> None:
        """Check that the letters of these names may be written there.

        Raises:
            RunStopped: the directory cannot be used, or has a file of such a name that is not ours.
        """
        self._directory = directory
        if directory.exists() and not directory.is_dir():
            raise RunStopped(f"--out {directory}: it is no directory. Choose another name")
        self._known = _read_list(directory / LIST)
        self._names = frozenset(names)
        not_ours = [name for name in sorted(names) if not self._may_write(name)]
        if not_ours:
            more = f" (and {len(not_ours) - 1} more)" if len(not_ours) > 1 else ""
            raise RunStopped(
                f"{directory / not_ours[0]}{more}: kardia-ctl did not write it, or it was changed since. "
                "Nothing was replaced. Remove it, or choose another directory"
            )

    def write(self, letters: Iterable[tuple[str, Callable[[], bytes]]]) -> int:
        """Write letters, each made when its turn comes. Returns how many.

        Raises:
            RunStopped: a letter cannot be written; those before it are there.
        """
        written = self._known | dict.fromkeys(self._names, _UNFINISHED)
        count = 0
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not any(
                self._directory.iterdir()
            ):  # of a directory with other files, git's rules are not ours
                write_private(self._directory / ".gitignore", b"# Letters to patients\n*\n")
            write_private(self._directory / LIST, _as_json(written))
            for name, made in letters:
                data = made()
                write_private(self._directory / name, data, partial(self._is_ours, name))
                written[name] = _digest(data)
                count += 1
            write_private(self._directory / LIST, _as_json(written))
        except OSError as error:
            raise RunStopped(
                f"--out {self._directory} cannot be written: {error.strerror}. Is it yours to write?"
            ) from error
        return count

    def _is_ours(self, name: str, _head: bytes) -> bool:
        return self._may_write(name)

    def _may_write(self, name: str) -> bool:
        """Whether no file has this name, or one that is as we wrote it, or that a run was about to write."""
        try:
            data = (self._directory / name).read_bytes()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return self._known.get(name) in (_digest(data), _UNFINISHED)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_list(file: Path) -> dict[str, str]:
    try:
        written = json.loads(file.read_bytes())
        return {str(name): str(digest) for name, digest in written["letters"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise RunStopped(
            f"{file}, the list of the letters that were written, cannot be read. Remove the directory, or "
            "choose another"
        ) from error


def _as_json(written: Mapping[str, str]) -> bytes:
    return (json.dumps({"letters": dict(sorted(written.items()))}, indent=1) + "\n").encode()
