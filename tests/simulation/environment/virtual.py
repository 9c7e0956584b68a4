"""Simulated time: an event loop that never waits, and that detects a task that waits forever."""

import asyncio
import selectors
from typing import Final

_MOST_TURNS: Final = 400_000
"""Iterations of the loop after which a run counts as endless; the longest real run needs a tenth."""


class Stuck(Exception):  # noqa: N818  (it says what the program is)
    """The program waits for an event that can never happen, or loops without end."""


class _Jump(selectors.SelectSelector):
    """A selector that advances the simulated time by each timeout instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        if timeout is None or self._turns > _MOST_TURNS:
            raise Stuck("a task waits for nothing" if timeout is None else "the loop does not end")
        self.time += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds pass at once. Equal programs run equally in it."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.time
