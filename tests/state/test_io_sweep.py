"""Every write to state fails once, in every way: one clean error, and the next apply makes it good.

The real command runs over an account in this process, whose first create comes late: its answer is lost and
the patient appears a minute afterwards, so that forgetting what was in flight shows as a duplicate. Below it
SQLite's own system calls fail (EIO, ENOSPC, a short write), its transactions fail (held by another program,
read-only, a COMMIT that is and is not there), and so do the calls that make the lock file and the key.
"""

import ctypes
import errno
import itertools
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Entry
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.canary.desk import InnerDesk, Ran, in_memory, inner_desk

CONFIGURATION: Final = """\
version: 1
team: Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah
callback: {url: https://hooks.example.com/kardia}
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
patients:
  - {mrn: P-1, dob: 1958-03-14, email: ottoline@example.com, codes: [one-year]}
  - {mrn: P-2, dob: 1971-11-02, email: barnabo@example.com}
"""
MRNS: Final = ["P-1", "P-2"]
LATE: Final = FaultRule(
    FaultKind.LATE_COMMIT, methods=frozenset({"POST"}), path="/v1/patients", times=1, seconds=60
)
MANY: Final = 400
"""More writes than an apply of the configuration makes: a sweep that gets here goes round in circles."""


@pytest.fixture
def memory() -> Iterator[Path]:
    with in_memory() as place:
        yield place


Hurt = Callable[[int], AbstractContextManager["Struck"]]
"""Makes the k-th write of the block fail, and says whether it came to that."""


@dataclass
class Struck:
    """How many writes there were, and whether one of them failed."""

    seen: int = 0
    failed: bool = False


def straight(desk: InnerDesk) -> Callable[[], Ran]:
    """Plan and apply in one go."""
    return desk.apply


def saved(desk: InnerDesk) -> Callable[[], Ran]:
    """Apply a plan that was saved before, which uses it up."""
    file = desk.path / "saved.plan"
    assert desk.plan("--out", str(file)).code == 0
    return lambda: desk.run("apply", str(file))


def sweep(
    place: Path, hurt: Hurt, *mending: str, prepare: Callable[[InnerDesk], Callable[[], Ran]] = straight
) -> Counter[int]:
    """Let each write of an apply fail in turn; the exit codes of the applies that were hit.

    ``mending`` are options of the apply that makes it good.
    """
    codes: Counter[int] = Counter()
    for number in itertools.count(1):
        assert number < MANY
        with inner_desk(place / f"{number}", CONFIGURATION) as desk:
            desk.serve(Faults((LATE,)))
            apply = prepare(desk)
            with hurt(number) as struck:
                ran = apply()
            if not struck.failed:
                assert struck.seen < number
                break
            codes[ran.code] += 1
            is_clean(ran, desk)
            is_made_good(desk, *mending)
    assert codes
    return codes


def is_clean(ran: Ran, desk: InnerDesk) -> None:
    """One error, which names the file and the next step; or none, and then everything is done.

    What became of single addresses is told beside it, when the error broke off the run.
    """
    lines = [line for line in ran.err.splitlines() if line.startswith("Error: ")]
    errors = [line for line in lines if not line.startswith(("Error: patient/", "Error: connection_code/"))]
    assert "Traceback" not in ran.told
    assert "Internal error" not in ran.told
    if ran.code == 0:
        assert not errors
        all_is_there(desk)
        return
    assert (ran.code, len(errors)) == (1, 1), ran.told
    assert lines == errors or "stopped before" in ran.err, ran.told
    assert str(desk.state.parent) in errors[0]
    assert "Next: " in errors[0] or "Check that " in errors[0]


def is_made_good(desk: InnerDesk, *options: str) -> None:
    """With the fault gone: nothing twice, nothing lost, nothing left to do."""
    ran = desk.apply(*options)
    assert ran.code == 0, ran.told
    all_is_there(desk)
    again = desk.plan("--detailed-exitcode")
    assert again.code == 0, again.told
    assert "No changes." in again.out
    assert again.err == ""


def all_is_there(desk: InnerDesk) -> None:
    patients = desk.account.patients.all()
    assert sorted(one.mrn for one in patients) == MRNS
    (ordered,) = desk.account.connections.codes()
    assert ordered.patient_id == next(one.id for one in patients if one.mrn == "P-1")


# SQLite's system calls


class Call(Enum):
    """How a system call of SQLite's fails. ``SHORT`` writes half, and then the disk is full."""

    EIO = errno.EIO
    FULL = errno.ENOSPC
    READ_ONLY = errno.EROFS
    SHORT = 0


