"""The servers, each in a process of its own on loopback: the sandbox, and a light one for throughput."""

import json
import re
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.benchmarks.processes import SCRIPT, BenchmarkError, environment, script


@dataclass(frozen=True, slots=True)
class Server:
    """A sandbox that is running: its base URL, and the SQLite file that holds its account."""

    url: str
    database: Path

    def requests(self) -> list[str]:
        """Every request that has arrived, oldest first: "GET /v1/patients"."""
        return [f"{method} {route}" for method, route in self.rows("SELECT method, route FROM requests")]

    def people(self) -> Iterator[tuple[str, ...]]:
        """Each live patient's mrn, dob, email, firstname, lastname and sex, one by one."""
        return self.rows("SELECT mrn, dob, email, firstname, lastname, sex FROM patients ORDER BY seq")

    def rows(self, sql: str) -> Iterator[tuple[str, ...]]:
        """Ask the account's file beside the server; nothing is kept in this process."""
        with closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)) as connection:
            yield from connection.execute(sql)


@contextmanager
def sandbox(directory: Path, patients: int = 0, *, latency: float = 0.0) -> Iterator[Server]:
    """Serve a new account for as long as the block runs.

    Args:
        directory: where the account's file is made.
        patients: how many invented patients it begins with.
        latency: seconds that every request takes.

    Raises:
        BenchmarkError: the server does not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    database, faults = directory / "account.db", directory / "faults.json"
    faults.write_text(json.dumps({"latency": [latency, latency]}))
    command = [SCRIPT, "sandbox", "serve", "--port", "0", "--database", str(database)]
    command += ["--patients", str(patients), "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.match(r"http://\S+", line)
            if found is None:
                raise BenchmarkError("the sandbox did not start")
            yield Server(found.group(), database)
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Counts:
    """What a light server saw: connections opened, requests, and the orders of each patient by mrn."""

    connections: int
    requests: int
    people: tuple[tuple[str, int], ...]

    @property
    def duplicates(self) -> int:
        """Patients beyond the first of their mrn."""
        return len(self.people) - len({mrn for mrn, _ in self.people})

    @property
    def ordered_again(self) -> int:
        """Codes ordered beyond the first for an mrn: each may be billed."""
        orders: Counter[str] = Counter()
        for mrn, count in self.people:
            orders[mrn] += count
        return sum(count - 1 for count in orders.values() if count > 1)

    def missing(self, declared: int) -> int:
        """Patients of so many declared who are not there."""
        return declared - len({mrn for mrn, _ in self.people})

    def without_code(self, declared: int) -> int:
        """Patients of so many declared for whom no code was ordered."""
        return declared - len({mrn for mrn, count in self.people if count})


@dataclass(frozen=True, slots=True)
class LightServer:
    """A light server that is running."""

    url: str

    def counts(self) -> Counts:
        """What it saw so far."""
        with urlopen(f"{self.url}/counts", timeout=60) as answer:
            found: Mapping[str, Any] = json.load(answer)
        people = tuple((mrn, count) for mrn, count in found["people"])
        return Counts(found["connections"], found["requests"], people)


@contextmanager
def light_server(latency: float, lost: float = 0.0) -> Iterator[LightServer]:
    """Serve an empty account; ``latency`` in seconds, ``lost`` the share of lost answers to writes."""
    command = script("quick_server.py", str(latency), str(lost))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            yield LightServer((process.stdout.readline() if process.stdout else "").strip())
        finally:
            process.terminate()
