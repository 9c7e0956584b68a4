"""The lock ends with its connection: what a run does that has lost it, and what it cannot do any more."""

import os
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Note
from kardia_ctl.state.postgres import postgres_run
from kardia_ctl.state.postgres.postgres_run import PostgresRun
from kardia_ctl.state.postgres.postgres_store import PostgresStore
from tests.attacks.safeguards import removed
from tests.state.postgres_server import PostgresServer

_LOST = r"the connection to the server was lost .* Next: see that the server runs .* then apply again"


@contextmanager
def run_ends(match: str) -> Iterator[None]:
    """A block that a ``StateError`` ends."""
    with pytest.raises(StateError, match=match):
        yield


def end_sessions(server: PostgresServer, database: str) -> None:
    server.execute(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'"
    )


def held_run(store: PostgresStore) -> PostgresRun:
    assert store._run is not None
    return store._run


def test_a_run_whose_connection_was_ended_commits_nothing_more(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with run_ends(_LOST), store.lock("apply"):
        store.commit([Note("team", "team-1")])
        end_sessions(server, database)
        for _ in range(2):
            with pytest.raises(StateError, match=_LOST):
                store.commit([Note("team", "team-2")])
        with pytest.raises(StateError, match=_LOST):
            store.check_lock()
        store.commit([Note("team", "team-3")])
    assert (store.load().serial, store.load().team) == (1, "team-1")
    assert "ended without finishing" in store.activity()
    with store.lock("apply"):
        store.commit([Note("team", "team-4")])
    assert store.load().serial == 2


def test_checking_the_lock_finds_an_ended_connection_at_once(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with run_ends(_LOST), store.lock("apply"):
        store.check_lock()
        end_sessions(server, database)
        store.check_lock()


def test_without_that_look_a_request_would_leave_for_seconds(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with (
        run_ends(_LOST),
        store.lock("apply"),
        removed(PostgresRun, "_has_news", lambda _: False),
    ):
        end_sessions(server, database)
        store.check_lock()
        with removed(postgres_run, "_PROVEN_SECONDS", 0.0):
            store.check_lock()


def test_a_run_with_more_than_a_thousand_files_open_commits_as_any_other(store: PostgresStore) -> None:
    needed, (soft, hard) = 1_200, resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip("so many files may not be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_050)]
    try:
        with store.lock("apply"):
            assert held_run(store)._connection.fileno() > 1_024
            store.commit([Note("team", "team-1")])
            store.check_lock()
        assert store.load().team == "team-1"
    finally:
        for descriptor in many:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_that_answers_nothing_any_more_is_found_within_seconds(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_run, "_PROVEN_SECONDS", 0.0)
    monkeypatch.setattr(postgres_run, "_PROBE_SECONDS", 0.2)
    with run_ends(_LOST), store.lock("apply"):
        pid = held_run(store)._pid
        os.kill(pid, signal.SIGSTOP)
        try:
            store.check_lock()
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_paused_holder_whose_session_was_ended_cannot_write_when_it_wakes(
    server: PostgresServer, database: str, url: str, store: PostgresStore
) -> None:
    other = PostgresStore(url, "other")
    with run_ends(_LOST), store.lock("apply"):
        store.commit([Note("team", "team-1")])
        end_sessions(server, database)
        with other.lock("apply"):
            other.commit([Note("team", "team-2")])
            with pytest.raises(StateError, match=_LOST):
                store.commit([Note("team", "team-3")])
    assert (store.load().team, other.load().team) == ("team-1", "team-2")


def let_go(store: PostgresStore) -> None:
    """Give the lock away in silence, as a pooler does that resets a session."""
    held_run(store)._database.execute("SELECT pg_advisory_unlock_all()").fetchone()


def test_a_run_that_lost_the_lock_alone_is_fenced_off(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url, "other")
    with run_ends("another run has taken it over: apply by .*workspace other"), store.lock("apply"):
        let_go(store)
        with other.lock("apply"):
            other.commit([Note("team", "team-2")])
            store.commit([Note("team", "team-1")])
    assert not store.load().exists


def test_without_the_fence_two_runs_would_write(url: str, store: PostgresStore) -> None:
    other = PostgresStore(url, "other")
    with removed(PostgresRun, "_check_fence", lambda *_: None), store.lock("apply"):
        let_go(store)
        with other.lock("apply"):
            other.commit([Note("team", "team-2")])
            store.commit([Note("team", "team-1")])
    assert store.load().team == "team-1"


def test_the_fence_waits_for_a_commit_that_is_under_way(url: str, store: PostgresStore) -> None:
    """Another run cannot mark the state as its own between the fence and the end of a transaction."""
    other, marked = PostgresStore(url, "other"), threading.Event()

    def take() -> None:
        with other.lock("apply"):
            marked.set()

    with run_ends("it is no longer this run's"), store.lock("apply"):
        let_go(store)
        with held_run(store)._writing() as tables:
            tables.database.execute("SELECT 1").fetchone()
            thread = threading.Thread(target=take)
            thread.start()
            assert not marked.wait(0.3)
        assert marked.wait(10)
        thread.join()
    assert other.activity() == ""


def test_a_connection_that_moves_to_another_server_process_is_refused(store: PostgresStore) -> None:
    with run_ends(r"connection pooler .* Next: name the server itself"), store.lock("apply"):
        held_run(store)._pid += 1
        store.commit([Note("team", "team-1")])
    assert not store.load().exists


def test_a_run_is_told_when_the_mark_is_gone(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with run_ends("it is no longer this run's"), store.lock("apply"):
        server.execute("DELETE FROM kardia_ctl.holder", database)
        store.commit([Note("team", "team-1")])


class Cutting:
    """A port that leads to the server; once armed, a COMMIT arrives there and its answer does not."""

    def __init__(self, server: PostgresServer) -> None:
        self.armed = threading.Event()
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._committed = threading.Event()
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,)).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._server.port)) as upstream:
            back = threading.Thread(target=self._return, args=(upstream, client))
            back.start()
            while data := received(client):
                upstream.sendall(data)
                if self.armed.is_set() and b"COMMIT" in data:
                    self._committed.wait(5)
                    break
            client.shutdown(socket.SHUT_RDWR)
            upstream.shutdown(socket.SHUT_RDWR)
            back.join()

    def _return(self, upstream: socket.socket, client: socket.socket) -> None:
        while data := received(upstream):
            if self.armed.is_set() and b"COMMIT" in data:
                self._committed.set()
                return
            with suppress(OSError):
                client.sendall(data)


def received(source: socket.socket) -> bytes:
    with suppress(OSError):
        return source.recv(65536)
    return b""


def test_a_commit_whose_answer_is_lost_ends_the_run_and_may_have_been_made(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with closing(Cutting(server)) as between:
        away = PostgresStore(f"postgresql://postgres@{between.address}/{database}", "default")
        with run_ends(_LOST), away.lock("apply"):
            away.commit([Note("team", "team-1")])
            between.armed.set()
            with pytest.raises(StateError, match=_LOST):
                away.commit([Note("team", "team-2")])
            away.commit([Note("team", "team-3")])
    assert store.load().team == "team-2"


def test_the_lock_is_given_up_before_the_connection_ends(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server notices the end of a connection later: until then a run seemed to have just started."""
    with store.lock("apply"):
        run = held_run(store)
        monkeypatch.setattr(PostgresRun, "close", lambda _: None)
    try:
        assert store.activity() == ""
    finally:
        run._connection.close()
