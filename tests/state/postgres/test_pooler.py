"""A pooler between: in session mode it is as good as the server, in transaction mode it is found out."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Note
from kardia_ctl.state.postgres import postgres_store
from kardia_ctl.state.postgres.postgres_lock import backend_pid
from kardia_ctl.state.postgres.postgres_store import PostgresStore
from tests.attacks.safeguards import removed
from tests.state.postgres_server import PostgresServer

_REFUSED = r"connection pooler in transaction mode is between.* Next: name the server itself in the state URL"


@contextmanager
def pooler(server: PostgresServer, mode: str, **settings: str) -> Iterator[str]:
    """The address of a pgbouncer in front of a server."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("TESTS_IN_CI"):
            pytest.fail("pgbouncer is not installed")
        pytest.skip("pgbouncer is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    directory = Path(tempfile.mkdtemp())
    options = {
        "listen_addr": "127.0.0.1", "listen_port": str(port), "unix_socket_dir": "", "auth_type": "any",
        "pool_mode": mode, "ignore_startup_parameters": "extra_float_digits", **settings,
    }  # fmt: skip
    lines = [f"* = host=127.0.0.1 port={server.port} user=postgres", "[pgbouncer]"]
    lines += [f"{name} = {value}" for name, value in options.items()]
    (directory / "pgbouncer.ini").write_text("\n".join(["[databases]", *lines, ""]))
    directory.chmod(0o755)
    process = subprocess.Popen(
        [program, str(directory / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user="nobody" if os.geteuid() == 0 else None,
    )
    try:
        _wait_for(port)
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory)


def _wait_for(port: int) -> None:
    over = time.monotonic() + 10
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < over
        time.sleep(0.02)


@pytest.mark.parametrize("settings", [{}, {"server_round_robin": "1"}, {"min_pool_size": "3"}])
def test_a_pooler_in_transaction_mode_is_refused_by_a_run_and_may_be_read_through(
    server: PostgresServer, database: str, store: PostgresStore, settings: dict[str, str]
) -> None:
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    with pooler(server, "transaction", **settings) as address:
        through = PostgresStore(f"{address}/{database}", "default")
        for _ in range(3):
            with pytest.raises(StateError, match=_REFUSED), through.lock("apply"):
                pass
        assert through.load() == store.load()
        assert through.image() == store.image()
        assert through.activity() == ""


def test_a_pooler_in_session_mode_holds_the_lock(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with pooler(server, "session") as address:
        through = PostgresStore(f"{address}/{database}", "default")
        with through.lock("apply"):
            through.commit([Note("team", "team-1")])
            with pytest.raises(StateError, match="is locked: apply by"), store.lock("apply"):
                pass
            through.check_lock()
    assert store.load().team == "team-1"


def test_a_pooler_that_was_not_found_out_at_first_is_at_the_commit_that_moves(
    server: PostgresServer, database: str
) -> None:
    with pooler(server, "transaction") as address:
        through = PostgresStore(f"{address}/{database}", "default")
        looked = removed(postgres_store, "check_session", lambda database, *_: backend_pid(database))
        with psycopg.connect(f"{address}/{database}") as other, looked, through.lock("apply"):
            through.commit([Note("team", "team-1")])
            other.execute("SELECT 1")  # keeps the server process of the run busy
            with pytest.raises(StateError, match=_REFUSED):
                through.commit([Note("team", "team-2")])
            other.rollback()
            through.commit([Note("team", "team-3")])
    assert PostgresStore(server.url(database), "default").load().team == "team-3"
