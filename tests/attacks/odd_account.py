"""A small v1 server that stores, answers and lists as a test says, and a person at the command line."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kardia_ctl.cli.main import run
from kardia_ctl.sandbox.server import serving

Patient = dict[str, Any]
LOST = 503
"""A status that leaves a create in doubt."""


def as_sent(patient: Patient) -> Patient:
    """The patient unchanged."""
    return patient


@dataclass
class OddAccount:
    """An account, newest patient first.

    Attributes:
        stores: What a create stores; None stores nothing.
        answers: The body or the status that a create is answered with.
        lists: What the list shows of a stored patient; None hides it.
        patients: What is stored.
        orders: The ids for which a code was ordered.
        log: Method and path of each request.
    """

    stores: Callable[[Patient], Patient | None] = as_sent
    answers: Callable[[Patient], Patient | int] = as_sent
    lists: Callable[[Patient], Patient | None] = as_sent
    patients: list[Patient] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    _made: int = 0

    def add(self, mrn: str, dob: str = "1990-01-01", email: str = "else@example.com", **more: str) -> str:
        """Somebody else creates a patient; its id."""
        self._made += 1
        patient = {"id": f"id-{self._made}", "mrn": mrn, "dob": dob, "email": email, **more}
        self.patients.insert(0, {"firstname": "Some", "lastname": f"Body {self._made}", **patient})
        return f"id-{self._made}"

    def live(self) -> list[tuple[str, str]]:
        """The id and mrn of each stored patient, oldest first."""
        return [(patient["id"], patient["mrn"]) for patient in reversed(self.patients)]

    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/v1/patients", self._list),
                Route("/v1/patients", self._create, methods=["POST"]),
                Route("/v1/patients/{id}", self._read),
                Route("/v1/patients/{id}/code", self._code),
                Route("/v1/teamConnectionTemplate", self._templates),
            ]
        )

    async def _list(self, request: Request) -> Response:
        self.log.append("GET /v1/patients")
        rows = (self.lists({**patient, "status": "none"}) for patient in self.patients)
        shown = [row for row in rows if row is not None]
        start = int(request.query_params.get("start", "0"))
        end = start + int(request.query_params.get("limit", "100"))
        info = {"endCursor": str(end), "hasNextPage": end < len(shown)}
        return JSONResponse({"totalCount": len(shown), "patients": shown[start:end], "pageInfo": info})

    async def _create(self, request: Request) -> Response:
        self.log.append("POST /v1/patients")
        sent = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        self._made += 1
        stored = self.stores({"id": f"id-{self._made}", **sent})
        if stored is not None:
            self.patients.insert(0, stored)
        answer = self.answers({"id": f"id-{self._made}", **sent})
        return Response(status_code=answer) if isinstance(answer, int) else JSONResponse(answer)

    async def _read(self, request: Request) -> Response:
        self.log.append("GET /v1/patients/:id")
        wanted = request.path_params["id"]
        found = [patient for patient in self.patients if patient["id"] == wanted]
        return JSONResponse({**found[0], "status": "none"}) if found else Response(status_code=404)

    async def _code(self, request: Request) -> Response:
        self.log.append("GET /v1/patients/:id/code")
        self.orders.append(request.path_params["id"])
        return JSONResponse({"code": f"code-{len(self.orders)}", "status": "pending"})

    async def _templates(self, _: Request) -> Response:
        self.log.append("GET /v1/teamConnectionTemplate")
        one = {"teamID": "team-1", "templateName": "One year", "templateId": "tp-1", "duration": 365}
        return JSONResponse([one])


@dataclass(frozen=True)
class Outcome:
    """Exit code, all output, and the requests of one command."""

    code: int
    text: str
    log: list[str]

    @property
    def creates(self) -> int:
        """How many patients it tried to create."""
        return self.log.count("POST /v1/patients")

    def objects(self) -> list[dict[str, Any]]:
        """The lines of the output that are JSON objects, as ``--json`` prints them."""
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]


@dataclass
class Person:
    """Runs commands in a directory, against an account."""

    path: Path
    account: OddAccount
    capture: pytest.CaptureFixture[str]

    def declare(self, *patients: str, more: str = "settle: 0s") -> None:
        """Write kardia.yaml. A patient is ``mrn|dob|email|first|last``; ``+`` at its end is a code."""
        lines = ["version: 1", more, "templates: {year: tp-1}", "patients:"]
        for patient in patients:
            words = patient.removesuffix("+").split("|")
            names = ("mrn", "dob", "email", "firstname", "lastname")
            lines.append("  - " + "\n    ".join(f'{n}: "{w}"' for n, w in zip(names, words, strict=False)))
            lines += ["    codes: [year]"] * patient.endswith("+")
        (self.path / "kardia.yaml").write_text("\n".join(lines) + "\n")

    def run(self, command: str, *arguments: str) -> Outcome:
        """Run a command on the directory."""
        return self._outcome([*command.split(), str(self.path), *arguments])

    def _outcome(self, words: list[str]) -> Outcome:
        begin = len(self.account.log)
        code = run(words)
        captured = self.capture.readouterr()
        return Outcome(code, captured.out + captured.err, self.account.log[begin:])

    def forget(self, address: str) -> Outcome:
        """Run ``state forget`` without a question."""
        return self._outcome(["state", "forget", address, str(self.path), "--auto-approve"])

    def apply(self, *arguments: str) -> Outcome:
        """Run ``apply`` without a question."""
        return self.run("apply", "--auto-approve", *arguments)


@contextmanager
def person_at(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capture: pytest.CaptureFixture[str],
    account: OddAccount | None = None,
) -> Iterator[Person]:
    """A person with an empty directory and an account, without patients if none is given."""
    path.mkdir(exist_ok=True)
    for name in ("KARDIA_STATE_KEY", "KARDIA_STATE_ENCRYPTION_KEY", "KARDIA_PLAN_KEY", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    account = account or OddAccount()
    with serving(account.app()) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        monkeypatch.setenv("KARDIA_API_KEY", "an-invented-key-of-some-length")
        yield Person(path, account, capture)
