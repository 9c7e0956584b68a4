"""Ctrl-C and SIGTERM: stop sending in an orderly way, or ignore signals during a step."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.model.errors import KardiaError

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(stop_signal: StopSignal) -> Iterator[None]:
    """A first signal stops sending and waits for the requests in flight; a second one aborts.

    Raises:
        KardiaError: the block was aborted.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop(name: str) -> None:
        if stop_signal.reason and task is not None:
            task.cancel()
            return
        stop_signal.set(f"the run was stopped by {name}")
        click.echo("\nStopping: waiting for requests in flight. Interrupt again to abort.", err=True)

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    except asyncio.CancelledError:
        raise KardiaError(
            "aborted: requests in flight are recorded as in doubt. Run kardia-ctl plan to see their outcome"
        ) from None
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore both signals inside the block."""
    before = [signal.signal(number, signal.SIG_IGN) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
