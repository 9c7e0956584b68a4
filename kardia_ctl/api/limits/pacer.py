"""Decides when a request may be sent: a window, a pause and a halt that all workers share.

httpx bounds connections and asyncio.Semaphore bounds workers, both by a fixed number. Retry libraries
(tenacity, stamina, httpx-retries) wait for one caller alone, and aiolimiter keeps to a rate that is known
beforehand: none has a pause for all callers, or a width that follows 429 and 503. So this is ours.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from kardia_ctl.timing import wait_for_any

THROTTLING: Final = frozenset({429, 503})
"""Statuses that slow all workers down."""


class Window:
    """How many requests may be in flight: 1 to ``most``, by additive increase and multiplicative decrease.

    It follows the server's 429 and 503 as TCP's window follows lost packets. It halves when the server asks
    for less, once for all that was in flight at that moment: the answers to those say nothing of the smaller
    size. A whole window of answered requests makes it one larger. Each halving begins a new round, and a
    request belongs to the round in which it was sent.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = most
        self._round = 0
        self._answered = 0
        self._streak = 0

    @property
    def size(self) -> int:
        """How many requests may be in flight."""
        return self._size

    @property
    def round(self) -> int:
        """The round of a request that is sent now."""
        return self._round

    @property
    def streak(self) -> int:
        """How many halvings there were since a request was answered."""
        return self._streak

    def throttled(self, sent_in: int) -> bool:
        """Halve after a 429 or 503 to a request of that round; whether it was the first of its round."""
        if sent_in != self._round:
            return False
        self._size = max(1, self._size // 2)
        self._round += 1
        self._answered = 0
        self._streak += 1
        return True

    def answered(self, sent_in: int) -> None:
        """Count any other answer to a request of that round."""
        if sent_in != self._round:
            return
        self._streak = 0
        self._answered += 1
        if self._answered >= self._size:
            self._size = min(self._most, self._size + 1)
            self._answered = 0


class Halted(Exception):  # noqa: N818  (it names a situation)
    """Nothing is sent any more; the text is the reason. The request that waited for a slot was not sent."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot for one request: the window's round in which it is sent, and the time by the pace's clock."""

    round: int
    began: float


class Pace:
    """Gives slots for requests, first come first served, and adapts to how each request ended.

    ``clock`` gives seconds that never run backwards, ``sleep`` waits for seconds of it, and ``draw`` gives
    the seconds to pause when the server throttles for the n-th time in a row without a Retry-After.
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
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._paused_until: float | None = None
        self._halt = asyncio.Event()
        self._halted = ""

    @property
    def now(self) -> float:
        """The clock's seconds."""
        return self._clock()

    @property
    def resumes(self) -> float:
        """When the next request may be sent: now, or at the end of the pause."""
        now = self._clock()
        return now if self._paused_until is None else max(now, self._paused_until)

    @property
    def halted(self) -> str:
        """Why nothing is sent any more; empty while something is."""
        return self._halted

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for a free slot, and free it at the end.

        Raises:
            Halted: nothing is sent any more.
        """
        await self._enter()
        try:
            yield Slot(self._window.round, self._clock())
        finally:
            self._leave()

    def record(self, slot: Slot, status: int | None, wait: float | None = None) -> None:
        """Adapt to an answer, or (None) to its absence. ``wait`` is its Retry-After in seconds."""
        if status in THROTTLING:
            first = self._window.throttled(slot.round)
            if wait is None and first and self._window.streak > 1:
                wait = self._draw(self._window.streak - 1)
        elif status is not None and status < 500:
            self._window.answered(slot.round)
        if wait:
            self._paused_until = max(self._paused_until or 0.0, self._clock() + wait)

    def halt(self, reason: str) -> None:
        """Send nothing more; the first reason stays. Requests in flight continue."""
        self._halted = self._halted or reason
        self._halt.set()
        self._wake_waiting()

    async def sleep(self, seconds: float) -> None:
        """Sleep, but wake up when nothing is sent any more."""
        if seconds <= 0 or self._halted:
            return
        await wait_for_any(self._sleep(seconds), self._halt.wait())

    async def _enter(self) -> None:
        await self._take_slot()
        while not self._halted and (self._paused_until is not None or self._in_flight > self._window.size):
            self._in_flight -= 1
            if self._paused_until is not None:
                self._wake_waiting()
                await self._wait_for_pause(self._paused_until)
            await self._take_slot(again=True)
        if self._halted:
            self._leave()
            raise Halted(self._halted)

    async def _wait_for_pause(self, until: float) -> None:
        await self.sleep(until - self._clock())
        if self._paused_until == until:  # it was not prolonged meanwhile
            self._paused_until = None

    async def _take_slot(self, *, again: bool = False) -> None:
        """Wait for a free slot; a request that had one and could not use it goes to the front."""
        if (again or not self._waiting) and self._has_room():
            self._in_flight += 1
            return
        place = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if again else self._waiting.append)(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                with suppress(ValueError):
                    self._waiting.remove(place)
            else:  # it was given the slot in the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        self._in_flight -= 1
        self._wake_waiting()

    def _wake_waiting(self) -> None:
        while self._waiting and self._has_room():
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)

    def _has_room(self) -> bool:
        return bool(self._halted) or self._in_flight < self._window.size
