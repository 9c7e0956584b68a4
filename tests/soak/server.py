"""The sandbox in a process of its own, with faults. Its file holds the account and the request log."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kardia_ctl.sandbox.data.invented import API_KEY
from tests.benchmarks.processes import SCRIPT, environment

_CREATES: Final = "/v1/patients"


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often requests fail, as shares of all requests (``late``: of the creates). Times in seconds.

    Half of ``unavailable`` comes after the effect. ``late_by`` and ``list_lag`` together have to be less than
    the settle window: nobody can do without that.
    """

    lost: float = 0.05
    unavailable: float = 0.05
    dropped: float = 0.02
    late: float = 0.01
    late_by: float = 1.0
    list_lag: float = 0.5
    latency: float = 0.0

    @property
    def latest(self) -> float:
        """Seconds after which a create that was sent is in the list, or never will be."""
        return self.late_by + self.list_lag

    def faults(self, seed: int) -> dict[str, Any]:
        """The same as the sandbox reads it."""
        half = self.unavailable / 2
        rules: list[dict[str, Any]] = [
            {"kind": "dropped", "moment": "after", "probability": self.lost},
            {"kind": "unavailable", "moment": "before", "probability": half},
            {"kind": "unavailable", "moment": "after", "probability": half},
            {"kind": "dropped", "moment": "before", "probability": self.dropped},
            {
                "kind": "late-commit",
                "probability": self.late,
                "seconds": self.late_by,
                "methods": ["POST"],
                "path": _CREATES,
            },
        ]
        return {"seed": seed, "latency": [0, self.latency], "rules": rules}


@dataclass(frozen=True, slots=True)
class Arrived:
    """How many requests arrived, and how many of them were creates."""

    requests: int
    creates: int


class Log:
    """The request log of a running sandbox, read beside it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def mark(self) -> int:
        """The place in the log where the next request will be."""
        (last,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM requests").fetchone()
        return int(last)

    def since(self, mark: int) -> Arrived:
        """What arrived after a mark."""
        sql = "SELECT count(*), coalesce(sum(method = 'POST' AND route = ?), 0) FROM requests WHERE seq > ?"
        return Arrived(*self._connection.execute(sql, (_CREATES, mark)).fetchone())


@dataclass(frozen=True, slots=True)
class Server:
    """Where the account is. Another server than ours shows neither its log nor its database."""

    url: str
    key: str
    log: Log | None = None
    database: Path | None = None


class SoakError(Exception):
    """The harness itself could not do its work."""


@contextmanager
def sandbox(directory: Path, rates: FaultRates, seed: int) -> Iterator[Server]:
    """Serve a new account for as long as the block runs.

    Raises:
        SoakError: the server does not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    database, faults = directory / "account.db", directory / "faults.json"
    faults.write_text(json.dumps(rates.faults(seed)))
    command = [SCRIPT, "sandbox", "serve", "--port", "0", "--database", str(database)]
    command += ["--faults", str(faults), "--quirk", f"list_lag={rates.list_lag}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            found = re.match(r"http://\S+", process.stdout.readline() if process.stdout else "")
            if found is None:
                raise SoakError("the sandbox did not start")
            with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
                yield Server(found.group(), API_KEY, Log(connection), database)
        finally:
            process.terminate()
