"""The engines that the tests in ``contract/`` run against, unchanged. A new one is a file and a line here."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from kardia_ctl.state.open import open_store
from kardia_ctl.state.state_store import StateStore
from tests.state.engine_postgres import postgres_engine
from tests.state.engine_sqlite import sqlite_engine
from tests.state.object_servers import azure_engine, s3_engine


@dataclass(frozen=True)
class Place:
    """Where one state is. ``environment`` is what another process needs beside the URL."""

    url: str
    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def open(self, workspace: str = "default", **options: Any) -> StateStore:
        """A store of this place; ``options`` are those of ``open_store``."""
        return open_store(self.url, self.root, workspace, **options)


class Engine(Protocol):
    """Makes places for states.

    Attributes:
        name: What its tests are called.
        examples: How many examples a property is tried with.
        outlives: For how many seconds a killed holder's lock may still be seen.
    """

    name: str
    examples: int
    outlives: float

    def place(self, directory: Path) -> tuple[str, Mapping[str, str]]:
        """The URL of a fresh place, and the environment that it needs. ``directory`` is empty and its own."""
        ...

    def kill(self) -> None:
        """Kill its server at once, as a power cut does. Not for an engine without one."""
        ...

    def start(self) -> None:
        """Start its server again after ``kill``, with what it had made durable."""
        ...


ENGINES: Final[Mapping[str, Callable[[], AbstractContextManager[Engine]]]] = {
    "sqlite": sqlite_engine,
    "postgresql": postgres_engine,
    "s3": s3_engine,
    "azure": azure_engine,
}
"""By name, what starts each engine and ends it. Nothing runs before its first test."""


def fresh(engine: Engine, directory: Path) -> Place:
    """A place of an engine that holds no state yet."""
    url, environment = engine.place(directory)
    return Place(url, directory, environment)
