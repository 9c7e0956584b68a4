"""What goes on while the machine is suspended: the server's time, and what happens there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Event:
    """Something that happens at the server at a moment of its time."""

    when: float
    callback: Callable[[], None]
    handle: asyncio.TimerHandle

    def cancel(self) -> None:
        """It does not happen."""
        self.handle.cancel()


@dataclass(slots=True)
class Outside:
    """The server's time. A loop's timers stand still during suspend, as those of CLOCK_MONOTONIC do."""

    loop: asyncio.AbstractEventLoop
    _slept: float = 0.0
    _events: list[Event] = field(default_factory=list)

    def time(self) -> float:
        """Seconds since the story began."""
        return self.loop.time() + self._slept

    def call_later(self, delay: float, callback: Callable[[], None]) -> Event:
        """Let something happen at the server after seconds, whether or not the machine is awake."""
        event = Event(self.time() + delay, callback, self.loop.call_later(delay, callback))
        self._events = [one for one in self._events if one.when >= self.time() and not one.handle.cancelled()]
        self._events.append(event)
        return event

    def suspend(self, seconds: float) -> None:
        """The machine does nothing for a while. What is due at the server meanwhile happens."""
        began, awake = self.time(), self.loop.time()
        events = [one for one in self._events if one.when > began and not one.handle.cancelled()]
        for event in sorted(events, key=lambda one: one.when):
            event.handle.cancel()
            if event.when <= began + seconds:
                self._slept = event.when - awake
                event.callback()
            else:
                delay = event.when - began - seconds
                event.handle = self.loop.call_later(delay, event.callback)
        self._slept = began + seconds - awake
