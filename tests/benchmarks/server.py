"""The sandbox in a process of its own, on loopback with a SQLite file, and its own log of what arrived."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import SCRIPT, BenchmarkError, environment


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