_VOID = ctypes.c_void_p
_SET = ctypes.CFUNCTYPE(ctypes.c_int, _VOID, ctypes.c_char_p, _VOID)
_GET = ctypes.CFUNCTYPE(_VOID, _VOID, ctypes.c_char_p)
_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_int, _VOID, ctypes.c_size_t, ctypes.c_int64, use_errno=True
)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int64, use_errno=True)


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs`` (sqlite.org/c3ref/vfs.html), as far as it is needed."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", _VOID),
        ("name", ctypes.c_char_p),
        ("data", _VOID),
        ("methods", _VOID * 13),
        ("set_system_call", _SET),
        ("get_system_call", _GET),
    )


@dataclass
class SystemCalls:
    """What SQLite calls to write and to truncate, of which the ``strikes_at``-th and later fail."""

    vfs: _Vfs
    at: int
    kind: Call = Call.EIO
    once: bool = False
    strikes_at: int = 0
    struck: Struck = field(default_factory=Struck)
    kept: list[Any] = field(default_factory=list)

    def _falls(self) -> bool:
        self.struck.seen += 1
        hit = self.struck.seen >= self.strikes_at and not (self.once and self.struck.failed)
        self.struck.failed = self.struck.failed or hit
        return hit

    def write(self, real: Any) -> Any:
        def write(descriptor: int, data: int, size: int, offset: int) -> int:
            first = not self.struck.failed
            if not self._falls():
                return int(real(descriptor, data, size, offset))
            if self.kind is Call.SHORT and first:
                return int(real(descriptor, data, size // 2, offset))
            ctypes.set_errno(self.kind.value or errno.ENOSPC)
            return -1

        return _WRITE(write)

    def truncate(self, real: Any) -> Any:
        def truncate(descriptor: int, size: int) -> int:
            if not self._falls():
                return int(real(descriptor, size))
            ctypes.set_errno(self.kind.value or errno.ENOSPC)
            return -1

        return _TRUNCATE(truncate)

    def replace(self, name: bytes, make: Callable[[Any], Any], shape: Any) -> bool:
        address = self.vfs.get_system_call(self.at, name)
        if not address:
            return False
        self.kept.append(make(shape(address)))  # SQLite keeps the bare address of it
        pointer = ctypes.cast(self.kept[-1], _VOID)
        return bool(self.vfs.set_system_call(self.at, name, pointer) == 0)

    def restore(self) -> None:
        for name in (b"pwrite", b"pwrite64", b"ftruncate"):
            self.vfs.set_system_call(self.at, name, None)


def system_calls() -> SystemCalls:
    """The system calls of the SQLite library that Python uses."""
    import _sqlite3

    try:
        find = ctypes.CDLL(_sqlite3.__file__).sqlite3_vfs_find
    except (AttributeError, OSError):
        pytest.skip("this Python's SQLite cannot be reached from outside")
    find.restype, find.argtypes = _VOID, [ctypes.c_char_p]
    at = find(None)
    return SystemCalls(ctypes.cast(at, ctypes.POINTER(_Vfs)).contents, at)


@contextmanager
def failing_calls(kind: Call, number: int, *, once: bool = False) -> Iterator[Struck]:
    calls = system_calls()
    calls.kind, calls.once, calls.strikes_at = kind, once, number
    try:
        found = [calls.replace(name, calls.write, _WRITE) for name in (b"pwrite64", b"pwrite")]
        assert any(found)
        assert calls.replace(b"ftruncate", calls.truncate, _TRUNCATE)
        yield calls.struck
    finally:
        calls.restore()


@pytest.mark.parametrize("kind", [Call.EIO, Call.FULL, Call.SHORT])
def test_a_disk_that_fails_from_any_write_on_loses_nothing(memory: Path, kind: Call) -> None:
    codes = sweep(memory, lambda number: failing_calls(kind, number))
    assert codes[1] > 40


def test_one_write_that_fails_loses_nothing(memory: Path) -> None:
    codes = sweep(memory, lambda number: failing_calls(Call.READ_ONLY, number, once=True))
    assert codes[1] > 40


def test_a_store_that_hides_its_errors_is_caught(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks it on purpose: what was in flight is not durable, and nobody hears of it."""
    commit = SqliteStore.commit

    def careless(store: SqliteStore, entries: Iterable[Entry]) -> None:
        with suppress(StateError):
            commit(store, entries)

    monkeypatch.setattr(SqliteStore, "commit", careless)
    with pytest.raises(AssertionError):
        sweep(memory, lambda number: failing_calls(Call.FULL, number))


# SQLite's transactions


class Transaction(Enum):
    """How a transaction fails. After ``UNSURE`` it is durable all the same."""

    UNSURE = "its COMMIT is done, and the disk says that it is not"
    UNDONE = "its COMMIT is not done"
    HELD = "another program holds the database"
    READ_ONLY = "the database is read-only"
    LOST = "the lock file is gone: another apply may have begun"
    MOVED = "the database is gone"


class FailingConnection(sqlite3.Connection):
    """A connection of which the ``strikes_at``-th transaction fails."""

    strikes_at = 0
    kind = Transaction.UNDONE
    struck = Struck()
    path = Path()
    other: sqlite3.Connection | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        mine = type(self)
        if sql == "BEGIN IMMEDIATE":
            mine.struck.seen += 1
            if mine.struck.seen == mine.strikes_at:
                mine.struck.failed = True
                self._begin_badly()
        if sql == "COMMIT" and mine.struck.seen == mine.strikes_at:
            self._commit_badly()
        return super().execute(sql, parameters)

    def _begin_badly(self) -> None:
        mine = type(self)
        match mine.kind:
            case Transaction.HELD:
                mine.other = sqlite3.Connection(self.path, isolation_level=None, check_same_thread=False)
                mine.other.execute("BEGIN IMMEDIATE")
            case Transaction.READ_ONLY:
                super().execute("PRAGMA query_only=ON")
            case Transaction.LOST:
                self.path.with_name("state.db.lock").unlink()
            case Transaction.MOVED:
                self.path.rename(self.path.with_name("moved.db"))
            case Transaction.UNSURE | Transaction.UNDONE:
                pass

    def _commit_badly(self) -> None:
        mine = type(self)
        if mine.kind is Transaction.UNSURE:
            super().execute("COMMIT")
        if mine.kind in (Transaction.UNSURE, Transaction.UNDONE):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error


@contextmanager
def failing_transaction(kind: Transaction, number: int, place: Path) -> Iterator[Struck]:
    class Mine(FailingConnection):
        strikes_at = number
        struck = Struck()
        path = place

    Mine.kind = kind
    connect = sqlite3.connect

    def connected(database: Any, **options: Any) -> sqlite3.Connection:
        return (
            connect(database, factory=Mine, **options) if database == place else connect(database, **options)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kardia_ctl.state.sqlite.database._BUSY_SECONDS", 0.0)
        patch.setattr(sqlite3, "connect", connected)
        yield Mine.struck
    if Mine.other is not None:
        Mine.other.close()


@pytest.mark.parametrize("kind", Transaction, ids=lambda kind: kind.name.lower())
def test_any_transaction_that_fails_loses_nothing(memory: Path, kind: Transaction) -> None:
    def hurt(number: int) -> AbstractContextManager[Struck]:
        return failing_transaction(kind, number, memory / f"{number}" / ".kardia" / "state.db")

    # Whoever holds the database closes it last and removes its log. The mark stays, since nobody could write
    # it away, so the file cannot be told from a copy that was made during the run.
    mending = ["--settle-first"] if kind in (Transaction.MOVED, Transaction.HELD) else []
    assert sweep(memory, hurt, *mending)[1] > 8


@pytest.mark.parametrize("kind", [Transaction.UNSURE, Transaction.UNDONE], ids=lambda kind: kind.name.lower())
def test_a_saved_plan_whose_use_cannot_be_recorded_loses_nothing(memory: Path, kind: Transaction) -> None:
    def hurt(number: int) -> AbstractContextManager[Struck]:
        return failing_transaction(kind, number, memory / f"{number}" / ".kardia" / "state.db")

    assert sweep(memory, hurt, prepare=saved)[1] > 8


# The files beside the database


class FailingOs:
    """The module ``os`` as a file sees it, of whose calls that change something the k-th fails."""

    def __init__(self, number: int, code: int) -> None:
        self.struck = Struck()
        self._number = number
        self._code = code

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in ("open", "fsync", "fchmod", "ftruncate", "pwrite", "write", "link", "replace"):
            return real

        def called(*arguments: Any, **options: Any) -> Any:
            self.struck.seen += 1
            if self.struck.seen == self._number:
                self.struck.failed = True
                raise OSError(self._code, os.strerror(self._code))
            return real(*arguments, **options)

        return called


@contextmanager
def failing_os(code: int, number: int) -> Iterator[Struck]:
    failing = FailingOs(number, code)
    with pytest.MonkeyPatch.context() as patch:
        for room in ("state.files", "state.sqlite.file_lock", "cli.private_files"):
            patch.setattr(f"kardia_ctl.{room}.os", failing)
        yield failing.struck


@pytest.mark.parametrize(
    "code", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.ENOLCK], ids=errno.errorcode.get
)
def test_any_file_that_cannot_be_made_loses_nothing(memory: Path, code: int) -> None:
    assert sweep(memory, lambda number: failing_os(code, number))[1] > 5
