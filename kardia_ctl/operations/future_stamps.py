"""Stamps from the future: what a run does about them, once it is known whose account its key opens.

By a clock that was set back, or of another machine that is ahead, a request seems to have been sent hours
from now. It was sent before the run began. So it is stamped anew with the moment at which the run began, and
its window counts from there: once, and not from the beginning of every later run. That holds for the intents
of the state's other workspaces too, because their doubts keep this one from sending.
"""

from collections.abc import Iterable
from dataclasses import replace

from kardia_ctl.instant import Instant
from kardia_ctl.model.state import Intend, Intent


def stamped_anew(intents: Iterable[Intent], began: Instant) -> list[Intend]:
    """The entries that stamp intents anew which seem to have been sent after the run began."""
    return [
        Intend(replace(intent, at=began, ended=None if intent.ended is None else began))
        for intent in intents
        if _is_ahead(intent, began)
    ]


def _is_ahead(intent: Intent, now: Instant) -> bool:
    start = intent.at if intent.ended is None else intent.ended
    return now.is_before(start)
