"""The table of patients, with their phone numbers, custom fields and exports."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from sqlite3 import IntegrityError
from typing import Any

from kardia_ctl.sandbox.account.feed import Feed
from kardia_ctl.sandbox.account.timeline import MICRO, Timeline
from kardia_ctl.sandbox.data.invented import invented_patients, random_id
from kardia_ctl.sandbox.data.values import Patient, PatientFields, PatientStatus

_SELECT = (
    "SELECT id, mrn, dob, email, firstname, lastname, sex, status, created_at / 1e6, listed, gone_at / 1e6"
    " FROM patients "
)
_INSERT = (
    "INSERT INTO patients"
    " (id, mrn, dob, email, firstname, lastname, sex, status, created_at, listed_at, listed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'none', ?, ?, ?)"
)
_INSERT_ALL = (
    "INSERT INTO patients"
    " (id, mrn, dob, email, firstname, lastname, sex, status, created_at, listed_at, listed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, TRUE)"
)
_CHANGEABLE = frozenset(("mrn", "dob", "email", "firstname", "lastname", "sex"))


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """A patient as a page shows it: JSON text, custom fields' JSON text, and the place in the list.

    `created_at` is in microseconds; `seq` is the row's number.
    """

    json: str
    custom_fields: str
    created_at: int
    seq: int


_LISTED = "SELECT json, custom_fields, created_at, seq FROM patients WHERE "
LISTED_PATIENTS = Feed(
    _LISTED + "listed", "SELECT value FROM meta WHERE name = 'listed'", (), ListedPatient, "created_at"
)
"""The rows of "Get All Patients"."""


class PatientTable:
    """The patients of an account. Every method is atomic."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def all(self) -> list[Patient]:
        """Return every patient that exists, newest first, whether the list shows it yet or not."""
        return [_patient(*row) for row in self._timeline.rows(_SELECT + "ORDER BY created_at DESC, seq DESC")]

    def get(self, patient_id: str) -> Patient | None:
        """Return the patient with this id."""
        return self._first("WHERE id = ?", patient_id)

    def with_mrn(self, mrn: str) -> Patient | None:
        """Return the newest patient with this mrn, byte for byte."""
        return self._first("WHERE mrn = ? ORDER BY seq DESC LIMIT 1", mrn)

    def newest(self) -> Patient | None:
        """Return the patient that was added last."""
        return self._first("ORDER BY seq DESC LIMIT 1")

    def last_seq(self) -> int:
        """Return the row number of the patient that was added last, 0 when there are none."""
        return int(self._timeline.value("SELECT COALESCE(MAX(seq), 0) FROM patients"))

    def since(self, seq: int) -> list[Patient]:
        """Return the patients whose row number is above `seq`, oldest first."""
        return [_patient(*row) for row in self._timeline.rows(_SELECT + "WHERE seq > ? ORDER BY seq", seq)]

    def listed(self, patient_id: str) -> ListedPatient | None:
        """Return the patient with this id as JSON text, whether the list shows it yet or not."""
        row = self._timeline.row(_LISTED + "id = ?", patient_id)
        return None if row is None else ListedPatient(*row)

    def add(
        self,
        fields: PatientFields,
        *,
        patient_id: str | None = None,
        list_lag: float = 0.0,
        phone: str | None = None,
    ) -> str:
        """Create a patient and return its id; `list_lag` is in seconds."""
        with self._timeline.writing() as db:
            chosen, now = patient_id or self._timeline.new_id(), self._timeline.micros()
            db.execute(_INSERT, _row(chosen, fields, now, now + int(list_lag * MICRO)))
            if phone is not None:
                db.execute("INSERT OR REPLACE INTO phones VALUES (?, ?)", (chosen, phone))
            return chosen

    def seed(self, count: int, seed: int = 0, *, per_second: int = 1) -> None:
        """Add invented patients: the newest created now, and each `per_second` of them a second earlier.

        Equal arguments on a new account with an equal clock give equal patients, ids included.
        """
        with self._timeline.writing() as db:
            ids, now = Random(f"ids/{seed}"), self._timeline.micros()  # noqa: S311 - repeatable on purpose
            first = 1 + int(db.execute("SELECT COUNT(*) FROM patients").fetchone()[0])
            times = (now - (count - 1 - index) // per_second * MICRO for index in range(count))
            people = zip(invented_patients(count, seed, first), times, strict=True)
            db.executemany(_INSERT, (_row(random_id(ids), fields, at, at) for fields, at in people))

    def insert_all(self, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert patients with id, fields and status, newest first, a second apart; return how many.

        Raises:
            ValueError: two have one id.
        """
        with self._timeline.writing() as db:
            now = self._timeline.micros()
            ages = range(len(rows) - 1, -1, -1)
            try:
                db.executemany(
                    _INSERT_ALL, ((*rows[age], now - age * MICRO, now - age * MICRO) for age in ages)
                )
            except IntegrityError as error:
                raise ValueError("two patients have one id") from error
            return len(rows)

    def delete(self, patient_id: str, delay: float) -> bool:
        """Accept a deletion that takes effect in `delay` seconds; return whether the patient exists.

        A repeated call does not postpone the deletion.
        """
        with self._timeline.writing() as db:
            gone_at = self._timeline.micros() + int(delay * MICRO)
            sql = "UPDATE patients SET gone_at = COALESCE(gone_at, ?) WHERE id = ?"
            return db.execute(sql, (gone_at, patient_id)).rowcount == 1

    def remove(self, patient_id: str) -> None:
        """Remove a patient at once."""
        self._timeline.run("DELETE FROM patients WHERE id = ?", patient_id)

    def change(self, patient_id: str, **values: str | int | None) -> None:
        """Overwrite fields, as a person in the vendor's application could.

        Raises:
            KeyError: no such field or no such patient.
        """
        if unknown := set(values) - _CHANGEABLE:
            raise KeyError(f"no such field: {min(unknown)}")
        names = ", ".join(f"{name} = ?" for name in values)
        self._update(f"UPDATE patients SET {names} WHERE id = ?", *values.values(), patient_id)  # noqa: S608 - checked

    def set_custom_fields(self, patient_id: str, fields: Iterable[Mapping[str, str]]) -> None:
        """Set a patient's custom fields (API reference, "Custom Participant Fields Object").

        Raises:
            KeyError: no such patient.
        """
        text = json.dumps(list(fields), ensure_ascii=False)
        self._update("UPDATE patients SET custom_fields = ? WHERE id = ?", text, patient_id)

    def set_status(self, patient_id: str, status: PatientStatus) -> None:
        """Set a connection status; an unknown id is ignored."""
        self._timeline.run("UPDATE patients SET status = ? WHERE id = ?", status.value, patient_id)

    def phone(self, patient_id: str) -> str | None:
        """Return a patient's phone number, which only the pro API accepts."""
        phone: str | None = self._timeline.value("SELECT phone FROM phones WHERE patient_id = ?", patient_id)
        return phone

    def export(self, patient_id: str) -> bool:
        """Record an export request, without mailing anything; return whether the patient exists."""
        with self._timeline.writing() as db:
            exists = self.get(patient_id) is not None
            if exists:
                sql = "INSERT INTO exports (patient_id, at) VALUES (?, ?)"
                db.execute(sql, (patient_id, self._timeline.micros()))
            return exists

    def exports(self) -> list[str]:
        """Return the patient ids of the export requests, oldest first."""
        return [row[0] for row in self._timeline.rows("SELECT patient_id FROM exports ORDER BY seq")]

    def _first(self, condition: str, *values: str) -> Patient | None:
        row = self._timeline.row(_SELECT + condition, *values)
        return None if row is None else _patient(*row)

    def _update(self, sql: str, *values: str | int | None) -> None:
        if self._timeline.run(sql, *values) != 1:
            raise KeyError("no such patient")


def _row(patient_id: str, fields: PatientFields, created_at: int, listed_at: int) -> tuple[Any, ...]:
    given = (fields.mrn, fields.dob, fields.email, fields.firstname, fields.lastname, fields.sex)
    return (patient_id, *given, created_at, listed_at, listed_at <= created_at)


def _patient(*row: Any) -> Patient:
    patient = Patient(*row)
    return replace(patient, status=PatientStatus(patient.status), listed=bool(patient.listed))
