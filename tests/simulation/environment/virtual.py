"""Time that is told: a loop that never waits, and that finds out who waits for nothing."""

import asyncio
import selectors
from typing import Final

_MOST_TURNS: Final = 400_000
"""Turns of the loop after which a run is taken for endless; the longest real one needs a tenth."""


class Stuck(Exception):  # noqa: N818  (it says what the program is)
    """The program waits for something that can never come, or turns without an end."""


class _Jump(selectors.SelectSelector):
    """Asked to wait for seconds, it moves the time on by them."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        if timeout is None or self._turns > _MOST_TURNS:
            raise Stuck("nothing is due and somebody waits" if timeout is None else "no end in sight")
        self.time += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds pass at once. Equal programs run equally in it."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.time
