"""A list of patients that changes before each request, as the choices of a world say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kardia_ctl.model.patient import LivePatient, PatientsPage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.walk import LIMITS


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
    capped: bool = False
    """Whether pages have that many rows whatever the limit is; otherwise one less for each smaller limit."""


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
        self.requests = 0
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
        self.requests += 1
        stale = self._choices.choose(min(self._size.stale, len(self.states) - 1) + 1)
        shown = len(self.states) - 1 - stale
        rows = self.states[shown]
        begins = start is None and limit not in self._limits
        if begins:
            self._limits.append(limit)
            self.oldest = shown
        self.oldest = min(self.oldest, shown)
        self.ended_with_head = start is None and not begins
        width = self._size.page if self._size.capped else max(1, self._size.page - LIMITS.index(limit))
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
