"""One Kardia account in a SQLite file: what the sandbox serves."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kardia_ctl.sandbox.account import app_users as users
from kardia_ctl.sandbox.account import ledger
from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.database import Database
from kardia_ctl.sandbox.account.patient_side import Life
from kardia_ctl.sandbox.account.patient_table import Listed
from kardia_ctl.sandbox.account.queries import GroundTruth
from kardia_ctl.sandbox.account.timeline import MICRO
from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import (
    Hook,
    Issued,
    PatientFields,
    RequestRecord,
    Status,
    Template,
)


class Account(GroundTruth):
    """A team with its patients, codes, callbacks, providers, keys and templates.

    Every method is atomic and may be called from any thread. What time brings (a lagging list, a deletion, a
    late commit) takes effect when the account is next asked, at the time it was due.

    Attributes:
        is_new: whether this opening made the account.
        life: what the patients' side does and did: users, recordings, events.
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        now: Callable[[], float] = time.time,
        seed: int | None = None,
        api_key: str = invented.API_KEY,
    ) -> None:
        """Open the account at `path`, or create it with its team, its templates and its key.

        Args:
            path: a SQLite file, or ":memory:".
            now: the clock, in seconds since the epoch.
            seed: makes ids, codes and keys repeatable; without it they are from the system's secure source.
            api_key: the one key that a new account accepts.

        Raises:
            sqlite3.Error, OSError: the file cannot be opened or is no sandbox account.
        """
        super().__init__(Database(str(path)), now)
        with self._database.writing() as db:
            opened = ledger.open_account(db, self.micros(), api_key)
        # An account that is opened again must not draw the ids again that it has given out.
        self._random = random.SystemRandom() if seed is None else random.Random(f"{seed}/{opened}")  # noqa: S311 - asked for
        self.is_new = opened == 1
        self.life = Life(self, self._random, self.new_id)

    def new_id(self) -> str:
        """Draw an id of 32 letters and digits."""
        with self._database.reading():
            return invented.random_id(self._random)

    # Patients: what the endpoints do

    def add_patient(
        self,
        fields: PatientFields,
        *,
        patient_id: str | None = None,
        list_lag: float = 0.0,
        phone: str | None = None,
    ) -> str:
        """Create a patient and return its id; `list_lag` is in seconds."""
        with self.writing() as db:
            chosen, now = patient_id or self.new_id(), self.micros()
            listed_at = now + int(list_lag * MICRO)
            patient_rows.insert(db, [patient_rows.row_of(chosen, fields, Status.NONE, now, listed_at)])
            if phone is not None:
                ledger.set_phone(db, chosen, phone)
            return chosen

    def has_mrn(self, mrn: str) -> bool:
        """Whether a patient carries this mrn, byte for byte."""
        with self.reading() as db:
            return patient_rows.has_mrn(db, mrn)

    def patient_json(self, patient_id: str) -> Listed | None:
        """Return one patient as JSON text."""
        with self.reading() as db:
            return patient_rows.listed_one(db, patient_id)

    def delete_patient(self, patient_id: str, delay: float) -> bool:
        """Accept a deletion that takes effect in `delay` seconds; whether the patient exists.

        Asking again does not postpone it.
        """
        with self.writing() as db:
            gone_at = self.micros() + int(delay * MICRO)
            sql = "UPDATE patients SET gone_at = COALESCE(gone_at, ?) WHERE id = ?"
            return db.execute(sql, (gone_at, patient_id)).rowcount == 1

    def connection_code(self, patient_id: str, template_id: str) -> Issued | None:
        """Return the valid code of a patient and template, minting one if need be; None for no such patient.

        The patient is pending afterwards, unless it is connected (API reference, "Get Connection Code").
        """
        with self.writing() as db:
            patient = patient_rows.one(db, patient_id)
            if patient is None:
                return None
            code = ledger.valid_code(db, patient_id, template_id)
            if code is None:
                code = invented.random_code(self._random)
                ledger.mint(db, code, patient_id, template_id, self.micros())
            if patient.status is Status.CONNECTED:
                return Issued(code, Status.CONNECTED)
            patient_rows.set_status(db, patient_id, Status.PENDING)
            return Issued(code, Status.PENDING)

    def disconnect(self, patient_id: str) -> bool:
        """End a patient's connection and void its codes; whether the patient exists."""
        with self.writing() as db:
            patient = patient_rows.one(db, patient_id)
            if patient is not None:
                users.disconnect(db, patient, self.micros())
            return patient is not None

    def export(self, patient_id: str) -> bool:
        """Queue an export of a patient; whether the patient exists."""
        with self.writing() as db:
            exists = patient_rows.one(db, patient_id) is not None
            if exists:
                ledger.add_export(db, patient_id, self.micros())
            return exists

    def expire_codes(self, lifetime: float) -> None:
        """Void the codes that went unused for `lifetime` seconds."""
        with self.writing() as db:
            ledger.expire_codes(db, self.micros(), int(lifetime * MICRO))

    # Keys, callbacks, providers: what the endpoints do

    def accepts_key(self, key: str) -> bool:
        """Whether this API key is known and not revoked."""
        with self.reading() as db:
            return ledger.accepts_key(db, key)

    def key_for(self, email: str, password: str) -> str | None:
        """Return the newest API key of a login, None for wrong credentials."""
        with self.reading() as db:
            return ledger.newest_key(db) if ledger.accepts_login(db, email, password) else None

    def new_key(self, old: str, *, revoke: bool) -> str:
        """Add an API key, and revoke the old one if asked to."""
        with self.writing() as db:
            key = ledger.random_key(self._random)
            ledger.add_key(db, key)
            if revoke:
                ledger.revoke_key(db, old, self.micros())
            return key

    def set_callback(self, hook: Hook, url: str | None) -> None:
        """Set a callback URL; None makes it unset, which the API itself cannot."""
        with self.writing() as db:
            ledger.set_callback(db, hook, url)

    def add_provider(self, team_id: str, provider_id: str) -> bool:
        """Add a service provider, once however often it is asked for; whether the team exists."""
        with self.writing() as db:
            return ledger.add_provider(db, team_id, provider_id)

    def record(self, request: RequestRecord) -> None:
        """Write down that a request arrived."""
        with self._database.writing() as db:
            ledger.record(db, request)

    # The live side moves by itself

    def seed_patients(self, count: int, seed: int = 0, *, per_second: int = 1) -> None:
        """Add invented patients, the newest created now and each `per_second` of them a second earlier.

        Equal arguments on a new account with an equal clock give equal patients, ids included.
        """
        with self.writing() as db:
            ids, now = random.Random(f"ids/{seed}"), self.micros()  # noqa: S311 - repeatable on purpose
            first = 1 + int(db.execute("SELECT COUNT(*) FROM patients").fetchone()[0])
            people = invented.invented_patients(count, seed, first)
            ages = ((count - 1 - place) // per_second * MICRO for place in range(count))
            rows = (
                patient_rows.row_of(invented.random_id(ids), fields, Status.NONE, now - age, now - age)
                for fields, age in zip(people, ages, strict=True)
            )
            patient_rows.insert(db, rows)

    def set_status(self, patient_id: str, status: Status) -> None:
        """Set a connection status, as the patient's own application does on connecting."""
        with self.writing() as db:
            patient_rows.set_status(db, patient_id, status)

    def change_patient(self, patient_id: str, **values: str | int | None) -> None:
        """Overwrite fields, as a person in the vendor's application may.

        Raises:
            KeyError: no such field or no such patient.
        """
        with self.writing() as db:
            patient_rows.change(db, patient_id, values)

    def set_custom_fields(self, patient_id: str, fields: Iterable[Mapping[str, str]]) -> None:
        """Give a patient custom fields (API reference, "Custom Participant Fields Object").

        Raises:
            KeyError: no such patient.
        """
        with self.writing() as db:
            patient_rows.set_custom_fields(db, patient_id, fields)

    def remove_patient(self, patient_id: str) -> None:
        """Remove a patient at once."""
        with self.writing() as db:
            db.execute("DELETE FROM patients WHERE id = ?", (patient_id,))

    def add_key(self, key: str) -> None:
        """Accept one more API key."""
        with self.writing() as db:
            ledger.add_key(db, key)

    def add_template(self, template: Template) -> None:
        """Add a connection template."""
        with self.writing() as db:
            ledger.add_template(db, template)

    def remove_template(self, template_id: str) -> None:
        """Remove a connection template."""
        with self.writing() as db:
            db.execute("DELETE FROM templates WHERE id = ?", (template_id,))

    def add_team(self, team_id: str, name: str) -> None:
        """Add a team to the account."""
        with self.writing() as db:
            ledger.add_team(db, team_id, name, self.micros())
