"""The machine that a run is on: its boot, its clocks, when somebody sets them, and when it is suspended."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from kardia_ctl.instant import Instant
from tests.simulation.clock_hazards import Clocks, RunClock
from tests.simulation.environment.outside import Outside
from tests.simulation.environment.server import START


@dataclass(slots=True)
class Machine:
    """Reads the clocks of one run. ``ahead``: seconds by which its wall clock is ahead of the server's."""

    clocks: Clocks | None
    run: int
    ahead: float
    outside: Outside
    log: Callable[[str], None]
    was_suspended: bool = False
    _clock: RunClock = field(init=False)
    _stepped: float = 0.0
    _timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The run begins."""
        self._clock = RunClock(boot=self.run) if self.clocks is None else self.clocks.of(self.run)

    def __call__(self) -> Instant:
        """This moment."""
        return Instant(self.wall(), f"boot {self._clock.boot}", self.uptime())

    def begin(self, *, may_sleep: bool) -> None:
        """What happens to the machine during the run will happen."""
        loop, step = self.outside.loop, self._clock.step
        if step is not None:
            self._timers.append(loop.call_later(step.after, self._set, step.seconds))
        if may_sleep and self._clock.suspend is not None:
            after, seconds = self._clock.suspend
            self._timers.append(loop.call_later(after, self._fall_asleep, seconds))

    def end(self) -> None:
        """The run has ended."""
        for timer in self._timers:
            timer.cancel()

    def _set(self, seconds: float) -> None:
        self.log(f"the wall clock is set by {seconds:.0f} s")
        self._stepped = seconds

    def _fall_asleep(self, seconds: float) -> None:
        self.log(f"the machine is suspended for {seconds:.0f} s")
        self.was_suspended = True
        self.outside.suspend(seconds)

    def wall(self) -> float:
        """What the wall clock shows."""
        return START + self.outside.time() + self.ahead + self._clock.offset + self._stepped

    def uptime(self) -> float:
        """Seconds since some moment of this boot, suspend included."""
        return self.outside.time() + 1000.0 * (self._clock.boot + 1)
