"""Applies that are killed again and again until everything exists; then the account is compared."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGSTOP
from typing import Final

from kardia_ctl.sandbox.data.invented import TEMPLATES
from tests.benchmarks.processes import SCRIPT
from tests.soak.client import LONGEST, Client, Ending, Running
from tests.soak.interruptions import Interruption, interruptions
from tests.soak.population import Population, declare, population
from tests.soak.server import FaultRates, Server, SoakError, sandbox
from tests.soak.truth import Truth, account_truth, templates
from tests.state.engines import Engine, fresh

_POLL: Final = 0.002
_LAST_TRIES: Final = 8
"""Undisturbed applies that may be needed until one ends clean: the faults go on."""
_SHARE: Final = 0.8
"""How much of what is left to send the kills that are left are to interrupt."""
_BUGS: Final = ("Traceback", "Internal error (", "is locked")
"""What no run may print when it runs alone: the last is a lock that outlived its holder."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a soak is. ``settle`` is the window in seconds; a wave is a part of the creates."""

    creates: int
    kills: int
    settle: int = 3
    waves: int = 1
    rates: FaultRates = field(default_factory=FaultRates)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the state of a soak is.

    Attributes:
        engine: What makes its place; None for a file in the directory of the configuration.
        anew: Whether each run has a new directory, as a CI job has.
    """

    engine: Engine | None = None
    anew: bool = False

    def __str__(self) -> str:
        name = self.engine.name if self.engine else "sqlite"
        return f"{name}, new directories" if self.anew else name

    @property
    def may_be_lost(self) -> bool:
        """Whether a crash can take the state along."""
        return self.engine is None

    @property
    def lease(self) -> bool:
        """Whether a holder that stands still loses its lock after a while."""
        return self.engine is not None and self.engine.name not in ("sqlite", "postgresql")


@dataclass(slots=True)
class Tally:
    """What a soak did, and everything that should not have happened, in words.

    ``in_flight`` counts the writes without an answer at the kills, as state recorded them.
    """

    runs: int = 0
    kills: int = 0
    in_flight: int = 0
    stops: int = 0
    rivals: int = 0
    states_lost: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A soak that is over. ``second_plan`` is the last line of the plan after everything, and its code."""

    seed: int
    creates: int
    tally: Tally
    truth: Truth
    second_plan: str
    seconds: float
    state: str = "sqlite"

    @property
    def right(self) -> bool:
        """Whether nothing exists twice, nothing is lost, and no run printed what it must not."""
        return self.truth.right and not self.tally.faults


