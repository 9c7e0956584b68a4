"""The one handler of Ctrl-C, SIGTERM and SIGHUP, for the whole command.

Wrappers pass a signal on that the terminal sends as well. So a signal within ``SAME`` seconds of another is
that one again, and is ignored: not only while requests are sent, but also while the command cleans up.

A signal that the parent process ignores (nohup ignores SIGHUP) stays ignored.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a command in order."""

SAME: Final = 2.0
"""Seconds within which a second signal is the first one again."""

Reaction = Callable[[str, bool], None]
"""Called in the signal's handler with the signal's name, and whether it is a later one: it must not block."""


class Interrupts:
    """What a signal does now: it calls the reaction in force, or raises ``KeyboardInterrupt``."""

    def __init__(self) -> None:
        self.reaction: Reaction | None = None
        self._last: float | None = None

    @property
    def have_come(self) -> bool:
        """Whether a signal came since the command began."""
        return self._last is not None

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Handle one signal."""
        now, last = time.monotonic(), self._last
        if last is not None and now - last < SAME:
            return
        self._last = now
        if self.reaction is None:
            raise KeyboardInterrupt
        self.reaction(signal.Signals(number).name, last is not None)


_current: list[Interrupts] = []


def install() -> Interrupts:
    """Handle the signals from now on, except those that the parent process ignores."""
    interrupts = Interrupts()
    _current.append(interrupts)
    for number in STOPPING:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            signal.signal(number, interrupts)
    return interrupts


def has_come() -> bool:
    """Whether a signal came since the command began: its reaction may not have taken effect yet."""
    return any(interrupts.have_come for interrupts in _current)


@contextmanager
def reacting(reaction: Reaction | None) -> Iterator[None]:
    """Call ``reaction`` for each signal inside the block; None raises ``KeyboardInterrupt`` instead."""
    with _handled() as interrupts:
        before, interrupts.reaction = interrupts.reaction, reaction
        try:
            yield
        finally:
            interrupts.reaction = before


@contextmanager
def _handled() -> Iterator[Interrupts]:
    """Handle the signals inside the block, unless that is done already, or Python cannot: in a thread."""
    if _current or threading.current_thread() is not threading.main_thread():
        yield _current[-1] if _current else Interrupts()
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield install()
    finally:
        _current.clear()
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
