"""Ctrl-C and SIGTERM."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click

from kardia_ctl.applying.stop import Brake
from kardia_ctl.model.errors import KardiaError


@contextmanager
def braking(brake: Brake) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop sending and wait for what is under way; a second one aborts."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop(name: str) -> None:
        if brake.reason and task is not None:
            task.cancel()
            return
        brake.pull(f"the run was stopped by {name}")
        click.echo("\nStopping: waiting for what is under way. Once more to abort.", err=True)

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    except asyncio.CancelledError:
        raise KardiaError(
            "aborted: what was in flight is recorded as in doubt; run plan to see what became of it"
        ) from None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
