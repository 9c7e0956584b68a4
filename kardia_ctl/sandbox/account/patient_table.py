"""Patients in SQL: each function works on an open connection and leaves the transaction to the account."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kardia_ctl.sandbox.account.paging import Feed
from kardia_ctl.sandbox.data.values import Patient, PatientFields, Status

_COLUMNS = "id, mrn, dob, email, firstname, lastname, sex, status, created_at / 1e6, listed, gone_at / 1e6"
_EVERYONE = f"SELECT {_COLUMNS} FROM patients ORDER BY created_at DESC, seq DESC"  # noqa: S608 - constants
_ONE = f"SELECT {_COLUMNS} FROM patients WHERE id = ?"  # noqa: S608 - constants
_WITH_MRN = f"SELECT {_COLUMNS} FROM patients WHERE mrn = ? ORDER BY seq DESC LIMIT 1"  # noqa: S608 - constants
_NEWEST = f"SELECT {_COLUMNS} FROM patients ORDER BY seq DESC LIMIT 1"  # noqa: S608 - constants
_SINCE = f"SELECT {_COLUMNS} FROM patients WHERE seq > ? ORDER BY seq"  # noqa: S608 - constants
_INSERT = (
    "INSERT INTO patients"
    " (id, mrn, dob, email, firstname, lastname, sex, status, created_at, listed_at, listed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CHANGEABLE = frozenset(("mrn", "dob", "email", "firstname", "lastname", "sex"))


@dataclass(frozen=True, slots=True)
class Listed:
    """A patient in a page: its JSON text, its custom fields' JSON text and its place (microseconds, row)."""

    json: str
    custom_fields: str
    created_at: int
    seq: int


LISTED = Feed(
    "SELECT json, custom_fields, created_at, seq FROM patients WHERE listed",
    "SELECT value FROM meta WHERE name = 'listed'",
    (),
    Listed,
)
"""What "Get All Patients" lists."""


def row_of(
    patient_id: str, fields: PatientFields, status: Status, created_at: int, listed_at: int
) -> tuple[Any, ...]:
    """Return what `insert` takes; times in microseconds."""
    return (
        patient_id,
        fields.mrn,
        fields.dob,
        fields.email,
        fields.firstname,
        fields.lastname,
        fields.sex,
        status.value,
        created_at,
        listed_at,
        listed_at <= created_at,
    )


def insert(db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add patients, the oldest first."""
    db.executemany(_INSERT, rows)


def everyone(db: sqlite3.Connection) -> list[Patient]:
    """Every patient that exists, listed or not, newest first."""
    return [_patient(row) for row in db.execute(_EVERYONE)]


def one(db: sqlite3.Connection, patient_id: str) -> Patient | None:
    """Return the patient with this id."""
    row = db.execute(_ONE, (patient_id,)).fetchone()
    return None if row is None else _patient(row)


def newest(db: sqlite3.Connection) -> Patient | None:
    """Return the patient that was added last."""
    row = db.execute(_NEWEST).fetchone()
    return None if row is None else _patient(row)


def newest_with(db: sqlite3.Connection, mrn: str) -> Patient | None:
    """Return the newest patient that carries this mrn."""
    row = db.execute(_WITH_MRN, (mrn,)).fetchone()
    return None if row is None else _patient(row)


def since(db: sqlite3.Connection, seq: int) -> list[Patient]:
    """Return the patients that were added after the `seq`th, oldest first."""
    return [_patient(row) for row in db.execute(_SINCE, (seq,))]


def listed_one(db: sqlite3.Connection, patient_id: str) -> Listed | None:
    """Return the patient with this id as JSON text, whether the list shows it or not."""
    row = db.execute(
        "SELECT json, custom_fields, created_at, seq FROM patients WHERE id = ?", (patient_id,)
    ).fetchone()
    return None if row is None else Listed(*row)


def has_mrn(db: sqlite3.Connection, mrn: str) -> bool:
    """Whether a patient carries this mrn, byte for byte."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM patients WHERE mrn = ?)", (mrn,)).fetchone()[0])


def change(db: sqlite3.Connection, patient_id: str, values: Mapping[str, str | int | None]) -> None:
    """Overwrite some of a patient's fields, as the vendor's own application could.

    Raises:
        KeyError: no such field or no such patient.
    """
    if unknown := set(values) - _CHANGEABLE:
        raise KeyError(f"no such field: {min(unknown)}")
    names = ", ".join(f"{name} = ?" for name in values)
    cursor = db.execute(f"UPDATE patients SET {names} WHERE id = ?", (*values.values(), patient_id))  # noqa: S608 - checked
    if cursor.rowcount != 1:
        raise KeyError("no such patient")


def set_custom_fields(db: sqlite3.Connection, patient_id: str, fields: Iterable[Mapping[str, str]]) -> None:
    """Give a patient custom fields.

    Raises:
        KeyError: no such patient.
    """
    text = json.dumps(list(fields), ensure_ascii=False)
    if db.execute("UPDATE patients SET custom_fields = ? WHERE id = ?", (text, patient_id)).rowcount != 1:
        raise KeyError("no such patient")


def set_status(db: sqlite3.Connection, patient_id: str, status: Status) -> None:
    """Set the connection status; nothing happens to an id that does not exist."""
    db.execute("UPDATE patients SET status = ? WHERE id = ?", (status.value, patient_id))


def set_pending(db: sqlite3.Connection, patient_id: str) -> None:
    """Make a patient pending unless it is connected."""
    sql = "UPDATE patients SET status = 'pending' WHERE id = ? AND status = 'none'"
    db.execute(sql, (patient_id,))


def is_due(db: sqlite3.Connection, now: int) -> bool:
    """Whether something waits to be listed, or to be gone, by `now` (microseconds)."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM patients WHERE NOT listed AND listed_at <= :now)"
        " OR EXISTS (SELECT 1 FROM patients WHERE gone_at IS NOT NULL AND gone_at <= :now)",
        {"now": now},
    ).fetchone()
    return bool(row[0])


def advance(db: sqlite3.Connection, now: int) -> None:
    """List whose lag is over, and remove whose deletion is due."""
    db.execute("UPDATE patients SET listed = 1 WHERE NOT listed AND listed_at <= ?", (now,))
    db.execute("DELETE FROM patients WHERE gone_at IS NOT NULL AND gone_at <= ?", (now,))


def _patient(row: tuple[Any, ...]) -> Patient:
    patient_id, mrn, dob, email, firstname, lastname, sex, status, created_at, listed, gone_at = row
    return Patient(
        patient_id,
        mrn,
        dob,
        email,
        firstname,
        lastname,
        sex,
        Status(status),
        created_at,
        bool(listed),
        gone_at,
    )
