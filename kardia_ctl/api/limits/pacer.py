"""Who may send when: a window, a pause and a halt that all workers share.

httpx bounds connections and asyncio.Semaphore bounds workers, both by a number that stays. What retries for
others (tenacity, stamina, httpx-retries) waits for one caller alone, and aiolimiter keeps to a rate that is
known beforehand: none has a pause for all callers, or a width that follows 429 and 503. So this is ours.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from kardia_ctl.api.limits.window import Window
from kardia_ctl.timing import wait_for_any

ASKS_FOR_LESS: Final = frozenset({429, 503})
"""Statuses that slow all workers down."""


class Halted(Exception):  # noqa: N818  (it names a situation)
    """Nothing is sent any more; the text says why. What asked for a turn was not sent."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One sending: the window's round that it left in, and when, by the pace's clock."""

    round: int
    began: float


class Pace:
    """The one place that every sending passes, in the order of asking, and that hears how it ended.

    ``clock`` gives seconds that never run backwards, ``sleep`` waits for seconds of it, and ``draw`` how many
    to pause for when the server asked for less for the n-th time in a row and did not say for how long.
    """

    def __init__(
        self,
        parallelism: int,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        draw: Callable[[int], float],
    ) -> None:
        self._window = Window(parallelism)
        self._clock = clock
        self._sleep = sleep
        self._draw = draw
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._until: float | None = None
        self._halt = asyncio.Event()
        self._halted = ""

    @property
    def now(self) -> float:
        """What the clock shows."""
        return self._clock()

    @property
    def resumes(self) -> float:
        """When the next request may leave: now, or when the pause is over."""
        now = self._clock()
        return now if self._until is None else max(now, self._until)

    @property
    def halted(self) -> str:
        """Why nothing is sent any more; empty while something is."""
        return self._halted

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait for a turn, and give it back.

        Raises:
            Halted: nothing is sent any more.
        """
        await self._enter()
        try:
            yield Turn(self._window.round, self._clock())
        finally:
            self._leave()

    def heard(self, turn: Turn, status: int | None, wait: float | None = None) -> None:
        """An answer has come, or (None) none. ``wait`` is what it asks for, in seconds."""
        if status in ASKS_FOR_LESS:
            first = self._window.throttled(turn.round)
            if wait is None and first and self._window.streak > 1:
                wait = self._draw(self._window.streak - 1)
        elif status is not None and status < 500:
            self._window.got_through(turn.round)
        if wait:
            self._until = max(self._until or 0.0, self._clock() + wait)

    def halt(self, reason: str) -> None:
        """Send nothing more; the first reason stays. What is under way ends as it would have."""
        self._halted = self._halted or reason
        self._halt.set()
        self._hand_out()

    async def sleep(self, seconds: float) -> None:
        """Sleep, but wake up when nothing is sent any more."""
        if seconds <= 0 or self._halted:
            return
        await wait_for_any(self._sleep(seconds), self._halt.wait())

    async def _enter(self) -> None:
        await self._line_up()
        while not self._halted and (self._until is not None or self._under_way > self._window.size):
            self._under_way -= 1
            if self._until is not None:
                self._hand_out()
                await self._rest(self._until)
            await self._line_up(again=True)
        if self._halted:
            self._leave()
            raise Halted(self._halted)

    async def _rest(self, until: float) -> None:
        await self.sleep(until - self._clock())
        if self._until == until:  # nobody made it longer meanwhile
            self._until = None

    async def _line_up(self, *, again: bool = False) -> None:
        """Wait for a place; who had one already and was too late for it stands in front."""
        if (again or not self._waiting) and self._has_room():
            self._under_way += 1
            return
        place = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if again else self._waiting.append)(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                with suppress(ValueError):
                    self._waiting.remove(place)
            else:  # it was given its place in the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        self._under_way -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._has_room():
            place = self._waiting.popleft()
            if not place.done():
                self._under_way += 1
                place.set_result(None)

    def _has_room(self) -> bool:
        return bool(self._halted) or self._under_way < self._window.size
