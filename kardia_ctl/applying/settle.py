"""Waiting until a doubt can be settled.

A create whose answer was lost is never sent again on a guess. Its patient may appear for as long as the
settle window, counted from when the request's connection ended. Until then one look at the head of the list
now and then, for all doubts together, may show that all of them exist; after it a proven scan, begun after
the window, decides. That scan and the decision are planning's: here is only the waiting.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from kardia_ctl.applying.clock import Clock
from kardia_ctl.applying.stop import StopSignal
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.ports import Reader
from kardia_ctl.model.state import Intent
from kardia_ctl.observing.scan import newest
from kardia_ctl.planning.matching import due

_FIRST_LOOK: Final = 1.0
_LONGEST_PAUSE: Final = 15.0


@dataclass(frozen=True, slots=True)
class Wait:
    """How to wait: ``settle`` is the window in seconds, ``known`` the ids from before the first doubt."""

    reader: Reader
    clock: Clock
    stop_signal: StopSignal
    settle: float
    known: Collection[str]


async def wait_until_decidable(intents: Iterable[Intent], wait: Wait) -> None:
    """Return when every doubt can be decided: all patients are there, or every window has passed.

    Returns early when the brake is pulled. A look that fails is no news: the next one may succeed.
    """
    open_ = {intent.address.names[0]: due(intent, wait.settle) for intent in intents}
    pause = _FIRST_LOOK
    while open_ and not wait.stop_signal.reason:
        left = max(open_.values()) - wait.clock.now()
        if left <= 0:
            return
        await _sleep(min(pause, left), wait)
        pause = min(2 * pause, _LONGEST_PAUSE)
        if wait.clock.now() < max(open_.values()) and not wait.stop_signal.reason:
            for mrn in await _seen(wait):
                open_.pop(mrn, None)


async def _seen(wait: Wait) -> set[str]:
    try:
        return {live.mrn for live in await newest(wait.reader, wait.known)}
    except ApiError as error:
        if error.stops:
            wait.stop_signal.set(error.stops)
        return set()


async def _sleep(seconds: float, wait: Wait) -> None:
    """Sleep, but wake up when the brake is pulled."""
    nap = asyncio.ensure_future(wait.clock.sleep(seconds))
    pulled = asyncio.ensure_future(wait.stop_signal.wait())
    try:
        await asyncio.wait((nap, pulled), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (nap, pulled):
            task.cancel()
        await asyncio.gather(nap, pulled, return_exceptions=True)
