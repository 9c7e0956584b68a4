"""Mobile users, and what turns a code into a connection, in SQL on an open connection."""

import sqlite3
from dataclasses import dataclass, field
from random import Random

from kardia_ctl.sandbox.account import ledger, outbox
from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.webhook_events import About, Event
from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import Patient, Status


@dataclass(frozen=True, slots=True)
class User:
    """A Kardia Mobile user; the password is not kept."""

    email: str
    country: str
    token: str = field(repr=False)


def add(db: sqlite3.Connection, email: str, country: str, random: Random) -> str:
    """Add a user and return its token."""
    token = invented.random_id(random)
    db.execute("INSERT INTO users (email, country, token) VALUES (?, ?, ?)", (email, country, token))
    return token


def has_email(db: sqlite3.Connection, email: str) -> bool:
    """Whether a user has this e-mail address, in whatever case."""
    sql = "SELECT EXISTS (SELECT 1 FROM users WHERE lower(email) = lower(?))"
    return bool(db.execute(sql, (email,)).fetchone()[0])


def has_token(db: sqlite3.Connection, token: str) -> bool:
    """Whether a user has this token."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM users WHERE token = ?)", (token,)).fetchone()[0])


def everyone(db: sqlite3.Connection) -> list[User]:
    """Return the users, oldest first."""
    return [User(*row) for row in db.execute("SELECT email, country, token FROM users ORDER BY seq")]


def holder(db: sqlite3.Connection, code: str) -> Patient | None:
    """Return the patient whose code this is, None when it is unknown, void or used."""
    sql = (
        "SELECT patient_id FROM codes WHERE code = ? AND voided_at IS NULL"
        " AND code NOT IN (SELECT code FROM redemptions)"
    )
    row = db.execute(sql, (code,)).fetchone()
    return None if row is None else patient_rows.one(db, row[0])


def open_code(db: sqlite3.Connection, patient_id: str) -> str | None:
    """Return a code of the patient that can still be redeemed, the newest one."""
    sql = (
        "SELECT code FROM codes WHERE patient_id = ? AND voided_at IS NULL"
        " AND code NOT IN (SELECT code FROM redemptions) ORDER BY seq DESC LIMIT 1"
    )
    row = db.execute(sql, (patient_id,)).fetchone()
    return None if row is None else str(row[0])


def redeem(db: sqlite3.Connection, code: str, patient: Patient, now: int) -> None:
    """Use up a code: its patient is connected."""
    db.execute("INSERT INTO redemptions VALUES (?, ?)", (code, now))
    connect(db, patient, now)


def connect(db: sqlite3.Connection, patient: Patient, now: int) -> None:
    """Connect a patient; the callbacks hear of it unless it was connected before."""
    if patient.status is not Status.CONNECTED:
        patient_rows.set_status(db, patient.id, Status.CONNECTED)
        outbox.emit(db, Event.CONNECTED, About(patient_id=patient.id, mrn=patient.mrn), now)


def disconnect(db: sqlite3.Connection, patient: Patient, now: int) -> None:
    """End a connection and void the codes; the callbacks hear of it if there was one."""
    ledger.void_codes(db, patient.id, now)
    patient_rows.set_status(db, patient.id, Status.NONE)
    if patient.status is Status.CONNECTED:
        outbox.emit(db, Event.DISCONNECTED, About(patient_id=patient.id, mrn=patient.mrn), now)
