"""A patient who is to be deleted, and what happens to that patient meanwhile."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import PatientFields, RecordingFields
from kardia_ctl.timing import FRESH
from tests.simulation.hazards import Leaver, Meanwhile

_NOT_THERE: Final = b'{"errors": [{"status": "404", "title": "Not Found"}]}'


@dataclass(slots=True)
class Leaving:
    """The patient of a story's ``Leaver`` in the account, and what the server did about that patient.

    Attributes:
        held: Since when a deletion would destroy something (seconds), None while it would not.
        looked_at: When the server last showed the patient and the recordings, None while it never did.
        asked: How many deletions reached the server.
        guesses: Deletions that were sent unseen, or although something would be destroyed.
    """

    leaver: Leaver
    account: Account
    time: Callable[[], float]
    id: str = ""
    held: float | None = None
    looked_at: float | None = None
    asked: int = 0
    guesses: list[str] = field(default_factory=list)
    _hidden: bool = False

    def __post_init__(self) -> None:
        """Enrol the patient, whom a lagging list may not show at first."""
        mrn, meanwhile = self.leaver.mrn, self.leaver.meanwhile
        self._hidden = meanwhile is Meanwhile.SEEMS_GONE
        fields = PatientFields(mrn, "1921-01-01", f"{mrn}@example.org", "Some", f"Body {mrn}", 9)
        lag = self.leaver.second if self._hidden else 0.0
        self.id = self.account.patients.add(fields, list_lag=lag)
        if meanwhile is Meanwhile.ODD_STATUS:
            self.account.connections.connect(self.id)
            self.held = self.time()

    def happens(self) -> None:
        """What happens in the second of the story, if the patient is still there."""
        if self.account.patients.get(self.id) is None:
            return
        match self.leaver.meanwhile:
            case Meanwhile.CONNECTS:
                self.account.connections.connect(self.id)
                self.held = self.time()
            case Meanwhile.IS_RECORDED:
                self.account.recordings.add(RecordingFields(self.id))
                self.held = self.time()
            case Meanwhile.DELETED_ELSEWHERE:
                self.account.patients.remove(self.id)
            case _:
                pass

    def leaves(self, name: str) -> None:
        """A request leaves the program: note a deletion that nothing justifies."""
        if name != f"DELETE /v1/patients/{self.id}" or self.held is None:
            return
        if self.account.patients.get(self.id) is None:
            return  # an earlier request that was late has deleted them: nothing is left to lose
        old = self.looked_at is None or self.time() - self.looked_at > FRESH
        if old or self.held <= (self.looked_at or 0.0):
            seen = "nobody looked" if self.looked_at is None else f"the last look was at {self.looked_at:.2f}"
            self.guesses.append(
                f"departure: {self.leaver.mrn} is deleted at {self.time():.2f} without a confirmation, with "
                f"something to lose since {self.held:.2f}; {seen}"
            )

    def answered(self, name: str, status: int, body: bytes) -> tuple[int, bytes]:
        """The server's answer, as it leaves the server."""
        path = f"/v1/patients/{self.id}"
        if name == f"GET {path}" and self._hidden:
            self._hidden = False
            return 404, _NOT_THERE
        if name == f"DELETE {path}":
            self.asked += 1
        last = "/recordings" if self.leaver.meanwhile is Meanwhile.IS_RECORDED else ""
        if name == f"GET {path}{last}":
            self.looked_at = self.time()
        spelt = self.leaver.meanwhile is Meanwhile.ODD_STATUS and status == 200
        return status, _in_capitals(body, self.id) if spelt and name.startswith("GET /v1/patients") else body

    def violations(self, departed: frozenset[str]) -> Iterator[str]:
        """What is wrong at the end; ``departed`` is what state has of the patient's departure."""
        yield from self.guesses
        live, mrn = self.account.patients.get(self.id), self.leaver.mrn
        if "delete" in departed and not self.asked:
            yield f"departure: {mrn} is recorded as deleted, and no deletion was ever received"
        if departed & {"delete", "gone"} and live is not None:
            yield f"departure: {mrn} is recorded as deleted, and is live"
        if live is None and not self.asked and self.leaver.meanwhile is not Meanwhile.DELETED_ELSEWHERE:
            yield f"departure: {mrn} is gone, and nobody asked for it"
        if live is not None and self.held is None:
            yield f"departure: {mrn} was not deleted"


def _in_capitals(body: bytes, patient_id: str) -> bytes:
    """An answer in which one patient's status is spelt in capitals."""
    decoded = json.loads(body)
    for patient in decoded.get("patients", [decoded]):
        if patient.get("id") == patient_id and isinstance(patient.get("status"), str):
            patient["status"] = patient["status"].upper()
    return json.dumps(decoded).encode()