def soak(
    seed: int,
    scale: Scale,
    directory: Path,
    *,
    elsewhere: Server | None = None,
    setting: Setting | None = None,
    command: tuple[str, ...] = (SCRIPT,),
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Declare, apply, interrupt, apply again, and so on; then compare the account with the declaration.

    Args:
        seed: names the people, the faults and the interruptions.
        scale: how much of it.
        directory: an empty place for the configuration and the account.
        elsewhere: another server than a sandbox of our own.
        setting: where the state is; without one, in the directory of the configuration.
        command: what is called instead of kardia-ctl.
        progress: gets a line of progress now and then.

    Raises:
        SoakError: a server does not start or a run does not end.
    """
    began = time.monotonic()
    with _server(elsewhere, directory, scale.rates, seed) as server:
        declared = _declared(server, seed, scale.creates)
        where = setting or Setting()
        place = None if where.engine is None else fresh(where.engine, directory / "state")
        client = Client(directory / "clinic", server, command, place, where.anew)
        work = _Soak(client, declared, scale, Random(seed), progress, where)
        work.run()
        time.sleep(max(scale.settle, scale.rates.latest))  # every create in flight has arrived, or never will
        plan = work.second_plan()
        found = account_truth(server, declared)
    return Verdict(seed, scale.creates, work.tally, found, plan, time.monotonic() - began, str(where))


@contextmanager
def _server(elsewhere: Server | None, directory: Path, rates: FaultRates, seed: int) -> Iterator[Server]:
    if elsewhere is not None:
        yield elsewhere
        return
    with sandbox(directory / "account", rates, seed) as server:
        yield server


def _declared(server: Server, seed: int, creates: int) -> Population:
    """Elsewhere patients of an earlier soak may live: there, names and mrns are of this moment."""
    if server.database is not None:
        return population(creates, seed, prefix=f"SOAK{seed}", template=TEMPLATES[0].id)
    moment = int(time.time())
    known = templates(server)
    return population(creates, moment + seed, prefix=f"SOAK{moment}", template=known[0] if known else "")


@dataclass(slots=True)
class _Soak:
    client: Client
    declared: Population
    scale: Scale
    random: Random
    progress: Callable[[str], None]
    setting: Setting = field(default_factory=Setting)
    tally: Tally = field(default_factory=Tally)

    def run(self) -> None:
        """All waves: each declares more patients than the last, is interrupted, and then runs to its end."""
        for wave in range(1, self.scale.waves + 1):
            creates = self.scale.creates * wave // self.scale.waves
            kills = self.scale.kills * wave // self.scale.waves - self.tally.kills
            state = self.client.place.url if self.client.place else ""
            declare(self.declared, self.client.directory, creates, self.scale.settle, state)
            self._interrupt_runs(kills, creates)
            tries = self._finish()
            self.progress(
                f"{creates:,} creates, {self.tally.kills} kills, {self.tally.runs} runs; "
                f"clean after {tries} undisturbed"
            )

    def second_plan(self) -> str:
        """The last line of the plan after everything."""
        ending = self.client.plan()
        if ending.code != 0:
            self.tally.faults.append(f"the second plan exits {ending.code}: {_summary(ending)}")
        return "empty" if ending.code == 0 else f"exit {ending.code}"

    def _interrupt_runs(self, kills: int, creates: int) -> None:
        log = self.client.server.log
        scan = 2 + -(-creates // 500)

        def pace(kills_left: int) -> float:
            arrived = 0 if log is None else log.since(0).creates
            return scan + _SHARE * max(0, creates - arrived) / kills_left

        for interruption in interruptions(self.random, kills, pace, self.scale.settle, log=log is not None):
            if self._is_through(interruption):
                return

    def _is_through(self, interruption: Interruption) -> bool:
        """One run, interrupted at its point; whether it ended clean before."""
        self.tally.runs += 1
        log = self.client.server.log
        mark, began = 0 if log is None else log.mark(), time.time()
        with self.client.started("apply", "--auto-approve") as run:
            if self._comes_to(interruption, run, mark) and interruption.rival:
                self._rival(run)
            ending = run.interrupt(interruption.signal) if run.alive else run.ending()
        if ending.code == -SIGKILL:
            self.tally.kills += 1
            self.tally.in_flight += self.client.in_flight(began)
            if interruption.loses_state and self.setting.may_be_lost:
                self._lose_state()
            return False
        self._judge(ending, interruption)
        return ending.code == 0

    def _comes_to(self, interruption: Interruption, run: Running, mark: int) -> bool:
        """Wait for the point of an interruption; False when the run ended before."""
        log = self.client.server.log
        deadline = time.monotonic() + LONGEST
        while log is not None and run.alive:
            arrived = log.since(mark)
            if arrived.requests >= interruption.requests and arrived.creates >= interruption.creates:
                break
            if time.monotonic() > deadline:
                raise SoakError("a run neither went on nor ended")
            time.sleep(_POLL)
        return run.outlives(interruption.seconds)

    def _judge(self, ending: Ending, interruption: Interruption) -> None:
        """Every run that was not killed reports what it did, and exits 0 or 1."""
        if interruption.signal != SIGKILL and "stopped before" in ending.output:
            self.tally.stops += 1
            if ending.code != 1:
                self.tally.faults.append(f"a stopped run exits {ending.code}")
        if ending.code == -interruption.signal and not ending.output:
            return  # a late request of the run before was taken for one of this, which had just started
        if ending.code not in (0, 1) or any(bug in ending.err for bug in _BUGS):
            self.tally.faults.append(f"a run exits {ending.code}: {_summary(ending)}")

    def _rival(self, holder: Running) -> None:
        """Start a second apply while the first is held (SIGSTOP): its error must name that process.

        A holder with a lease goes on meanwhile: it would lose the lock while it stands still.
        """
        if not self.setting.lease:
            holder.process.send_signal(SIGSTOP)
        ending = self.client.apply("rival")
        if ending.code == 1 and f"(process {holder.pid}" in ending.err:
            self.tally.rivals += 1
        elif holder.alive:
            self.tally.faults.append(f"a second apply beside another exits {ending.code}: {_summary(ending)}")

    def _lose_state(self) -> None:
        """README: when state was lost with the crash, wait the settle window before starting over."""
        self.client.lose_state()
        self.tally.states_lost += 1
        time.sleep(self.scale.settle)

    def _finish(self) -> int:
        """Apply undisturbed until a run ends clean; how many it took."""
        for tries in range(1, _LAST_TRIES + 1):
            self.tally.runs += 1
            ending = self.client.apply()
            if ending.code == 0:
                return tries
        self.tally.faults.append(f"no clean end in {_LAST_TRIES} runs: {_summary(ending)}")
        return _LAST_TRIES


def _summary(ending: Ending) -> str:
    return " / ".join(filter(None, (ending.last, ending.err.strip()[-300:])))
