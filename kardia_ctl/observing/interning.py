"""Live patients that share the texts of the declaration and of state, to save memory."""

from collections.abc import Iterable, Iterator

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.state import State


class Interning:
    """Maps live patients to equal ones that share the declared and recorded texts.

    Most of an account is declared and recorded, so a page's texts are copies of objects already in memory.
    Sharing them saves 500 of the 1,480 bytes per patient of a no-op plan, and takes about 0.5 µs per patient
    while the request for the next page is in flight.
    """

    def __init__(self, desired: Desired, state: State) -> None:
        self._declared = desired.patients
        self._records = state.patients
        self._statuses: dict[str | None, str | None] = {}

    def __call__(self, patients: Iterable[LivePatient]) -> Iterator[LivePatient]:
        """Equal patients in the same order; only the identity of their texts differs."""
        declared, records, once = self._declared.get, self._records.get, self._statuses.setdefault
        for live in patients:
            want = declared(live.mrn)
            if want is None:
                yield live
                continue
            record = records(want.mrn)
            yield LivePatient(
                record.id if record is not None and record.id == live.id else live.id,
                want.mrn,
                want.dob if want.dob == live.dob else live.dob,
                want.email if want.email == live.email else live.email,
                want.firstname if want.firstname == live.firstname else live.firstname,
                want.lastname if want.lastname == live.lastname else live.lastname,
                live.sex,
                once(live.status, live.status),
            )


class SharedTexts:
    """Maps live patients to equal ones that share the texts which many of them have.

    For an account of which nothing is declared: birth dates, first names and statuses repeat.
    """

    def __init__(self) -> None:
        self._texts: dict[str | None, str | None] = {}

    def __call__(self, patients: Iterable[LivePatient]) -> Iterator[LivePatient]:
        """Equal patients in the same order; only the identity of their texts differs."""
        once = self._texts.setdefault
        for live in patients:
            yield LivePatient(
                live.id,
                live.mrn,
                once(live.dob, live.dob),
                live.email,
                once(live.firstname, live.firstname),
                live.lastname,
                live.sex,
                once(live.status, live.status),
            )
