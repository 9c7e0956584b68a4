"""The command under test, as a process that may be killed at any moment."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.model.ports import Store
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.benchmarks.processes import SCRIPT, environment
from tests.soak.server import Server, SoakError
from tests.state.engines import Place

_STATE_KEY: Final = "the invented key of all runs of a soak"
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
    """A configuration's directory, a server, and what to call.

    Attributes:
        directory: Where the configuration is.
        server: Where the account is.
        command: What is called.
        place: Where the state is, unless it is in the directory.
        anew: Whether each run has a new directory with a copy of the configuration alone, as a CI job has.
    """

    directory: Path
    server: Server
    command: tuple[str, ...] = field(default=(SCRIPT,))
    place: Place | None = None
    anew: bool = False

    @contextmanager
    def started(self, *words: str, name: str = "run") -> Iterator[Running]:
        """Run the command beside us; it does not outlive the block."""
        out, err = (self.directory.parent / f"{name}.{stream}" for stream in ("out", "err"))
        variables = environment() | {"KARDIA_API_KEY": self.server.key, **self._state_variables()}
        with (
            self._configuration() as directory,
            out.open("wb") as stdout,
            err.open("wb") as stderr,
            subprocess.Popen(
                [*self.command, words[0], directory, *words[1:], "--endpoint", self.server.url],
                stdout=stdout,
                stderr=stderr,
                env=variables,
            ) as process,
        ):
            try:
                yield Running(process, out, err)
            finally:
                process.kill()

    @contextmanager
    def _configuration(self) -> Iterator[str]:
        if not self.anew:
            yield str(self.directory)
            return
        with TemporaryDirectory() as directory:
            for name in ("kardia.yaml", "everyone.csv"):
                shutil.copy(self.directory / name, directory)
            yield directory

    def _state_variables(self) -> Mapping[str, str]:
        key = {"KARDIA_STATE_KEY": _STATE_KEY} if self.anew else {}
        return {**key, **(self.place.environment if self.place else {})}

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
            if self.place is not None:
                return _in_flight(self.place.open(), since)
            for file in (self.directory / ".kardia").glob("state.db*"):
                shutil.copy(file, copy)
            return _in_flight(SqliteStore(Path(copy, "state.db"), "default"), since)

    def lose_state(self) -> None:
        """Remove the state, as a CI runner's disk goes away; the fingerprints' key stays."""
        for file in (self.directory / ".kardia").glob("state.db*"):
            file.unlink()


def _in_flight(store: Store, since: float) -> int:
    intents = store.load().intents
    store.close()
    return sum(1 for intent in intents.values() if not intent.ended and intent.at.wall >= since)
