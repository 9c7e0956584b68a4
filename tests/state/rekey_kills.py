"""Kills ``rekey`` with SIGKILL at its every statement and every fsync, and looks at what is left.

``python -m tests.state.rekey_kills DIRECTORY [STRIDE]`` prints for how many kills the old key opened what was
left, and for how many the new one. STRIDE 1 tries every step, some 300 for each change of the key.
"""

import os
import shutil
import signal
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Note, PatientRecord, Remember, State
from kardia_ctl.state.rekey import Rekeying, rekey
from kardia_ctl.state.snapshots import keep_snapshot
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore

NEW: Final = b"another invented key, after a rotation"
_SECRET: Final = b"the secret of the fingerprints, invented"
_CANARIES: Final = b"JS-CANARY", b"liveidcanary", b"teamcanary"


class _Killer:
    """Counts what writes, and kills the process at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def count(self) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        """Count every statement from now on, and every fsync of a file of ours."""
        killer, connect, fsync = self, sqlite3.connect, os.fsync

        class Counted(sqlite3.Connection):
            def execute(self, *arguments: Any) -> sqlite3.Cursor:
                killer.count()
                return super().execute(*arguments)

        def counted(descriptor: int) -> None:
            killer.count()
            fsync(descriptor)

        def counting(*arguments: Any, **options: Any) -> sqlite3.Connection:
            return connect(*arguments, factory=Counted, **options)

        sqlite3.connect = counting  # type: ignore[assignment]  # one signature of its several
        os.fsync = counted  # type: ignore[assignment]  # files are synced by number here


def made(path: Path, key: bytes) -> State:
    """A state with a past: rows that were dropped, and a snapshot."""
    store = SqliteStore(path, "default", encryption_key=key)
    with store.lock("apply"):
        store.commit([Note("team", "teamcanary")])
        store.commit(
            Remember(Kind.PATIENT, f"JS-CANARY-{number}", "", PatientRecord(f"liveidcanary-{number}"))
            for number in range(40)
        )
        keep_snapshot(store, "default", 2, "apply", 1_772_445_600.0)
    return store.load()


def interrupted(path: Path, change: Rekeying, last: int) -> bool:
    """Whether ``rekey`` was killed at its step ``last``, in a process of its own."""
    child = os.fork()
    if not child:
        try:
            _Killer(last).arm()
            store = SqliteStore(path, "default", encryption_key=change.present)
            with store.lock("state rekey"):
                rekey(store, change)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def found(path: Path, key: bytes) -> State | None:
    try:
        return SqliteStore(path, "default", encryption_key=key).load()
    except StateError:
        return None


def sweep(directory: Path, change: Rekeying, stride: int) -> Iterator[bool]:
    """For each kill, whether the new key is the one that opens what is left. Checks that it is whole."""
    original = directory / "original" / "state.db"
    expected = made(original, change.present)
    for last in range(1, 1000, stride):
        shutil.rmtree(directory / "killed", ignore_errors=True)
        shutil.copytree(original.parent, directory / "killed")
        path = directory / "killed" / "state.db"
        killed = interrupted(path, change, last)
        old, new = found(path, change.present), found(path, change.root)
        assert (old, new) in ((expected, None), (None, expected)), last
        finish(path, change if old else Rekeying(change.root, change.root))
        assert found(path, change.root) == expected
        assert change.root in (b"", change.present) or not readable(path.parent), last
        if not killed:
            return
        yield new is not None


def finish(path: Path, change: Rekeying) -> None:
    """Run it again, as its help says."""
    store = SqliteStore(path, "default", encryption_key=change.present)
    with store.lock("state rekey"):
        assert rekey(store, change) == []


def readable(directory: Path) -> set[bytes]:
    contents = [file.read_bytes() for file in directory.rglob("*") if file.is_file()]
    contents += [zlib.decompress(file.read_bytes()) for file in directory.glob("history-state.db/[!.]*")]
    assert not list(directory.glob("history-state.db/.*"))
    return {canary for canary in _CANARIES for content in contents if canary in content}


def main(directory: Path, stride: int) -> None:
    key = b"an invented key of the state's encryption"
    for name, change in (
        ("encrypt", Rekeying(b"", key, _SECRET)),
        ("rotate", Rekeying(key, NEW)),
        ("decrypt", Rekeying(key, b"")),
    ):
        new = list(sweep(directory / name, change, stride))
        sys.stdout.write(f"{name} {new.count(False)} {new.count(True)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 1)
