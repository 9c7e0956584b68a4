"""An account whose list changes while it is read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.attacks.lost_create import ANNA
from tests.attacks.odd_account import OddAccount, Patient

Happening = Callable[["MovingAccount"], None]


@dataclass
class MovingAccount(OddAccount):
    """An account whose list changes before the page of a number, the first being 1.

    Attributes:
        cap: How many rows a page has at most.
        cursors: ``second`` drops those of the last row's second; ``offset`` counts rows.
        count: What totalCount says of a number.
        shows: What is shown of a page's rows.
        before: What happens before the page of a number.
        ascending: Whether the oldest patient comes first.
    """

    cap: int = 2
    cursors: str = "second"
    count: Callable[[int], Any] = int
    shows: Callable[[list[Patient]], list[Patient]] = list
    before: dict[int, Happening] = field(default_factory=dict)
    old: list[Patient] | None = None
    """What one answer shows in place of the list: a replica that lags."""
    ascending: bool = False
    pages: int = 0
    _second: int = 0

    def __post_init__(self) -> None:
        """Whoever is created has a second of their own."""
        self.stores = self.dated

    def dated(self, patient: Patient) -> Patient:
        """A patient who is created now."""
        self._second += 1
        return {**patient, "second": str(self._second)}

    def come(self, *mrns: str) -> None:
        """Somebody else creates patients, each a second later."""
        for mrn in mrns:
            self._second += 1
            self.add(mrn, second=str(self._second))

    def come_as_declared(self) -> None:
        """Somebody else creates Anna, as she is declared."""
        self.come("A-1")
        _, dob, email, first, last = ANNA.split("|")
        self.patients[0].update(dob=dob, email=email, firstname=first, lastname=last)

    def go(self, mrn: str) -> None:
        """Somebody else deletes a patient."""
        self.patients = [patient for patient in self.patients if patient["mrn"] != mrn]

    async def _list(self, request: Request) -> Response:
        self.log.append("GET /v1/patients")
        self.pages += 1
        if happening := self.before.get(self.pages):
            happening(self)
        rows, self.old = self.old or self.patients, None
        rows = rows[::-1] if self.ascending else rows
        place = self._place(rows, request.query_params.get("start"))
        end = place + min(self.cap, int(request.query_params["limit"]))
        page, more = rows[place:end], end < len(rows)
        cursor = page[-1]["second"] if page and self.cursors == "second" else str(end)
        shown = [{key: patient[key] for key in patient if key != "second"} for patient in self.shows(page)]
        info = {"endCursor": cursor, "hasNextPage": more}
        return JSONResponse({"totalCount": self.count(len(rows)), "patients": shown, "pageInfo": info})

    def _place(self, rows: list[Patient], start: str | None) -> int:
        if start is None:
            return 0
        if self.cursors == "offset":
            return int(start)
        older = (at for at, row in enumerate(rows) if int(row["second"]) < int(start))
        return next(older, len(rows))

    def held_by_anna(self) -> int:
        return [patient["mrn"] for patient in self.patients].count("A-1")


def events(*happenings: tuple[str, str]) -> Happening:
    def happens(account: MovingAccount) -> None:
        for verb, mrn in happenings:
            (account.come if verb == "come" else account.go)(mrn)

    return happens


def falls_out(account: MovingAccount) -> None:
    """Anna, B and C; A and B share a second, so that no page of two ever shows Anna."""
    account.come("A-1", "B")
    account.patients[0]["second"] = account.patients[1]["second"]
    account.come("C")
