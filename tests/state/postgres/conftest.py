"""Servers and stores for the tests of PostgreSQL alone."""

from collections.abc import Iterator

import pytest

from kardia_ctl.state.postgres.postgres_store import PostgresStore
from tests.state.postgres_server import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    """A server that the test may kill; what it has said is durable, it writes through."""
    with postgres_server(settings={}) as server:
        yield server


@pytest.fixture
def database(server: PostgresServer) -> str:
    return server.database()


@pytest.fixture
def url(server: PostgresServer, database: str) -> str:
    return server.url(database)


@pytest.fixture
def store(url: str) -> PostgresStore:
    return PostgresStore(url, "default")
