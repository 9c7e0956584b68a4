"""Reads what a process writes to a terminal, with a limit: one that falls silent is an error and no hang."""

import os
import select
import time
from typing import Final

LONGEST: Final = 120.0
"""Seconds after which a process is taken for hung."""


def read_more(master: int, seen: bytes = b"") -> bytes:
    """What is written next; empty once nobody has the other side open.

    Raises:
        AssertionError: nothing comes. ``seen`` is shown then.
    """
    assert select.select([master], [], [], LONGEST)[0], seen
    try:
        return os.read(master, 65536)
    except OSError:
        return b""


def read_until(master: int, text: str, seen: bytes = b"") -> bytes:
    """Read until a text is among what was seen. Returns all of that.

    Raises:
        AssertionError: it does not come.
    """
    end = time.monotonic() + LONGEST
    while text.encode() not in seen:
        assert time.monotonic() < end, seen
        more = read_more(master, seen)
        assert more, seen
        seen += more
    return seen


def read_to_end(master: int, seen: bytes = b"") -> bytes:
    """Read until nobody has the other side open. Returns that and what was ``seen`` before.

    Raises:
        AssertionError: it falls silent and stays open.
    """
    while more := read_more(master, seen):
        seen += more
    return seen
