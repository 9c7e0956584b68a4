"""Invented plans and reports, and the golden files that they are held against."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests, in_order
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import Template

GOLDEN = Path(__file__).parent / "golden"
PATIENT = {
    "mrn": "JS-20000721",
    "dob": "2000-07-21",
    "email": "joe@example.com",
    "firstname": "Joe",
    "lastname": "Smith",
    "sex": "1",
}
JOE = patient_address("JS-20000721")
CODE = code_address("JS-20000721", "one-year")

Golden = Callable[[str, str], None]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Hold a text against tests/render/golden/NAME; --update-golden writes it instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name} differs: run pytest --update-golden"

    return check


def _line(number: int) -> Source:
    return Source("kardia.yaml", number)


def _arriving() -> list[Change]:
    codes = {"template": "one-year", "template_id": "4qq0q0tS", "template_name": "One year"}
    hooks = ({"url": "https://old.example.com/kardia?token=abc"}, {"url": "https://hooks.example.com/kardia"})
    provider = Address(Kind.SERVICE_PROVIDER, ("8sP3SiaF",))
    return [
        Change(
            Address(Kind.CALLBACK),
            Action.UPDATE,
            Cause.DIFFERS,
            "url differs from live",
            *hooks,
            source=_line(4),
        ),
        Change(
            provider,
            Action.CREATE,
            Cause.UNREADABLE,
            "it cannot be read back; adding it again adds nothing",
            after={},
            target="Fs0ZK1ra",
            source=_line(6),
        ),
        Change(JOE, Action.CREATE, Cause.DECLARED, after=PATIENT, source=_line(12)),
        Change(
            CODE,
            Action.CREATE,
            Cause.DECLARED,
            after=codes,
            target="4qq0q0tS",
            source=_line(12),
            price=Decimal("9.99"),
        ),
        Change(
            patient_address("AN-1"),
            Action.ADOPT,
            Cause.EXISTS_LIVE,
            "it exists live already",
            id="idAN1",
            source=_line(20),
        ),
    ]


def _leaving() -> list[Change]:
    return [
        Change(
            patient_address("OLD-1"),
            Action.FORGET,
            Cause.UNDECLARED,
            "no longer declared; the patient stays as is in Kardia",
            id="idOLD",
        ),
        Change(
            patient_address("AC-77"),
            Action.DELETE,
            Cause.DEPARTURE,
            "withdrew consent 2026-03-02",
            {"status": "none"},
            id="idAC77",
            source=_line(40),
        ),
        Change(
            patient_address("AC-78"),
            Action.DISCONNECT,
            Cause.DEPARTURE,
            "study over",
            {"status": "connected"},
            id="idAC78",
            source=_line(41),
        ),
        Change(
            patient_address("BL-1"),
            Action.BLOCKED,
            Cause.IMMUTABLE,
            "the API cannot update a patient, and dob differs from live: correct it in Kardia by hand",
            {"dob": "1990-01-01"},
            {"dob": "1990-01-02"},
            id="idBL1",
            source=_line(30),
        ),
    ]


def _notices() -> tuple[Notice, ...]:
    drifted, code = patient_address("DR-1"), code_address("DR-1", "one-year")
    return (
        Notice(NoticeKind.DEPARTED, "departed: delete is done", patient_address("AC-70"), source=_line(39)),
        Notice(
            NoticeKind.DRIFT,
            "the live side changed; follow it in the YAML, or ignore_changes",
            drifted,
            {"email": "new@example.com"},
            {"email": "old@example.com"},
            _line(33),
        ),
        Notice(NoticeKind.EXPIRED, "issued more than 90 days ago and still unused", code, source=_line(33)),
        Notice(NoticeKind.NOT_SENT, "it was issued, and the patient is not connected now", code),
        Notice(NoticeKind.UNVERIFIABLE, "an order exists for the patient; nothing is sent", code),
        Notice(NoticeKind.WARNING, "its e-mail address is also that of patient/AN-1", JOE),
    )


@pytest.fixture
def full_plan() -> Plan:
    """One change of each action and one notice of each kind."""
    return Plan(
        changes=in_order([*_arriving(), *_leaving()]),
        notices=_notices(),
        unchanged={Kind.PATIENT: (("DR-1",), ("ZZ-9",)), Kind.CONNECTION_CODE: (("DR-1", "one-year"),)},
        requests=Requests(4, 4, 6),
        cost=Decimal("9.99"),
        templates=(Template("one-year", "4qq0q0tS", "One year", 365, Decimal("9.99")),),
    )


@pytest.fixture
def report() -> Report:
    """An apply in which everything happened."""
    callback, create = Address(Kind.CALLBACK), Action.CREATE
    return Report(
        results=(
            Result(CODE, create, Status.SKIPPED, "its patient was not created"),
            Result(callback, Action.UPDATE, Status.DONE),
            Result(
                JOE,
                create,
                Status.FAILED,
                "400: the mrn is not accepted. Next: correct it and apply again",
            ),
            Result(
                patient_address("AB-2"),
                create,
                Status.IN_DOUBT,
                "no answer, and not seen yet. Next: apply again",
            ),
            Result(patient_address("AB-1"), create, Status.DONE, id="idAB1"),
            Result(patient_address("AC-77"), Action.DELETE, Status.DONE, id="idAC77"),
            Result(patient_address("AC-78"), Action.DISCONNECT, Status.DONE, id="idAC78"),
        ),
        adopted=3,
        forgotten=1,
        reads=4,
        writes=6,
    )
