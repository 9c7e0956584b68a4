"""The ports that cli plugs ``api`` and ``state`` into. Observing gets a Reader, only apply gets a Writer."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient, PatientsPage, Template
from kardia_ctl.model.state import Entry, State


class Reader(Protocol):
    """Safe reads only. Every method raises ``ApiError`` when the answer cannot be had or understood."""

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        """One page of GET /v1/patients; ``limit`` 1 to 500, ``start`` a cursor as the server gave it."""
        ...

    async def patient(self, patient_id: str) -> LivePatient | None:
        """GET /v1/patients/:id; None on 404."""
        ...

    async def callback(self, kind: Kind) -> str | None:
        """GET /v1/callback or /v1/qtCallback; None when nothing is set (empty, null, 404 or 400)."""
        ...

    async def templates(self) -> tuple[Template, ...]:
        """GET /v1/teamConnectionTemplate."""
        ...

    async def recordings(self, patient_id: str) -> int | None:
        """How many recordings a patient has (GET /v1/patients/:id/recordings); None when it is not said."""
        ...


class Writer(Protocol):
    """Everything that has an effect.

    Every method raises ``NotExecuted`` when the write certainly had no effect (``Unauthorized`` for 401) and
    ``InDoubt`` when it may have had. Nothing that is not repeatable is sent a second time inside.
    """

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        """POST /v1/patients; the answer has an id. Not repeatable."""
        ...

    async def issue_code(self, patient_id: str, mrn: str, template_id: str) -> IssuedCode:
        """GET /v1/patients/:id/code: an effect, possibly a billable order. Repeatable."""
        ...

    async def set_callback(self, kind: Kind, url: str) -> None:
        """PUT /v1/callback or /v1/qtCallback. Repeatable."""
        ...

    async def add_service_provider(self, team: str, provider: str) -> None:
        """POST /partner/v1/teams/:id/serviceProviderTeams/:spid. Repeatable."""
        ...

    async def disconnect(self, patient_id: str) -> None:
        """POST /v1/patients/:id/disconnect. Repeatable."""
        ...

    async def delete_patient(self, patient_id: str) -> None:
        """DELETE /v1/patients/:id; accepted, not yet gone. Repeatable; 404 raises ``NotExecuted``."""
        ...

    async def export_patient(self, patient_id: str) -> None:
        """GET /v1/patients/:id/export: an effect; queued, and mailed to the key's owner. Not repeatable."""
        ...

    async def create_user(self, patient_id: str, email: str, country: str, password: str) -> str:
        """POST /v1/users or /e/v1/user; the token that ``redeem`` wants, if any. Not repeatable."""
        ...

    async def redeem(self, code: str, token: str) -> None:
        """POST /e/v1/connection: connect the user of a token through a code. Not repeatable."""
        ...


class Store(Protocol):
    """Where state is kept. Methods raise ``StateError``."""

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        ...

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all. Only while the lock is held."""
        ...

    def lock(self, operation: str) -> AbstractContextManager[None]:
        """Hold the one writer's lock; it dies with its holder. Raises ``LockHeld``."""
        ...

    def activity(self) -> str:
        """One line when an apply is running or ended without finishing, else empty. Never waits."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
