"""Searches small worlds for a false proof of a scan (``kardia_ctl.observing.closed_sum``).

A world is a list of a few patients in pages of one to three. Before each request somebody may come (at
the head, in the head's second or a later one; or late, among the first rows), leave, or move to the head.
Every placement of so many events is tried, with each kind of cursor, with the real scan; an answer may
also be a few events old (a list that lags). A proof is false when somebody is missing who was in the list
throughout the walk; after a head read at the end, where nobody comes late, also when somebody who came is
missing or who left is shown.

    python -m tests.observing.search --people 4 --page 2 --events 3

Worlds and proven ones, none falsely, by cursor (exact, offset, second), in pages of 2 with 3 events:
4 people 1741/1549, 1918/1726, 8249/1203; some come late 5374/4330, 5942/4895, 15632/1308; some move
8321/7205, 8779/7663, 30215/7413; 5 people 7403/5723, 7493/5813, 45041/3903.
"""

import argparse
import sys
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from kardia_ctl.model.configuration import ScanPolicy
from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing import scan as scanning

CURSORS: Final = ("exact", "offset", "second")


class Row(NamedTuple):
    """A patient in the list. ``second`` is when they were created; within a second, by ``number``."""

    second: int
    number: float


@dataclass(slots=True)
class Choices:
    """The choices of one world: those given, then the first each time; ``next_world`` changes the last."""

    taken: list[int] = field(default_factory=list)
    arity: list[int] = field(default_factory=list)
    at: int = 0

    def choose(self, count: int) -> int:
        """One of 0 to count - 1."""
        if count == 1:
            return 0
        if self.at == len(self.taken):
            self.taken.append(0)
            self.arity.append(count)
        self.at += 1
        return self.taken[self.at - 1]

    def next_world(self) -> bool:
        """Whether there is a further world; the choices are then its."""
        while self.taken and self.taken[-1] + 1 == self.arity[-1]:
            self.taken.pop()
            self.arity.pop()
        if self.taken:
            self.taken[-1] += 1
        self.at = 0
        return bool(self.taken)


@dataclass(frozen=True, slots=True)
class Size:
    """What is searched: people at first, rows of a page, events in all, and what may happen."""

    people: int
    page: int
    events: int
    cursor: str
    seconds: int = 2
    """How many neighbours share a second at first."""
    late: bool = False
    moves: bool = False
    stale: int = 0
    """How many events old an answer may be."""


class Changing(Reader):
    """The ``Reader`` of a list that changes before a request, as the choices say."""

    def __init__(self, size: Size, choices: Choices) -> None:
        self._size = size
        self._choices = choices
        self._left = size.events
        self._next = size.people
        self._now = size.people
        rows = [Row(number // size.seconds, number) for number in range(size.people)]
        self.states: list[tuple[Row, ...]] = [tuple(reversed(rows))]
        self._deep: set[Row] = set()
        self._shown: set[str] = set()
        self.oldest = 0
        """The oldest state that was shown since the walk began."""
        self.ended_with_head = False
        self._limits: list[int] = []

    @property
    def throughout(self) -> set[str]:
        """Who was in the list in every state since the oldest that the walk was shown."""
        return set.intersection(*(_ids(rows) for rows in self.states[self.oldest :]))

    @property
    def present(self) -> set[str]:
        """Who is in the list."""
        return _ids(self.states[-1])

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        self._happen()
        stale = self._choices.choose(min(self._size.stale, len(self.states) - 1) + 1)
        shown = len(self.states) - 1 - stale
        rows = self.states[shown]
        begins = start is None and limit not in self._limits
        if begins:
            self._limits.append(limit)
            self.oldest = shown
        self.oldest = min(self.oldest, shown)
        self.ended_with_head = start is None and not begins
        width = max(1, self._size.page - scanning.LIMITS.index(limit))
        place = self._place(rows, start)
        page = rows[place : place + width]
        if start is None:
            self._deep.update(rows[width:])
        more = place + width < len(rows)
        return PatientsPage(
            tuple(LivePatient(str(row.number), str(row.number)) for row in page),
            len(rows),
            self._cursor(page[-1], place + width) if more else None,
        )

    async def patient(self, patient_id: str) -> LivePatient | None:
        return LivePatient(patient_id, patient_id) if patient_id in self.present else None

    def _place(self, rows: tuple[Row, ...], start: str | None) -> int:
        if start is None:
            return 0
        if self._size.cursor == "offset":
            return int(start)
        second, number = map(float, start.split())
        if self._size.cursor == "second":
            return next((at for at, row in enumerate(rows) if row.second < second), len(rows))
        return next((at for at, row in enumerate(rows) if row < (second, number)), len(rows))

    def _cursor(self, row: Row, rank: int) -> str:
        return str(rank) if self._size.cursor == "offset" else f"{row.second} {row.number}"

    def _happen(self) -> None:
        while self._left:
            events = list(self._events())
            chosen = self._choices.choose(1 + len(events))
            if chosen == 0:
                return
            self._left -= 1
            self.states.append(events[chosen - 1])

    def _events(self) -> Iterator[tuple[Row, ...]]:
        """The lists that one event can make of this one."""
        rows = self.states[-1]
        newest = max((row.second for state in self.states for row in state), default=0)
        number = self._size.people + len(self.states)
        yield (Row(newest + 1, number), *rows)
        if self._size.cursor == "second":
            yield (Row(newest, number), *rows)
        if self._size.late and rows and rows[0] not in self._deep:
            late = next((at for at, row in enumerate(rows) if row in self._deep), len(rows))
            for at in range(1, min(late, self._size.page - 1) + 1):
                yield (*rows[:at], _between(rows[at - 1], rows[at] if at < len(rows) else None), *rows[at:])
        for at in range(len(rows)):
            yield rows[:at] + rows[at + 1 :]
        if self._size.moves:
            for at in range(1, len(rows)):
                yield (Row(newest + 1, rows[at].number), *rows[:at], *rows[at + 1 :])


def _between(above: Row, below: Row | None) -> Row:
    """Somebody of the same second as ``above``, next below them."""
    lowest = below.number if below and below.second == above.second else above.number - 1
    return Row(above.second, (above.number + lowest) / 2)


def _ids(rows: tuple[Row, ...]) -> set[str]:
    return {str(row.number) for row in rows}


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
    """The scan of a list that answers at once, without an event loop."""
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


def search(size: Size) -> Found:
    """Try every world of a size."""
    found, choices = Found(), Choices()
    with (
        patch.object(scanning, "_in_flight", _at_once),
        patch.object(scanning, "look_up", _one_by_one),
    ):
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
