"""The ports that ``api`` and ``state`` implement. Observing gets a Reader; only apply gets a Writer.

Reader and Writer refuse every request that a subclass does not define: a dialect defines what its API offers,
a test what it needs.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, NoReturn, Protocol

from kardia_ctl.model.errors import ApiError, NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, IssuedCode, LivePatient, PatientsPage
from kardia_ctl.model.state import Entry, State
from kardia_ctl.model.template import LiveTemplate


def always() -> bool:
    """The answer of a request that rests on no look: it may be sent whenever its turn comes."""
    return True


def _defect(port: object, request: str) -> str:
    """The message for a defect: declarations are checked against the dialect before anything is sent."""
    return f"{type(port).__name__} cannot {request}. This is a bug; please report this line"


class Reader:
    """Safe reads only. Every method raises ``ApiError`` when there is no usable response."""

    def _refuse(self, request: str, *_unused: Any) -> NoReturn:
        raise ApiError(_defect(self, request))

    async def patients(self, limit: int, start: str | None) -> PatientsPage:
        """One page of GET /v1/patients; ``limit`` 1 to 500, ``start`` a cursor from the server."""
        self._refuse("list patients", limit, start)

    async def patient(self, patient_id: str) -> LivePatient | None:
        """GET /v1/patients/:id; None on 404."""
        self._refuse("read a patient", patient_id)

    async def setting(self, kind: Kind) -> str | None:
        """The value of a setting: GET /v1/callback or /v1/qtCallback.

        None when nothing is set (empty, null, 404 or 400).
        """
        self._refuse(f"read the {kind.facts.singular}")

    async def templates(self) -> tuple[LiveTemplate, ...]:
        """GET /v1/teamConnectionTemplate."""
        self._refuse("list connection templates")

    async def recordings(self, patient_id: str) -> int | None:
        """How many recordings a patient has: GET /v1/patients/:id/recordings.

        None unless the response proves the number: 0 means that there certainly are none.
        """
        self._refuse("count recordings", patient_id)


class Writer:
    """Everything that has an effect.

    Every method raises ``NotExecuted`` when the write certainly had no effect (``Unauthorized`` for 401) and
    ``InDoubt`` when it may have had. A method that is not repeatable sends its request once.
    """

    def _refuse(self, request: str, *_unused: Any) -> NoReturn:
        raise NotExecuted(_defect(self, request))

    async def create_patient(self, patient: DesiredPatient) -> LivePatient:
        """POST /v1/patients; the response has an id. Not repeatable."""
        self._refuse("create a patient", patient)

    async def issue_code(self, patient_id: str, mrn: str, template_id: str) -> IssuedCode:
        """GET /v1/patients/:id/code: an effect, possibly a billable order. Repeatable."""
        self._refuse("issue a connection code", patient_id, mrn, template_id)

    async def set_setting(self, kind: Kind, value: str) -> None:
        """PUT /v1/callback or /v1/qtCallback. Repeatable."""
        self._refuse(f"set the {kind.facts.singular}", value)

    async def add_service_provider(self, team: str, provider: str) -> None:
        """POST /partner/v1/teams/:id/serviceProviderTeams/:spid. Repeatable."""
        self._refuse("add a service provider", team, provider)

    async def disconnect(self, patient_id: str) -> None:
        """POST /v1/patients/:id/disconnect. Repeatable."""
        self._refuse("disconnect a patient", patient_id)

    async def delete_patient(self, patient_id: str, is_current: Callable[[], bool] = always) -> None:
        """DELETE /v1/patients/:id; accepted, not yet gone. Repeatable.

        ``is_current`` says whether the look at the patient is still fresh; it is asked before each attempt.

        Raises:
            NotExecuted: 404 (``doubted``: and an earlier attempt is in doubt), or another refusal.
            Outdated: the look had become too old, and no attempt is in doubt.
            InDoubt: as for every write.
        """
        self._refuse("delete a patient", patient_id, is_current)

    async def export_patient(self, patient_id: str) -> None:
        """GET /v1/patients/:id/export: an effect; queued, and mailed to the key's owner. Not repeatable."""
        self._refuse("export a patient", patient_id)

    async def create_user(self, patient_id: str, email: str, country: str, password: str) -> str:
        """POST /v1/users or /e/v1/user; the token for ``redeem``, empty in v1. Not repeatable."""
        self._refuse("create a mobile user", patient_id, email, country, password)

    async def redeem(self, code: str, token: str) -> None:
        """POST /e/v1/connection: connect the token's user to the code's patient. Not repeatable."""
        self._refuse("redeem a connection code", code, token)


class Store(Protocol):
    """Stores state. Methods raise ``StateError``."""

    @property
    def commits_slowly(self) -> bool:
        """Whether a commit may take as long as a request to the API, so that more of them share one."""
        ...

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        ...

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all. Only while the lock is held."""
        ...

    def lock(self, operation: str) -> AbstractContextManager[None]:
        """Hold the single writer's lock; it ends with the process. Raises ``LockHeld``."""
        ...

    def check_lock(self) -> None:
        """Check that the lock is still held, before a request is sent. Raises when it may be another run's.

        Called in the event loop for every request: it must not wait unless the lock was unproven for long.
        """

    def activity(self) -> str:
        """One line when an apply is running or ended without finishing, else empty. Never waits."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...
