"""The table of ECG recordings, with their QT measurements."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from kardia_ctl.sandbox.account.feed import Feed
from kardia_ctl.sandbox.account.outbox import Outbox
from kardia_ctl.sandbox.account.patient_table import PatientTable
from kardia_ctl.sandbox.account.team_settings import TeamSettings
from kardia_ctl.sandbox.account.timeline import MICRO, Timeline
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent, WebhookMessage
from kardia_ctl.sandbox.data.invented_ecg import Trace

_COLUMNS = (
    "id, patient_id, screening, recorded_at, offset_minutes, created_at, duration, heart_rate,"
    " determination, note, tags, leads, seed, symptoms, activities"
)
_SELECT = f"SELECT seq, {_COLUMNS} FROM recordings WHERE "  # noqa: S608 - constants
_INSERT = f"INSERT INTO recordings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_CHANGEABLE = frozenset(("note", "tags", "symptoms", "activities"))


@dataclass(frozen=True, slots=True)
class RecordingFields:
    """The content of a recording.

    Attributes:
        patient_id: the id of the patient.
        duration: in milliseconds.
        heart_rate: in beats per minute.
        determination: one of `invented_ecg.DETERMINATIONS`.
        note: the patient's note.
        tags: the patient's tags.
        symptoms: the names of the patient's symptoms.
        activities: the names of the patient's activities.
        leads: 1 or 6.
        screening: whether a screening station recorded it instead of the patient's own application.
        offset_minutes: the offset of the patient's clock from UTC.
        seed: the seed of the waveform.
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
    """A recording; `recorded` and `added` are in microseconds, `seq` is its row number once it is stored."""

    id: str
    recorded: int
    added: int
    fields: RecordingFields
    seq: int = 0

    @property
    def created_at(self) -> int:
        """The time that orders lists: when it was recorded, in microseconds."""
        return self.recorded

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded, in the patient's own time zone."""
        zone = timezone(timedelta(minutes=self.fields.offset_minutes))
        return datetime.fromtimestamp(self.recorded // MICRO, zone)

    @property
    def added_at(self) -> str:
        """When the account received it, in the format of the symptoms' and activities' timestamps."""
        return datetime.fromtimestamp(self.added / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def trace(self) -> Trace:
        """The parameters of its samples."""
        fields = self.fields
        return Trace(fields.seed, fields.determination, fields.heart_rate, fields.duration, fields.leads)


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
        texts = [value if isinstance(value, str) else _json(value) for value in values.values()]
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
    fields = recording.fields
    return (
        recording.id,
        fields.patient_id,
        fields.screening,
        recording.recorded,
        fields.offset_minutes,
        recording.added,
        fields.duration,
        fields.heart_rate,
        fields.determination,
        fields.note,
        _json(fields.tags),
        fields.leads,
        fields.seed,
        _json(fields.symptoms),
        _json(fields.activities),
    )


def _recording(*row: Any) -> Recording:
    seq, number, patient, screening, recorded, offset, added, duration, rate, *rest = row
    determination, note, tags, leads, seed, symptoms, activities = rest
    fields = RecordingFields(
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
    return Recording(number, recorded, added, fields, seq)


def _json(values: tuple[str, ...]) -> str:
    return json.dumps(values, ensure_ascii=False)


_ALL = _feed("screening >= ?", 0)
APP_RECORDINGS = _feed("screening = ?", 0)
"""The list of "Get All Recordings": recorded in the patients' applications."""
SCREENING_RECORDINGS = _feed("screening = ?", 1)
"""The list of "Get All Screening Station Recordings"."""
