"""Waiting until it can be decided whether a create without a response took effect.

Such a create is never sent again on a guess. Its patient may appear until the settle window has passed,
counted from the end of the request's connection. During the window, reads of the newest patients at growing
intervals may show that all of them exist. After the window, a proven scan decides. Planning does that scan;
this module only waits.
"""

from collections.abc import Collection, Iterable
from typing import Final

from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.instant import Instant
from kardia_ctl.model.errors import ApiError
from kardia_ctl.model.state import Intent
from kardia_ctl.observing.newest import newest
from kardia_ctl.planning.settle_window import seconds_left
from kardia_ctl.timing import wait_for_any

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 15.0


async def wait_until_decidable(
    intents: Iterable[Intent], settle: float, known: Collection[str], context: RunContext
) -> None:
    """Wait until every doubt can be decided: all patients exist, or every settle window has passed.

    Returns early when the stop signal is set. A failed read is ignored: the next one may succeed.

    Args:
        intents: The creates in doubt.
        settle: The settle window in seconds.
        known: The ids of patients that existed before the first doubt.
        context: Reader, clock and stop signal.
    """
    pending = {intent.address.names[0]: intent for intent in intents}
    clock, stop_signal, pause = context.clock, context.stop_signal, _FIRST_PAUSE
    while pending and not stop_signal.reason:
        left = longest_left(pending.values(), settle, clock.instant())
        if left <= 0:
            return
        await wait_for_any(clock.sleep(min(pause, left)), stop_signal.wait())
        pause = min(2 * pause, _LONGEST_PAUSE)
        if longest_left(pending.values(), settle, clock.instant()) > 0 and not stop_signal.reason:
            for mrn in await _newest_mrns(known, context):
                pending.pop(mrn, None)


def longest_left(intents: Iterable[Intent], settle: float, now: Instant) -> float:
    """Seconds until the last of several doubts can be decided; at most 0 when all can be, or without one."""
    return max((seconds_left(intent, settle, now) for intent in intents), default=0.0)


async def _newest_mrns(known: Collection[str], context: RunContext) -> set[str]:
    try:
        return {live.mrn for live in await newest(context.reader, known)}
    except ApiError as error:
        if error.stops:
            context.stop_signal.set(error.stops)
        return set()
