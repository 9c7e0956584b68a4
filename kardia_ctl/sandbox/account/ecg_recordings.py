"""Recordings in SQL: each function works on an open connection and leaves the transaction to the account."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from kardia_ctl.sandbox.account.paging import Feed
from kardia_ctl.sandbox.data.invented_ecg import Trace

_COLUMNS = (
    "seq, id, patient_id, screening, recorded_at, offset_minutes, created_at, duration, heart_rate,"
    " determination, note, tags, leads, seed, symptoms, activities"
)
_SELECT = f"SELECT {_COLUMNS} FROM recordings WHERE "  # noqa: S608 - constants
_INSERT = (
    f"INSERT INTO recordings ({_COLUMNS.removeprefix('seq, ')})"  # noqa: S608 - constants
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CHANGEABLE = frozenset(("note", "tags", "symptoms", "activities"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A recording that is to be made.

    Attributes:
        patient_id: whose heart it is.
        duration: in milliseconds.
        heart_rate: in beats a minute.
        determination: one of `ecg.DETERMINATIONS`.
        note: what the patient wrote.
        tags: what the patient tagged it with.
        symptoms: the names of what the patient felt.
        activities: the names of what the patient was doing.
        leads: 1 or 6.
        screening: whether a screening station took it instead of the patient's own application.
        offset_minutes: how far the patient's clock is ahead of UTC.
        seed: what the waveform is drawn from.
    """

    patient_id: str
    duration: int = 30_000
    heart_rate: int = 65
    determination: str = "normal"
    note: str = ""
    tags: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    leads: int = 1
    screening: bool = False
    offset_minutes: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as the account holds it; `recorded` and `added` in microseconds of the account's clock."""

    seq: int
    id: str
    recorded: int
    added: int
    draft: Draft

    @property
    def created_at(self) -> int:
        """What lists are ordered by: when it was recorded."""
        return self.recorded

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded, on the patient's own clock."""
        zone = timezone(timedelta(minutes=self.draft.offset_minutes))
        return datetime.fromtimestamp(self.recorded // 1_000_000, zone)

    @property
    def added_at(self) -> str:
        """When it arrived, as the timestamps of symptoms and activities look."""
        return datetime.fromtimestamp(self.added / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def trace(self) -> Trace:
        """What its samples are drawn from."""
        draft = self.draft
        return Trace(draft.seed, draft.determination, draft.heart_rate, draft.duration, draft.leads)


@dataclass(frozen=True, slots=True)
class New:
    """A draft with its id and its time in microseconds."""

    id: str
    recorded: int
    added: int
    draft: Draft


def insert(db: sqlite3.Connection, recordings: Iterable[New]) -> None:
    """Add recordings."""
    db.executemany(_INSERT, (_row(one) for one in recordings))


def one(db: sqlite3.Connection, recording_id: str) -> Recording | None:
    """Return the recording with this id."""
    row = db.execute(_SELECT + "id = ?", (recording_id,)).fetchone()
    return None if row is None else _recording(*row)


def newest(db: sqlite3.Connection, patient_id: str | None = None) -> Recording | None:
    """Return the newest recording, of one patient if asked for."""
    rows = (everything() if patient_id is None else of_patient(patient_id)).read(db, None, 1)
    return rows[0] if rows else None


def between(db: sqlite3.Connection, patient_id: str, start: int, end: int) -> list[Recording]:
    """Return what a patient recorded from one moment to another (microseconds), oldest first."""
    sql = _SELECT + "patient_id = ? AND recorded_at BETWEEN ? AND ? ORDER BY recorded_at, seq"
    return [_recording(*row) for row in db.execute(sql, (patient_id, start, end))]


def change(db: sqlite3.Connection, recording_id: str, values: Mapping[str, str | tuple[str, ...]]) -> None:
    """Overwrite the note, the tags, the symptoms or the activities.

    Raises:
        KeyError: no such field or no such recording.
    """
    if unknown := set(values) - _CHANGEABLE:
        raise KeyError(f"no such field: {min(unknown)}")
    names = ", ".join(f"{name} = ?" for name in values)
    texts = [value if isinstance(value, str) else _json(value) for value in values.values()]
    cursor = db.execute(f"UPDATE recordings SET {names} WHERE id = ?", (*texts, recording_id))  # noqa: S608 - checked
    if cursor.rowcount != 1:
        raise KeyError("no such recording")


def measure(db: sqlite3.Connection, measurement_id: str, recording_id: str, body: str) -> None:
    """Keep a QT measurement."""
    db.execute("INSERT INTO measurements VALUES (?, ?, ?)", (measurement_id, recording_id, body))


def measurements(db: sqlite3.Connection, recording_id: str) -> list[str]:
    """Return the QT measurements of a recording as JSON texts, oldest first."""
    sql = "SELECT body FROM measurements WHERE recording_id = ? ORDER BY rowid"
    return [row[0] for row in db.execute(sql, (recording_id,))]


def of_patient(patient_id: str) -> Feed[Recording]:
    """What "Get Patient Recordings" lists."""
    return _feed("patient_id = ?", patient_id)


def of_app() -> Feed[Recording]:
    """What "Get All Recordings" lists: what was taken in the application."""
    return _feed("screening = ?", 0)


def of_stations() -> Feed[Recording]:
    """What "Get All Screening Station Recordings" lists."""
    return _feed("screening = ?", 1)


def everything() -> Feed[Recording]:
    """All recordings."""
    return _feed("screening >= ?", 0)


def _feed(condition: str, value: str | int) -> Feed[Recording]:
    count = f"SELECT COUNT(*) FROM recordings WHERE {condition}"  # noqa: S608 - constants
    return Feed(_SELECT + condition, count, (value,), _recording, "recorded_at")


def _row(new: New) -> tuple[Any, ...]:
    draft = new.draft
    return (
        new.id,
        draft.patient_id,
        draft.screening,
        new.recorded,
        draft.offset_minutes,
        new.added,
        draft.duration,
        draft.heart_rate,
        draft.determination,
        draft.note,
        _json(draft.tags),
        draft.leads,
        draft.seed,
        _json(draft.symptoms),
        _json(draft.activities),
    )


def _recording(*row: Any) -> Recording:
    seq, number, patient, screening, recorded, offset, added, duration, rate, *rest = row
    determination, note, tags, leads, seed, symptoms, activities = rest
    draft = Draft(
        patient_id=patient,
        duration=duration,
        heart_rate=rate,
        determination=determination,
        note=note,
        tags=tuple(json.loads(tags)),
        symptoms=tuple(json.loads(symptoms)),
        activities=tuple(json.loads(activities)),
        leads=leads,
        screening=bool(screening),
        offset_minutes=offset,
        seed=seed,
    )
    return Recording(seq, number, recorded, added, draft)


def _json(values: tuple[str, ...]) -> str:
    return json.dumps(values, ensure_ascii=False)
