"""What is truly the case in an account: what a test asks after its client did what it did."""

from kardia_ctl.sandbox.account import ledger
from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.timeline import Timeline
from kardia_ctl.sandbox.data.values import Code, Hook, Patient, Provider, RequestRecord, Template


class GroundTruth(Timeline):
    """The reading side of an account."""

    def callback(self, hook: Hook) -> str | None:
        """Return a callback URL, None when none was set."""
        with self.reading() as db:
            return ledger.callback(db, hook)

    def teams(self) -> list[ledger.Team]:
        """Return the teams of the account."""
        with self.reading() as db:
            return ledger.teams(db)

    def patients(self) -> list[Patient]:
        """Return every patient that exists, newest first, in the list or not."""
        with self.reading() as db:
            return patient_rows.everyone(db)

    def patient(self, patient_id: str) -> Patient | None:
        """Return one patient."""
        with self.reading() as db:
            return patient_rows.one(db, patient_id)

    def phone(self, patient_id: str) -> str | None:
        """Return a patient's phone number, which only the pro API takes."""
        with self.reading() as db:
            return ledger.phone(db, patient_id)

    def codes(self) -> list[Code]:
        """Return every code that was ever minted, oldest first: each may have been an order."""
        with self.reading() as db:
            return ledger.codes(db)

    def templates(self) -> list[Template]:
        """Return the connection templates."""
        with self.reading() as db:
            return ledger.templates(db)

    def providers(self) -> list[Provider]:
        """Return the service providers that were added."""
        with self.reading() as db:
            return ledger.providers(db)

    def exports(self) -> list[str]:
        """Return the ids of the patients whose export was asked for, oldest first."""
        with self.reading() as db:
            return ledger.exports(db)

    def keys(self) -> list[str]:
        """Return the API keys that are accepted, oldest first."""
        with self.reading() as db:
            return ledger.keys(db)

    def requests(self, *, method: str | None = None, route: str | None = None) -> list[RequestRecord]:
        """Return the requests that arrived, oldest first, optionally of one method or one path template."""
        with self.reading() as db:
            return ledger.requests(db, method, route)
