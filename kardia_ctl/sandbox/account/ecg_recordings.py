"""The table of ECG recordings, with their QT measurements."""

import json
from collections.abc import Iterable
from dataclasses import astuple, fields, replace
from typing import Any

from kardia_ctl.sandbox.account.feed import Feed
from kardia_ctl.sandbox.account.outbox import Outbox
from kardia_ctl.sandbox.account.patient_table import PatientTable
from kardia_ctl.sandbox.account.team_settings import TeamSettings
from kardia_ctl.sandbox.account.timeline import MICRO, Timeline
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent, WebhookMessage
from kardia_ctl.sandbox.data.values import Recording, RecordingFields

_COLUMNS = ("id", "recorded_at", "created_at", *(field.name for field in fields(RecordingFields)))
_SELECT = f"SELECT seq, {', '.join(_COLUMNS)} FROM recordings WHERE "  # noqa: S608 - constants
_INSERT = f"INSERT INTO recordings ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - constants
_LISTS = ("tags", "symptoms", "activities")
_CHANGEABLE = frozenset(("note", *_LISTS))


class RecordingTable:
    """The recordings of an account. Every method is atomic."""

    def __init__(
        self, timeline: Timeline, patients: PatientTable, settings: TeamSettings, outbox: Outbox
    ) -> None:
        self._timeline = timeline
        self._patients = patients
        self._settings = settings
        self._outbox = outbox

    def all(self) -> list[Recording]:
        """Return every recording, newest first."""
        with self._timeline.reading() as db:
            return _ALL.read(db)

    def count(self) -> int:
        """Return the number of recordings."""
        with self._timeline.reading() as db:
            return _ALL.total(db)

    def get(self, recording_id: str) -> Recording | None:
        """Return the recording with this id."""
        row = self._timeline.row(_SELECT + "id = ?", recording_id)
        return None if row is None else _recording(*row)

    def newest(self, patient_id: str | None = None) -> Recording | None:
        """Return the newest recording, of one patient if an id is given."""
        with self._timeline.reading() as db:
            rows = (_ALL if patient_id is None else of_patient(patient_id)).read(db, limit=1)
            return rows[0] if rows else None

    def between(self, patient_id: str, start: float, end: float) -> list[Recording]:
        """Return a patient's recordings from `start` to `end` (seconds), oldest first."""
        sql = _SELECT + "patient_id = ? AND recorded_at BETWEEN ? AND ? ORDER BY recorded_at, seq"
        rows = self._timeline.rows(sql, patient_id, int(start * MICRO), int(end * MICRO))
        return [_recording(*row) for row in rows]

    def insert(self, recordings: Iterable[Recording]) -> None:
        """Add recordings without sending events."""
        with self._timeline.writing() as db:
            db.executemany(_INSERT, map(_row, recordings))

    def add(self, fields: RecordingFields, *, recorded_at: float | None = None) -> Recording:
        """Add a recording, recorded now unless a time is given (seconds), and send its events.

        A screening station's recording sends none.
        """
        with self._timeline.writing():
            now = self._timeline.micros()
            at = now if recorded_at is None else int(recorded_at * MICRO)
            recording = Recording(self._timeline.new_id(), at, now, fields)
            self.insert([recording])
            patient = self._patients.get(fields.patient_id)
            if patient is not None and not fields.screening:
                details = EventDetails(patient_id=patient.id, mrn=patient.mrn, recording_id=recording.id)
                self._outbox.emit(WebhookEvent.NEW_RECORDING, details)
                self._outbox.emit(WebhookEvent.QT_ANALYSIS, details)
            return recording

    def amend(self, recording_id: str, **values: str | tuple[str, ...]) -> list[WebhookMessage]:
        """Overwrite note, tags, symptoms or activities, and return the queued events.

        Raises:
            KeyError: no such field or no such recording.
        """
        if unknown := set(values) - _CHANGEABLE:
            raise KeyError(f"no such field: {min(unknown)}")
        names = ", ".join(f"{name} = ?" for name in values)
        texts = [
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for value in values.values()
        ]
        with self._timeline.writing() as db:
            sql = f"UPDATE recordings SET {names} WHERE id = ?"  # noqa: S608 - checked
            if db.execute(sql, (*texts, recording_id)).rowcount != 1:
                raise KeyError("no such recording")
            shown = {"note": "note", "tags": "tags_data"}
            fields = tuple(name for key, name in shown.items() if key in values)
            team = self._settings.teams()[0]
            details = EventDetails(
                recording_id=recording_id, fields=fields, team_id=team.id, team_name=team.name
            )
            events = [WebhookEvent.RECORDING_UPDATED] if fields else []
            events += [WebhookEvent.SYMPTOMS] if "symptoms" in values else []
            events += [WebhookEvent.ACTIVITIES] if "activities" in values else []
            return [message for event in events for message in self._outbox.emit(event, details)]

    def measure(self, recording_id: str, body: str) -> None:
        """Store a QT measurement (JSON text) and send its event."""
        with self._timeline.writing() as db:
            recording = self.get(recording_id)
            values = (self._timeline.new_id(), recording_id, body)
            db.execute("INSERT INTO measurements VALUES (?, ?, ?)", values)
            if recording is not None:
                details = EventDetails(patient_id=recording.fields.patient_id, recording_id=recording_id)
                self._outbox.emit(WebhookEvent.QT_RESULT, details)

    def measurements(self, recording_id: str) -> list[str]:
        """Return the QT measurements of a recording as JSON texts, oldest first."""
        sql = "SELECT body FROM measurements WHERE recording_id = ? ORDER BY rowid"
        return [row[0] for row in self._timeline.rows(sql, recording_id)]


def of_patient(patient_id: str) -> Feed[Recording]:
    """Return the list of "Get Patient Recordings"."""
    return _feed("patient_id = ?", patient_id)


def _feed(condition: str, value: str | int) -> Feed[Recording]:
    count = f"SELECT COUNT(*) FROM recordings WHERE {condition}"  # noqa: S608 - constants
    return Feed(_SELECT + condition, count, (value,), _recording, "recorded_at")


def _row(recording: Recording) -> tuple[Any, ...]:
    values = [
        json.dumps(v, ensure_ascii=False) if isinstance(v, tuple) else v for v in astuple(recording.fields)
    ]
    return (recording.id, recording.recorded, recording.added, *values)


def _recording(seq: int, recording_id: str, recorded: int, added: int, *row: Any) -> Recording:
    fields = RecordingFields(*row)
    lists: dict[str, Any] = {name: tuple(json.loads(getattr(fields, name))) for name in _LISTS}
    fields = replace(fields, screening=bool(fields.screening), **lists)
    return Recording(recording_id, recorded, added, fields, seq)


_ALL = _feed("screening >= ?", 0)
APP_RECORDINGS = _feed("screening = ?", 0)
"""The list of "Get All Recordings": recorded in the patients' applications."""
SCREENING_RECORDINGS = _feed("screening = ?", 1)
"""The list of "Get All Screening Station Recordings"."""
