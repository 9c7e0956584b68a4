"""A run as a process: it may be killed at any of its points, and then does nothing more."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


class Killed(BaseException):
    """The process is gone. No handler in the program may catch it."""


@dataclass(slots=True, eq=False)
class Process:
    """One run. ``dies_at`` is the number of the point at which it dies, 0 for never."""

    number: int
    log: Callable[[str], None]
    dies_at: int = 0
    dead: bool = False
    machine: int = 0
    """The number of the machine that it is on, where several do not share a state."""
    over: bool = False
    """It ended by itself. A request that it sent may still have its effect."""
    at_death: Callable[[], None] = lambda: None
    """What happens to the files that a dead process leaves."""
    _points: int = 0
    _outside: asyncio.Task[object] | None = None

    def __post_init__(self) -> None:
        self._outside = asyncio.current_task()

    def passes(self, what: str) -> None:
        """A point in the program itself. Raises ``Killed`` when the process dies here, or is dead."""
        self.meets(what)
        if self.dead:
            raise Killed

    def meets(self, what: str) -> None:
        """A point that the program does not notice: something happens at the server."""
        self._points += 1
        if self._points == self.dies_at:
            self.die(what)

    def die(self, what: str) -> None:
        """SIGKILL: the process does nothing more."""
        if self.dead or self.over:
            return
        self.dead = True
        self.log(f"run {self.number} is killed: {what}")
        self.at_death()
        for task in asyncio.all_tasks():
            if task is not self._outside:
                task.cancel()
