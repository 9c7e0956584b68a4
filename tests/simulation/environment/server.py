"""The server's account as it really is, and the concurrent writer. Each effect happens at one moment."""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import unquote

from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.values import PatientFields
from tests.simulation.environment.leaving import Leaving
from tests.simulation.scenario import Scenario

START: Final = 1_772_445_600.0
"""Unix seconds at which every story begins."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of the server."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Twin:
    """Two patients with one mrn: the ids of the one who stays, and of the one who leaves."""

    mrn: str
    stays: str
    leaves: str


class Server:
    """The sandbox in this process, without its own faults: the network has them."""

    def __init__(self, story: Scenario, time: Callable[[], float], log: Callable[[str], None]) -> None:
        self.account = Account(now=lambda: START + time(), seed=story.seed)
        self._app = create_app(self.account, story.quirks)
        self._story = story
        self._rng = Random(f"visitors/{story.seed}")
        self._log = log
        self._visitors: list[str] = []
        self.strangers: set[str] = set()
        """Ids that we did not create."""
        self.altered: set[str] = set()
        """The mrns of whom it stored otherwise than they were sent."""
        self.snatched: dict[str, int] = {}
        """By mrn, in which run somebody else created a patient of ours right before we did."""
        self.account.patients.seed(story.crowd, story.seed)
        self.strangers.update(patient.id for patient in self.account.patients.all())
        self.initial = sorted(self.strangers)
        for mrn in story.present:
            self.strangers.add(self.account.patients.add(same(story.desired.patients[mrn])))
        self.leaving = {mrn: self.account.patients.add(stranger(mrn)) for mrn in story.leaving}
        """The ids of those who are to leave."""
        self.strangers.update(self.leaving.values())
        self.twin: Twin | None = None
        if mrn := story.hazards.twin:
            stays = next(patient.id for patient in self.account.patients.all() if patient.mrn == mrn)
            self.twin = Twin(mrn, stays, self.account.patients.add(same(story.desired.patients[mrn])))
            self.strangers.add(self.twin.leaves)
        leaver = story.hazards.leaver
        self.leaver = None if leaver is None else Leaving(leaver, self.account, time)
        if self.leaver is not None:
            self.strangers.add(self.leaver.id)

    def close(self) -> None:
        self.account.close()

    def answer(
        self, method: str, path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> Answer:
        """Execute a request at this moment, and return its response."""
        answer = ask(self._app, method, path, query, headers, body)
        if self.leaver is None:
            return answer
        status, content = self.leaver.answered(f"{method} {path}", answer.status, answer.body)
        return Answer(status, answer.headers, content)

    def visit(self) -> None:
        """The concurrent writer adds somebody, or rarely removes somebody whom it added."""
        if self._visitors and self._rng.random() < 0.3:
            self.account.patients.remove(self._visitors.pop())
            self._log("the concurrent writer removes a patient")
            return
        lag = self._story.quirks.list_lag
        fields = stranger(f"visitor-{len(self.strangers)}")
        self._visitors.append(self.account.patients.add(fields, list_lag=self._rng.choice((0.0, lag))))
        self.strangers.add(self._visitors[-1])
        self._log(f"the concurrent writer adds {fields.mrn}")

    def arrive(self) -> None:
        """Somebody else adds a patient, whom the list shows at once."""
        self.strangers.add(self.account.patients.add(stranger(f"newcomer-{len(self.strangers)}")))
        self._log("a newcomer comes")

    def snatch(self, want: DesiredPatient, run: int) -> None:
        """Somebody else creates a patient right before a run does."""
        self.snatched[want.mrn] = run
        self.rival(want)

    def rival(self, want: DesiredPatient) -> None:
        """The concurrent writer adds a patient with an mrn that is ours; the other fields may be equal."""
        fields = same(want) if self._rng.random() < 0.5 else stranger(want.mrn)
        self.strangers.add(self.account.patients.add(fields))
        self._log(f"the concurrent writer adds {want.mrn}, which is ours")

    def listed_since(self, mrn: str) -> float | None:
        """The second since which the list shows somebody with this mrn whom we did not create."""
        found = (one for one in self.account.patients.all() if one.mrn == mrn and one.id in self.strangers)
        return min((one.created_at - START for one in found), default=None)


def ask(
    app: Callable[..., Coroutine[Any, Any, None]],
    method: str,
    path: str,
    query: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
) -> Answer:
    """What an application answers to a request at this moment."""
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in headers],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    _at_once(app(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    kept = [(name, value) for name, value in sent[0]["headers"] if name != b"content-length"]
    return Answer(sent[0]["status"], kept, content)


def _at_once(answering: Coroutine[Any, Any, None]) -> None:
    """Run the application to its end: with its data in memory it never waits."""
    try:
        answering.send(None)
    except StopIteration:
        return
    raise AssertionError("the server waits for something")


def stranger(mrn: str) -> PatientFields:
    return PatientFields(mrn, "1920-01-01", f"{mrn}@example.org", "Some", f"Body {mrn}", 9)


def same(want: DesiredPatient) -> PatientFields:
    return PatientFields(
        want.mrn,
        want.dob,
        want.email,
        want.firstname or None,
        want.lastname,
        int(want.sex) if want.sex else None,
    )
