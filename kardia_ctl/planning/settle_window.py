"""When absence proves that a request in doubt had no effect: the settle window, by clocks that may be wrong.

What is compared, for a moment that state recorded and the present one:

| the two moments are of | seconds that have passed |
|---|---|
| one boot of one machine | the difference of the uptimes; the wall clock is not looked at |
| two boots, or an unknown one | the difference of the wall clocks; ``SKEW`` lengthens the window |
| two boots, and the recorded one lies in the future | none: the window begins with the run that sees it |

Of the last two, the time since the run began counts at least: what state held when a run began is older.
"""

from typing import Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.state import Intent

HEARTBEAT_MARGIN: Final = 5.0
"""Seconds added to a window that counts from the last heartbeat of a run that died."""

SKEW: Final = 30.0
"""Seconds by which the wall clocks of two machines, or of two boots, may disagree."""


def seconds_left(intent: Intent, settle: float, now: Instant) -> float:
    """Seconds until absence proves that an intent's write did not happen; 0 or less when it does already.

    The window starts when the request's connection ended. If the run died before that, it starts when the
    request was sent, plus a margin. The longer of the recorded and the present window holds. It is never more
    than the window and both margins, whatever the clocks say.
    """
    window = max(intent.window, settle)
    start = intent.ended
    if start is None:
        start, window = intent.at, window + HEARTBEAT_MARGIN
    if start.same_boot(now) and now.uptime >= start.uptime:
        return window - (now.uptime - start.uptime)
    passed = max(0.0, now.wall - start.wall, now.elapsed)
    return window + SKEW - passed
