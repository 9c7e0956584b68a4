"""PostgreSQL as the tests of every engine see it: one server, and a schema for each place."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.state.postgres_server import PostgresServer, postgres_server


class PostgresEngine:
    name = "postgresql"
    examples = 40
    outlives = 5.0

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._database = server.database()
        self._schemas = 0

    def place(self, directory: Path) -> tuple[str, Mapping[str, str]]:
        self._schemas += 1
        return f"{self.server.url(self._database)}?schema=test_{self._schemas}", {}

    def kill(self) -> None:
        self.server.stop(signal.SIGQUIT)

    def start(self) -> None:
        self.server.start()


@contextmanager
def postgres_engine() -> Iterator[PostgresEngine]:
    with postgres_server() as server:
        yield PostgresEngine(server)
