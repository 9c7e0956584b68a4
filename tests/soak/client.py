"""The command under test, as a process that may be killed at any moment."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.benchmarks.processes import SCRIPT, environment
from tests.soak.server import Server, SoakError

LONGEST: Final = 300.0
"""Seconds after which a run is taken for hung: far more than any that ends takes."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: its exit code (negative: by which signal), and what it printed."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """Both streams: which text belongs to which is tested elsewhere."""
        return self.out + self.err

    @property
    def last(self) -> str:
        """The last line of its standard output."""
        return (self.out.splitlines() or [""])[-1]


@dataclass(frozen=True, slots=True)
class Running:
    """A process that was started."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        """The process id, as a held lock names it."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def outlives(self, seconds: float) -> bool:
        """Wait so long at most; whether it is alive then."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def interrupt(self, signal: Signals) -> Ending:
        """Send a signal and wait for the end."""
        self.process.send_signal(signal)
        return self.ending()

    def ending(self) -> Ending:
        """Wait for the end.

        Raises:
            SoakError: it does not come.
        """
        if self.outlives(LONGEST):
            raise SoakError(f"a run did not end within {LONGEST:.0f} s")
        texts = (file.read_text(errors="replace") for file in (self.out, self.err))
        return Ending(self.process.returncode, *texts)


@dataclass(frozen=True, slots=True)
class Client:
    """A configuration's directory, a server, and what to call."""

    directory: Path
    server: Server
    command: tuple[str, ...] = field(default=(SCRIPT,))

    @contextmanager
    def started(self, *words: str, name: str = "run") -> Iterator[Running]:
        """Run the command beside us; it does not outlive the block."""
        out, err = (self.directory.parent / f"{name}.{stream}" for stream in ("out", "err"))
        line = [*self.command, words[0], str(self.directory), *words[1:], "--endpoint", self.server.url]
        variables = environment() | {"KARDIA_API_KEY": self.server.key}
        with (
            out.open("wb") as stdout,
            err.open("wb") as stderr,
            subprocess.Popen(line, stdout=stdout, stderr=stderr, env=variables) as process,
        ):
            try:
                yield Running(process, out, err)
            finally:
                process.kill()

    def apply(self, name: str = "run") -> Ending:
        """Apply, undisturbed."""
        with self.started("apply", "--auto-approve", name=name) as run:
            return run.ending()

    def plan(self) -> Ending:
        """Plan, with an exit code that tells changes from none."""
        with self.started("plan", "--detailed-exitcode") as run:
            return run.ending()

    def in_flight(self, since: float) -> int:
        """How many writes were in flight when a run died that began at ``since`` (Unix seconds).

        Reads a copy of the state: the next run must find the files as the killed one left them.
        """
        with TemporaryDirectory() as copy:
            for file in (self.directory / ".kardia").glob("state.db*"):
                shutil.copy(file, copy)
            intents = SqliteStore(Path(copy, "state.db"), "default").load().intents
        return sum(1 for intent in intents.values() if not intent.ended and intent.at.wall >= since)

    def lose_state(self) -> None:
        """Remove the state, as a CI runner's disk goes away; the fingerprints' key stays."""
        for file in (self.directory / ".kardia").glob("state.db*"):
            file.unlink()
