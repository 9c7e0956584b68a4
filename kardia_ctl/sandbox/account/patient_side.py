"""What the patients' side does: people join, connect, record, and the account's callbacks hear of it."""

from collections.abc import Callable
from random import Random

from kardia_ctl.sandbox.account import app_users as users
from kardia_ctl.sandbox.account import ecg_recordings as recordings
from kardia_ctl.sandbox.account import ledger, outbox
from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.app_users import User
from kardia_ctl.sandbox.account.ecg_recordings import Draft, New, Recording
from kardia_ctl.sandbox.account.outbox import Delivery
from kardia_ctl.sandbox.account.timeline import MICRO, Timeline
from kardia_ctl.sandbox.account.webhook_events import About, Event, Message
from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import Patient


class Life:
    """The application of the patients, the screening stations and the vendor's staff, for one account.

    Every method is atomic.
    """

    def __init__(self, timeline: Timeline, random: Random, new_id: Callable[[], str]) -> None:
        self._timeline = timeline
        self._random = random
        self._new_id = new_id

    # Connections

    def find(self, *, patient_id: str | None = None, mrn: str | None = None) -> Patient | None:
        """Return a patient by its id or, the newest one, by its mrn."""
        with self._timeline.reading() as db:
            if patient_id is not None:
                return patient_rows.one(db, patient_id)
            return None if mrn is None else patient_rows.newest_with(db, mrn)

    def newest_patient(self) -> Patient | None:
        """Return the patient that was added last."""
        with self._timeline.reading() as db:
            return patient_rows.newest(db)

    def add_user(self, email: str, country: str) -> str:
        """Add a mobile user and return its token."""
        with self._timeline.writing() as db:
            return users.add(db, email, country, self._random)

    def has_user(self, email: str) -> bool:
        """Whether a mobile user has this e-mail address."""
        with self._timeline.reading() as db:
            return users.has_email(db, email)

    def has_token(self, token: str) -> bool:
        """Whether this is a mobile user's token."""
        with self._timeline.reading() as db:
            return users.has_token(db, token)

    def users(self) -> list[User]:
        """Return the mobile users, oldest first."""
        with self._timeline.reading() as db:
            return users.everyone(db)

    def connect(self, patient_id: str) -> bool:
        """Connect a patient without a code, as a user of its own does; whether the patient exists."""
        with self._timeline.writing() as db:
            patient = patient_rows.one(db, patient_id)
            if patient is not None:
                users.connect(db, patient, self._timeline.micros())
            return patient is not None

    def accepts_code(self, code: str) -> bool:
        """Whether a code can be redeemed: it is known, valid and unused."""
        with self._timeline.reading() as db:
            return users.holder(db, code) is not None

    def open_code(self, patient_id: str) -> str | None:
        """Return a code of the patient that can be redeemed."""
        with self._timeline.reading() as db:
            return users.open_code(db, patient_id)

    def redeem(self, code: str) -> Patient | None:
        """Turn a code into a connection; None for a code that cannot be redeemed."""
        with self._timeline.writing() as db:
            patient = users.holder(db, code)
            if patient is None:
                return None
            users.redeem(db, code, patient, self._timeline.micros())
            return patient_rows.one(db, patient.id)

    def new_code(self, patient_id: str, template_id: str) -> str:
        """Generate a code, as the pro API does each time: an older one for the same template is void then."""
        with self._timeline.writing() as db:
            code, now = invented.random_code(self._random), self._timeline.micros()
            patient = patient_rows.one(db, patient_id)
            ledger.void_code(db, patient_id, template_id, now)
            ledger.mint(db, code, patient_id, template_id, now)
            if patient is not None:
                patient_rows.set_pending(db, patient_id)
            return code

    # Recordings

    def record(self, draft: Draft, *, recorded_at: float | None = None) -> Recording:
        """Add a recording, now unless told otherwise (seconds); the callbacks hear of what an app records."""
        with self._timeline.writing() as db:
            now = self._timeline.micros()
            at = now if recorded_at is None else int(recorded_at * MICRO)
            number = self._new_id()
            recordings.insert(db, [New(number, at, now, draft)])
            patient = patient_rows.one(db, draft.patient_id)
            if patient is not None and not draft.screening:
                about = About(patient_id=patient.id, mrn=patient.mrn, recording_id=number)
                outbox.emit(db, Event.NEW_RECORDING, about, now)
                outbox.emit(db, Event.QT_ANALYSIS, about, now)
            made = recordings.one(db, number)
        assert made is not None  # noqa: S101 - it was just inserted
        return made

    def recording(self, recording_id: str) -> Recording | None:
        """Return a recording."""
        with self._timeline.reading() as db:
            return recordings.one(db, recording_id)

    def newest_recording(self, patient_id: str | None = None) -> Recording | None:
        """Return the newest recording, of one patient if asked for."""
        with self._timeline.reading() as db:
            return recordings.newest(db, patient_id)

    def recording_count(self) -> int:
        """Return how many recordings there are."""
        with self._timeline.reading() as db:
            return recordings.everything().total(db)

    def recordings(self) -> list[Recording]:
        """Return every recording, newest first."""
        with self._timeline.reading() as db:
            return recordings.everything().read(db, None, 1_000_000)

    def recorded_between(self, patient_id: str, start: float, end: float) -> list[Recording]:
        """Return what a patient recorded from one moment to another (seconds), oldest first."""
        with self._timeline.reading() as db:
            return recordings.between(db, patient_id, int(start * MICRO), int(end * MICRO))

    def amend(self, recording_id: str, **values: str | tuple[str, ...]) -> list[Message]:
        """Overwrite note, tags, symptoms or activities, and return what the callbacks hear of it.

        Raises:
            KeyError: no such field or no such recording.
        """
        with self._timeline.writing() as db:
            recordings.change(db, recording_id, values)
            names = (("note", "note"), ("tags", "tags_data"))
            fields = tuple(shown for name, shown in names if name in values)
            team = ledger.teams(db)[0]
            about = About(recording_id=recording_id, fields=fields, team_id=team.id, team_name=team.name)
            events = [Event.RECORDING_UPDATED] if fields else []
            events += [Event.SYMPTOMS] if "symptoms" in values else []
            events += [Event.ACTIVITIES] if "activities" in values else []
            now = self._timeline.micros()
            return [one for event in events for one in outbox.emit(db, event, about, now)]

    def measure(self, recording_id: str, body: str) -> None:
        """Keep a QT measurement (JSON); the callbacks hear of it."""
        with self._timeline.writing() as db:
            recording = recordings.one(db, recording_id)
            recordings.measure(db, self._new_id(), recording_id, body)
            if recording is not None:
                about = About(patient_id=recording.draft.patient_id, recording_id=recording_id)
                outbox.emit(db, Event.QT_RESULT, about, self._timeline.micros())

    def measurements(self, recording_id: str) -> list[str]:
        """Return the QT measurements of a recording as JSON texts, oldest first."""
        with self._timeline.reading() as db:
            return recordings.measurements(db, recording_id)

    # Events

    def emit(self, event: Event, about: About) -> list[Message]:
        """Queue an event for the callbacks that are set, and return what was queued."""
        with self._timeline.writing() as db:
            return outbox.emit(db, event, about, self._timeline.micros())

    def deliveries(self) -> list[Delivery]:
        """Return every attempt to deliver, oldest first."""
        with self._timeline.reading() as db:
            return outbox.deliveries(db)

    def waiting(self) -> int:
        """How many messages wait to be delivered."""
        with self._timeline.reading() as db:
            return outbox.waiting(db)
