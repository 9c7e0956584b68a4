"""Searches small worlds for a false proof of a scan (``kardia_ctl.observing.closed_sum``).

A world is a list of a few patients in pages of one to three. Before each request somebody may come (at
the head, in the head's second or a later one; or late, among the first rows), leave, or move to the head.
Every placement of so many events is tried, with each kind of cursor, with the real scan; an answer may
also be a few events old (a list that lags). A proof is false when somebody is missing who was in the list
throughout the walk; after a head read at the end, where nobody comes late, also when somebody who came is
missing or who left is shown.

    python -m tests.observing.search --people 4 --page 2 --events 3

Worlds and proven ones, none falsely, by cursor (exact, offset, second), in pages of 2 with 3 events:
4 people 1741/1549, 1886/1694, 8249/1203; some come late 5358/4314, 5565/4518, 15632/1308; some move
8321/7205, 8657/7541, 30215/7413; 5 people 7359/5679, 7449/5769, 45041/3903. Late and moves together
17512/14528, 17823/14836, 47854/7673 with 3, 8 and 0 false: see what is assumed in ``closed_sum``.
"""

import argparse
import sys
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing import scan as scanning
from tests.observing.changing import Changing, Choices, Size

CURSORS: Final = ("exact", "offset", "second")


@asynccontextmanager
async def _at_once(request: Coroutine[Any, Any, Any]) -> AsyncIterator[Coroutine[Any, Any, Any]]:
    yield request


async def _one_by_one(
    reader: Reader, patient_ids: Collection[str]
) -> tuple[dict[str, LivePatient], frozenset[str]]:
    found = [live for patient_id in sorted(patient_ids) if (live := await reader.patient(patient_id))]
    by_id = {live.id: live for live in found}
    return by_id, frozenset(patient_ids) - by_id.keys()


@dataclass(slots=True)
class Found:
    """How many worlds there are, how many were proven, and the choices of those that were proven falsely."""

    worlds: int = 0
    proven: int = 0
    false: list[tuple[int, ...]] = field(default_factory=list)


def scanned(reader: Changing) -> scanning.Scan:
    """The scan of a list within ``answered_at_once``."""
    running = scanning.scan(reader, ScanPolicy.COUNT)
    try:
        running.send(None)
    except StopIteration as stopped:
        found: scanning.Scan = stopped.value
        return found
    raise AssertionError("the scan waits for something")


def is_false(reader: Changing, found: scanning.Scan, size: Size) -> bool:
    """Whether a proven scan is wrong about somebody."""
    shown = found.patients.keys()
    if reader.ended_with_head and not size.stale and not size.late:
        return shown != reader.present
    return not shown >= reader.throughout


@contextmanager
def answered_at_once() -> Iterator[None]:
    """Scans need no event loop while the block runs: each request is answered when it is sent."""
    with (
        patch.object(scanning, "_in_flight", _at_once),
        patch.object(scanning, "look_up", _one_by_one),
        patch.object(scanning, "limit_of", lambda limit, _: limit),  # ``Changing`` makes a size of it itself
    ):
        yield


def search(size: Size) -> Found:
    """Try every world of a size."""
    found, choices = Found(), Choices()
    with answered_at_once():
        while True:
            reader = Changing(size, choices)
            result = scanned(reader)
            found.worlds += 1
            found.proven += result.proven
            if result.proven and is_false(reader, result, size):
                found.false.append(tuple(choices.taken))
            if not choices.next_world():
                return found


def main() -> None:
    """Search one size with every kind of cursor, and print what was found."""
    parser = argparse.ArgumentParser(description="Search small worlds for a false proof of a scan.")
    for name, default in (("people", 4), ("page", 2), ("events", 3), ("seconds", 2), ("stale", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name in ("late", "moves"):
        parser.add_argument(f"--{name}", action="store_true")
    given = vars(parser.parse_args())
    for cursor in CURSORS:
        found = search(Size(cursor=cursor, **given))
        counts = f"{found.worlds} worlds, {found.proven} proven, {len(found.false)} falsely"
        sys.stdout.write(f"{cursor}: {counts}\n")


if __name__ == "__main__":
    main()
