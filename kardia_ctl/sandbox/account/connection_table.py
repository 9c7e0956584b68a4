"""The tables of connection codes and mobile users: how patients get connected."""

from dataclasses import dataclass, field

from kardia_ctl.sandbox.account.outbox import Outbox
from kardia_ctl.sandbox.account.patient_table import PatientTable
from kardia_ctl.sandbox.account.timeline import MICRO, Timeline
from kardia_ctl.sandbox.account.webhook_events import EventDetails, WebhookEvent
from kardia_ctl.sandbox.data.invented import random_code, random_id
from kardia_ctl.sandbox.data.values import MintedCode, Patient, PatientStatus, ValidCode

_OPEN = "voided_at IS NULL AND code NOT IN (SELECT code FROM redemptions)"
"""The condition of a code that can be redeemed: valid and unused."""


@dataclass(frozen=True, slots=True)
class AppUser:
    """A user of the Kardia application; the password is not stored."""

    email: str
    country: str
    token: str = field(repr=False)


class ConnectionTable:
    """The connection codes and mobile users of an account. Every method is atomic."""

    def __init__(self, timeline: Timeline, patients: PatientTable, outbox: Outbox) -> None:
        self._timeline = timeline
        self._patients = patients
        self._outbox = outbox

    def codes(self) -> list[MintedCode]:
        """Return every code that was ever minted, oldest first: each may have been an order."""
        sql = "SELECT code, patient_id, template_id, minted_at / 1e6, voided_at / 1e6 FROM codes ORDER BY seq"
        return [MintedCode(*row) for row in self._timeline.rows(sql)]

    def add_code(self, code: str, patient_id: str, template_id: str) -> None:
        """Store a new code."""
        sql = "INSERT INTO codes (code, patient_id, template_id, minted_at) VALUES (?, ?, ?, ?)"
        self._timeline.run(sql, code, patient_id, template_id, self._timeline.micros())

    def valid_code(self, patient_id: str, template_id: str) -> ValidCode | None:
        """Return the valid code of a patient and template, minted if necessary; None for an unknown patient.

        The patient is pending afterwards, unless it is connected (API reference, "Get Connection Code").
        """
        with self._timeline.writing():
            patient = self._patients.get(patient_id)
            if patient is None:
                return None
            sql = "SELECT code FROM codes WHERE patient_id = ? AND template_id = ? AND voided_at IS NULL"
            code: str | None = self._timeline.value(sql, patient_id, template_id)
            if code is None:
                code = random_code(self._timeline.random)
                self.add_code(code, patient_id, template_id)
            if patient.status is PatientStatus.CONNECTED:
                return ValidCode(code, PatientStatus.CONNECTED)
            self._patients.set_status(patient_id, PatientStatus.PENDING)
            return ValidCode(code, PatientStatus.PENDING)

    def new_code(self, patient: Patient, template_id: str) -> str:
        """Mint a code, as each call of the pro API does; the old code of the template becomes void."""
        with self._timeline.writing():
            code, now = random_code(self._timeline.random), self._timeline.micros()
            where = "voided_at IS NULL AND patient_id = ? AND template_id = ?"
            sql = f"UPDATE codes SET voided_at = ? WHERE {where}"  # noqa: S608 - constants
            self._timeline.run(sql, now, patient.id, template_id)
            self.add_code(code, patient.id, template_id)
            sql = "UPDATE patients SET status = 'pending' WHERE id = ? AND status = 'none'"
            self._timeline.run(sql, patient.id)
            return code

    def expire_codes(self, lifetime: float) -> None:
        """Void codes of pending patients after `lifetime` seconds; a patient without codes is not pending."""
        values = {"now": self._timeline.micros(), "lifetime": int(lifetime * MICRO)}
        with self._timeline.writing() as db:
            db.execute(
                "UPDATE codes SET voided_at = minted_at + :lifetime"
                " WHERE voided_at IS NULL AND minted_at + :lifetime <= :now"
                " AND patient_id IN (SELECT id FROM patients WHERE status = 'pending')",
                values,
            )
            db.execute(
                "UPDATE patients SET status = 'none' WHERE status = 'pending' AND id NOT IN"
                " (SELECT patient_id FROM codes WHERE voided_at IS NULL)"
            )

    def open_code(self, patient_id: str) -> str | None:
        """Return the patient's newest code that can be redeemed."""
        sql = f"SELECT code FROM codes WHERE patient_id = ? AND {_OPEN} ORDER BY seq DESC LIMIT 1"  # noqa: S608 - constants
        code: str | None = self._timeline.value(sql, patient_id)
        return code

    def is_open(self, code: str) -> bool:
        """Return whether a code can be redeemed: it exists, is valid and is unused."""
        return self._holder(code) is not None

    def redeem(self, code: str) -> Patient | None:
        """Connect the code's patient, and return it; None for a code that cannot be redeemed."""
        with self._timeline.writing():
            patient = self._holder(code)
            if patient is None:
                return None
            self.mark_redeemed(code)
            self.connect(patient.id)
            return self._patients.get(patient.id)

    def mark_redeemed(self, code: str) -> None:
        """Record that a code was used."""
        self._timeline.run("INSERT INTO redemptions VALUES (?, ?)", code, self._timeline.micros())

    def connect(self, patient_id: str) -> bool:
        """Connect a patient and send the event, unless it is connected; return whether the patient exists."""
        with self._timeline.writing():
            patient = self._patients.get(patient_id)
            if patient is not None and patient.status is not PatientStatus.CONNECTED:
                self._patients.set_status(patient_id, PatientStatus.CONNECTED)
                self._emit(WebhookEvent.CONNECTED, patient)
            return patient is not None

    def disconnect(self, patient_id: str) -> bool:
        """End a patient's connection and void its codes; return whether the patient exists.

        The event is sent if the patient was connected.
        """
        with self._timeline.writing():
            patient = self._patients.get(patient_id)
            if patient is None:
                return False
            sql = "UPDATE codes SET voided_at = ? WHERE patient_id = ? AND voided_at IS NULL"
            self._timeline.run(sql, self._timeline.micros(), patient_id)
            self._patients.set_status(patient_id, PatientStatus.NONE)
            if patient.status is PatientStatus.CONNECTED:
                self._emit(WebhookEvent.DISCONNECTED, patient)
            return True

    def users(self) -> list[AppUser]:
        """Return the mobile users, oldest first."""
        rows = self._timeline.rows("SELECT email, country, token FROM users ORDER BY seq")
        return [AppUser(*row) for row in rows]

    def add_user(self, email: str, country: str) -> str:
        """Add a mobile user and return its token."""
        with self._timeline.writing() as db:
            token = random_id(self._timeline.random)
            db.execute("INSERT INTO users (email, country, token) VALUES (?, ?, ?)", (email, country, token))
            return token

    def has_user(self, email: str) -> bool:
        """Return whether a mobile user has this e-mail address, ignoring case."""
        return self._timeline.row("SELECT 1 FROM users WHERE lower(email) = lower(?)", email) is not None

    def has_token(self, token: str) -> bool:
        """Return whether this is a mobile user's token."""
        return self._timeline.row("SELECT 1 FROM users WHERE token = ?", token) is not None

    def _holder(self, code: str) -> Patient | None:
        patient_id = self._timeline.value(f"SELECT patient_id FROM codes WHERE code = ? AND {_OPEN}", code)  # noqa: S608 - constants
        return None if patient_id is None else self._patients.get(patient_id)

    def _emit(self, event: WebhookEvent, patient: Patient) -> None:
        self._outbox.emit(event, EventDetails(patient_id=patient.id, mrn=patient.mrn))
