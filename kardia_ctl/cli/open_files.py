"""How many requests may be in flight with the open files that this process is allowed (getrlimit(2))."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import RunStopped

_BESIDE: Final = 20
"""Files beside the connections: state and its log, outputs, threads that look a name up."""


def affordable(parallelism: int, warn: Callable[[str], None]) -> int:
    """As many requests in flight as the open files leave room for; ``warn`` is told where that is fewer.

    A limit that is too low for the state and one connection ends the run here, before its first write.

    Raises:
        RunStopped: it is.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return parallelism
    room = limit - _open() - _BESIDE
    if room >= parallelism:
        return parallelism
    if room < 1:
        raise RunStopped(
            f"too many open files: this process may have {limit}. Nothing was sent. Raise the limit "
            "(ulimit -n 256) and run again"
        )
    warn(
        f"only {limit} files may be open (ulimit -n), so {room} instead of {parallelism} requests are in "
        "flight"
    )
    return room


def _open() -> int:
    """How many files are open now; some where the system does not list them."""
    try:
        return sum(1 for _ in Path("/dev/fd").iterdir())
    except OSError:
        return 8
