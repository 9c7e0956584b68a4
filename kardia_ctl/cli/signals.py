"""Signals while a command works: stop sending in an orderly way, abort, or ignore them during a step."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.cli.interrupts import reacting
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.errors import Interrupted

T = TypeVar("T")

_KEPT: Final = frozenset(
    {
        *(signal.SIGKILL, signal.SIGSTOP),  # nothing can ignore them
        *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT),  # a defect
        *(
            signal.SIGTSTP,
            signal.SIGTTIN,
            signal.SIGTTOU,
            signal.SIGCONT,
        ),  # a shell stops and continues a job
        *(signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG),  # ignored by themselves
    }
)
_ENDING: Final = tuple(sorted(signal.valid_signals() - _KEPT))
"""The signals that end a process: those with a name, such as SIGPWR, and the real-time ones."""


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; a signal cancels it, unless the coroutine itself reacts to signals.

    Raises:
        Interrupted: a signal came.
    """

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in a task)

        def cancel(_: str, __: bool) -> None:
            loop.call_soon_threadsafe(task.cancel)

        with reacting(cancel):
            return await work

    with reacting(None):
        try:
            return asyncio.run(cancellable())
        except asyncio.CancelledError:
            raise Interrupted from None


@contextmanager
def stop_on_signals(stop_signal: StopSignal, abort: Callable[[], None]) -> Iterator[None]:
    """A first signal stops sending and waits for the requests in flight; a later one calls ``abort``."""
    loop = asyncio.get_running_loop()

    def stop(name: str) -> None:
        stop_signal.set(f"the run was stopped by {name}")
        print_message("Stopping: waiting for requests in flight. Interrupt again, after 2 s, to abort.")

    def give_up() -> None:
        print_message(
            "aborted: any request in flight is recorded as in doubt. Run kardia-ctl plan to see its outcome"
        )
        abort()

    def react(name: str, later: bool) -> None:
        if later and stop_signal.reason:
            loop.call_soon_threadsafe(give_up)
        else:
            loop.call_soon_threadsafe(stop, name)

    with reacting(react):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore every signal inside the block that would end the process, however often it comes."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
