"""Reads commits with the program git: objects alone, never the index, the work tree or the network.

A repository configures what git runs. What is called here runs no hook, filter, pager or file system monitor,
fetches nothing that a partial clone left out, and passes no word of the command line on as an option: a
revision goes to git through a pipe.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import RunStopped

_OPTIONS: Final = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
)
_SET: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # older versions do not know it: no protocol is allowed either
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_LEFT_OUT: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF")
"""What a hook's environment says about another directory than the one that is asked about."""

_CHUNK: Final = 1 << 20
SYMLINK: Final = "120000"
SUBMODULE: Final = "160000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file of a commit: its mode as git writes it, its object, and its size in bytes."""

    mode: str
    object: str
    size: int


class GitRepository:
    """The objects of one repository."""

    def __init__(self, top: Path, environ: Mapping[str, str]) -> None:
        """Find git. Raises ``RunStopped`` when it is not installed."""
        program = shutil.which("git", path=environ.get("PATH"))
        if program is None:
            raise RunStopped("diff reads revisions with the program git, which is not there. Install git")
        self._words: Final = (program, *_OPTIONS)
        self._top: Final = top
        ours = {name: value for name, value in environ.items() if not name.startswith("KARDIA_")}
        self._environ: Final = {**ours, **_SET}
        for name in _LEFT_OUT:
            self._environ.pop(name, None)

    def commit(self, revision: str) -> str:
        """The full name of a commit.

        Raises:
            RunStopped: git does not know the revision, or refuses the repository.
        """
        if (found := self.known(revision)) is None:
            raise RunStopped(
                f"git knows no commit {revision!r} in {self._top}. Check the name; in CI, fetch it first "
                "(actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0)"
            )
        return found

    def known(self, revision: str) -> str | None:
        """The full name of a commit; None when git does not know it.

        Raises:
            RunStopped: git refuses the repository.
        """
        if not revision or revision.startswith("-") or not revision.isprintable():
            return None
        given = f"{revision}^{{commit}}\n".encode()
        answer = self._run("cat-file", "--batch-check", given=given)
        name, _, rest = answer.partition(b" ")
        return name.decode() if rest.startswith(b"commit ") else None

    def tree(self, commit: str) -> dict[str, TreeEntry]:
        """Every file of a commit, by its path from the top.

        Raises:
            RunStopped: git cannot read it, or it has a path that no work tree has.
        """
        listed = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        found = {}
        for line in filter(None, listed.split(b"\0")):
            facts, _, name = line.partition(b"\t")
            mode, _, identity, size = facts.split()
            path = os.fsdecode(name)
            if {"", ".", ".."} & set(path.split("/")):
                raise RunStopped(f"the commit {commit[:12]} has a path that no work tree has. Do not use it")
            found[path] = TreeEntry(mode.decode(), identity.decode(), 0 if size == b"-" else int(size))
        return found

    def content(self, entry: TreeEntry) -> bytes:
        """The bytes of a small file, such as a link. Raises ``RunStopped``."""
        return self._run("cat-file", "blob", entry.object)

    def write(self, entries: Mapping[Path, TreeEntry]) -> None:
        """Write files of a commit to new files of one's own (0600), by one process of git.

        Raises:
            RunStopped: git cannot read one of them.
            OSError: a file cannot be written.
        """
        with subprocess.Popen(  # noqa: S603  (as ``_run``)
            self._command("cat-file", "--batch"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environ,
        ) as git:
            for file, entry in entries.items():
                _receive(git, entry, file)

    def _command(self, *words: str) -> tuple[str, ...]:
        return (*self._words, "-C", str(self._top), *words)

    def _run(self, *words: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(  # noqa: S603  (fixed words, and names of objects that git itself gave)
                self._command(*words), input=given, capture_output=True, env=self._environ, check=False
            )
        except OSError as error:
            raise RunStopped(f"git cannot be started: {error.strerror}. Run git --version") from error
        if done.returncode:
            why = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
            raise RunStopped(f"git {words[0]} in {self._top} failed: {why or f'exit {done.returncode}'}")
        return done.stdout


def _receive(git: "subprocess.Popen[bytes]", entry: TreeEntry, file: Path) -> None:
    """Ask for one object, and write what comes to a new file."""
    asked, answered = git.stdin, git.stdout
    if asked is None or answered is None:
        raise RunStopped("git has no pipe to ask it through")
    asked.write(f"{entry.object}\n".encode())
    asked.flush()
    _, kind, *size = answered.readline().split()
    if kind != b"blob":
        raise RunStopped(
            f"git does not have the object {entry.object[:12]} here: fetch the revision without --filter"
        )
    left = int(size[0])
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
        while left and (data := answered.read(min(left, _CHUNK))):
            left -= out.write(data)
    if left or answered.read(1) != b"\n":
        raise RunStopped(f"git ended before the object {entry.object[:12]} was read whole")
