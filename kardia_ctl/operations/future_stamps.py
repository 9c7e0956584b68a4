"""Stamps from the future: what a run does about them when it begins.

By a clock that was set back, or of another machine that is ahead, a request seems to have been sent hours
from now. It was sent before the run began. So it is stamped anew, and its window counts from there:
once, and not from the beginning of every later run. That holds for the intents of the state's other
workspaces too, because their doubts keep this one from sending.
"""

from dataclasses import replace

from kardia_ctl.instant import Instant
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Intend, Intent
from kardia_ctl.timing import Clock


def stamp_anew(store: Store, clock: Clock) -> None:
    """Give the intents that seem to lie in the future the present moment, in every workspace of the account.

    Raises:
        StateError: state could not be read or written.
    """
    now, stamp = clock.instant(), clock.stamp()
    entries = [
        Intend(replace(intent, at=stamp, ended=None if intent.ended is None else stamp))
        for intent in store.load().intents.values()
        if _is_ahead(intent, now)
    ]
    if entries:
        store.commit(entries)


def _is_ahead(intent: Intent, now: Instant) -> bool:
    start = intent.at if intent.ended is None else intent.ended
    return now.is_before(start)
