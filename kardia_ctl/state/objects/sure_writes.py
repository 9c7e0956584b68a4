"""Conditional writes whose answer may be lost: what is there afterwards tells what became of them.

A body holds a random value, so that nobody else has written the same. When an answer was lost, or the client
sent the request again and met its own object, the name is taken by our own body.
"""

import time
from collections.abc import Callable
from typing import Final

from kardia_ctl.state.objects.objects_port import Changed, Existing, Objects, Unanswered

PATIENCE: Final = 40.0
"""Seconds after which a write that nobody answers is given up."""

_PAUSE: Final = 0.25


def create_surely(objects: Objects, name: str, body: bytes, patience: float | None = None) -> str | None:
    """Create an object. Returns its version; None when another's body has the name.

    S3 also refuses a name that somebody else is about to write or remove (409): then nobody has it, and it is
    tried again.

    Raises:
        Unanswered: nobody knows whether it was created; it may still appear.
        StateError: it certainly was not.
    """
    return _surely(objects, name, body, lambda: objects.create(name, body), patience)


def swap_surely(
    objects: Objects, name: str, body: bytes, version: str, patience: float | None = None
) -> str | None:
    """Replace a version of an object. Returns the new version; None when it was replaced by another's body.

    Raises:
        Unanswered: nobody knows whether it was replaced; it may still be.
        StateError: it certainly was not.
    """
    return _surely(objects, name, body, lambda: objects.swap(name, body, version), patience)


def _surely(
    objects: Objects, name: str, body: bytes, write: Callable[[], str], patience: float | None
) -> str | None:
    over = time.monotonic() + (PATIENCE if patience is None else patience)
    while True:
        try:
            return write()
        except (Existing, Changed):
            found = objects.get(name)
            if found is not None or time.monotonic() > over:
                return found.version if found is not None and found.body == body else None
        except Unanswered:
            if time.monotonic() > over:
                raise
        time.sleep(_PAUSE)
