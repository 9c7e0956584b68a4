"""A private copy of a text for an editor: in memory where that is possible, and wiped afterwards."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.interrupts import reacting
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.errors import Interrupted, RunStopped

_MOUNTS: Final = Path("/proc/self/mounts")
_MEMORY: Final = ("tmpfs", "ramfs")
_BLOCK: Final = 1 << 20
_OURS: Final = "KARDIA_"


class PrivateCopy:
    """A file (0600) in a directory of its own (0700). Both are gone when the block has ended in any way."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._directory = Path()

    def __enter__(self) -> Self:
        parent, is_memory = _place()
        self._directory = Path(tempfile.mkdtemp(prefix="kardia-ctl-", dir=parent))
        if not is_memory:
            print_message(
                f"Warning: until the editor ends, the plain text is in {self._directory}, which may be on a "
                "disk: this system has no directory in memory"
            )
        return self

    def __exit__(self, *_: object) -> None:
        wipe(self._directory)

    def edited(self, text: bytes) -> bytes:
        """The text as it is when the editor has ended.

        Raises:
            RunStopped: there is no editor, or it failed.
            Interrupted: a signal came.
        """
        file = self._directory / self._name
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(text)
        _run([*_editor(), str(file)])
        try:
            return file.read_bytes()
        except OSError as error:
            raise RunStopped("the editor removed the file: nothing was changed") from error


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        with suppress(ValueError):  # quotes that do not close
            if words := shlex.split(os.environ.get(name, "")):
                return words
    if not is_own_terminal(sys.stdout):
        raise RunStopped(
            "the editor vi cannot be started: this is not your own terminal. Set VISUAL or EDITOR to a "
            "program that needs none"
        )
    return ["vi"]


def _run(words: list[str]) -> None:
    """Run the editor to its end, without our keys in its environment. The terminal's Ctrl-C is the editor's.

    What it prints may be the text. Only a person's own terminal gets it, no pipe and no log.

    Raises:
        RunStopped: it cannot be started, or failed.
        Interrupted: a signal that ends a command came; the editor was ended too.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    out, err = (None if is_own_terminal(one) else subprocess.DEVNULL for one in (sys.stdout, sys.stderr))
    ended: list[str] = []
    running: list[subprocess.Popen[bytes]] = []

    def react(name: str, _: bool) -> None:
        if name != "SIGINT":
            ended.append(name)
            for process in running:
                process.terminate()

    with reacting(react):
        try:
            running.append(subprocess.Popen(words, env=environ, stdout=out, stderr=err))  # noqa: S603  (the person's)
        except OSError as error:
            raise RunStopped(
                f"the editor {words[0]} cannot be started: {(error.strerror or 'no reason given').lower()}. "
                "Set VISUAL or EDITOR to one that stays in the foreground, such as vi or 'code --wait'"
            ) from error
        code = running[0].wait()
    if ended:
        raise Interrupted
    if code:
        hidden = ". What it prints is hidden where this is not your own terminal" if out or err else ""
        raise RunStopped(f"the editor {words[0]} ended with exit code {code}: nothing was changed{hidden}")


def _place() -> tuple[Path, bool]:
    """Where temporary directories are made, and whether that is certainly in memory."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    for place in (*([Path(own)] if own else []), Path("/dev/shm")):  # noqa: S108  (mkdtemp's directory is 0700)
        if place.is_dir() and os.access(place, os.W_OK | os.X_OK) and _is_memory(place):
            return place, True
    return Path(tempfile.gettempdir()), False


def _is_memory(place: Path) -> bool:
    """Whether a directory is on a file system in memory, by the list of mounts."""
    real = place.resolve()
    kinds = {Path(mount): kind for mount, kind in _mounts()}
    return next((kinds[above] for above in (real, *real.parents) if above in kinds), "") in _MEMORY


def _mounts() -> Iterator[tuple[str, str]]:
    with suppress(OSError):
        for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
            parts = line.split()
            if len(parts) > 2:
                yield parts[1], parts[2]


def wipe(directory: Path) -> None:
    """Overwrite each file below a directory with zeros, and remove it. Whatever stays is named on stderr."""
    for place, _, names in os.walk(directory):
        for name in names:
            with suppress(OSError):
                _overwrite(Path(place, name))
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        print_message(f"Warning: {directory} could not be removed, and may hold plain text. Remove it")


def _overwrite(file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        left = os.fstat(descriptor).st_size
        while left > 0:
            left -= os.write(descriptor, bytes(min(left, _BLOCK)))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
