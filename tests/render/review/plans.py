"""Plans to look at: a clinic that begins, a dangerous change, an account that drifted."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests, in_order
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import Template
from kardia_ctl.render.pseudonyms import Pseudonyms
from kardia_ctl.render.review.review_page import Directory, PageContext

CONTEXT: Final = PageContext(
    Pseudonyms(b"an invented key of pseudonyms"),
    "default",
    Directory("clinics/north", (".",)),
    version="1.0.0",
)
TERMS: Final = Template("one-year", "4qq0q0tSkSKziiUcyjOYbpi9whdo7403", "Kardia 12 months", 365, Decimal(99))
_VALUES: Final = {"mrn": "x", "dob": "x", "email": "x", "firstname": "x", "lastname": "x"}
_UPDATE: Final = (
    "from live, and the API cannot update a patient. Correct it in Kardia by hand, or write the "
    "live value here, or list it under ignore_changes"
)
_SAME: Final = (
    "the same person? {} has this name and birth date, as after an mrn was corrected. Declare the mrn that "
    "is live, or confirm that they are two people: --distinct '{}'"
)


def created(mrn: str, file: str, line: int) -> Change:
    values = {**_VALUES, "mrn": mrn}
    return Change(
        patient_address(mrn), Action.CREATE, Cause.DECLARED, after=values, source=Source(file, line)
    )


def ordered(mrn: str, file: str, line: int) -> Change:
    return Change(
        code_address(mrn, "one-year"),
        Action.CREATE,
        Cause.DECLARED,
        after={"template": "one-year"},
        target=TERMS.id,
        source=Source(file, line),
        price=TERMS.price,
    )


def departing(mrn: str, action: Action, line: int, status: str, recordings: int, code: str) -> Change:
    return Change(
        patient_address(mrn),
        action,
        Cause.DEPARTURE,
        f"departure: {code}",
        before={"status": status, "recordings": str(recordings), "reason": "a letter of 2 March"},
        id=f"id-{mrn}",
        source=Source("departures.yaml", line, 5),
    )


def blocked(mrn: str, line: int, reason: str, *names: str) -> Change:
    values = dict.fromkeys(names, "x")
    return Change(
        patient_address(mrn),
        Action.BLOCKED,
        Cause.IMMUTABLE,
        reason,
        before=values,
        after=values,
        id=f"id-{mrn}",
        source=Source("kardia.yaml", line),
    )


def clinic(patients: int = 12, codes: int = 12) -> Plan:
    """A clinic that begins: a callback, patients of a cohort, codes for them."""
    file = "cohorts/spring.csv"
    callback = Change(
        Address(Kind.CALLBACK),
        Action.CREATE,
        Cause.DECLARED,
        after={"url": "https://hooks.example.com/kardia"},
        source=Source("kardia.yaml", 4, 17),
    )
    people = [created(f"SP-{number:06}", file, number + 2) for number in range(patients)]
    orders = [ordered(f"SP-{number:06}", file, number + 2) for number in range(codes)]
    return Plan(
        changes=in_order([callback, *people, *orders]),
        requests=Requests(4, 5, 1 + patients + codes),
        cost=TERMS.price * codes if TERMS.price else Decimal(0),
        templates=(TERMS,),
        digest="d1:7v1kr0mt94hxe2ws6b0c",
    )


def dangerous() -> Plan:
    """Two deletions, a disconnect, another callback, and what is blocked; a few patients are new."""
    changes = [
        departing("AC-77", Action.DELETE, 4, "none", 0, "withdrew-consent"),
        departing("AC-78", Action.DELETE, 5, "pending", 0, "withdrew-consent"),
        departing("AC-12", Action.DISCONNECT, 6, "connected", 31, "moved"),
        Change(
            Address(Kind.CALLBACK),
            Action.UPDATE,
            Cause.DIFFERS,
            "url differs from live",
            before={"url": "https://hooks.example.com/kardia"},
            after={"url": "https://receiver.example.com/events"},
            source=Source("kardia.yaml", 4, 17),
        ),
        blocked("AC-31", 44, f"lastname differs {_UPDATE}", "lastname"),
        blocked("AC-40", 80, f"dob, email differ {_UPDATE}", "dob", "email"),
        replace(blocked("AC-9", 91, _SAME.format("patient/AC-90", "patient/AC-9")), id=""),
        Change(
            code_address("AC-9", "one-year"),
            Action.BLOCKED,
            Cause.OWNER_BLOCKED,
            "its patient is blocked",
            source=Source("kardia.yaml", 91),
        ),
        *(created(f"AC-{number}", "kardia.yaml", number) for number in range(201, 204)),
        ordered("AC-201", "kardia.yaml", 201),
    ]
    return Plan(
        changes=in_order(changes),
        requests=Requests(9, 12, 8),
        cost=Decimal(99),
        templates=(TERMS,),
        digest="d1:0c9dhh3w2pk7n5vq8t4z",
        touched=Touched(
            leaving=3, connected=1, deleted=2, patients=481, monitored=312, redirected=("callback",)
        ),
    )


def drifted() -> Plan:
    """Nothing to do, and live values that somebody changed."""
    drift = [
        Notice(
            NoticeKind.DRIFT,
            "changed in Kardia; the API cannot set it back",
            patient_address(mrn),
            before=dict.fromkeys(names, "x"),
            after=dict.fromkeys(names, "x"),
            source=Source("cohorts/spring.csv", line),
        )
        for mrn, names, line in (("SP-000004", ("email",), 6), ("SP-000011", ("lastname", "email"), 13))
    ]
    waiting = Notice(
        NoticeKind.WAITING,
        "the export was requested, and Kardia mails it to the owner of the API key. When it has arrived, "
        "write its day into this entry, exported: DATE; the plan after that has the deletion",
        patient_address("AC-5"),
        source=Source("departures.yaml", 9, 5),
    )
    people = tuple((f"SP-{number:06}",) for number in range(480))
    return Plan(
        notices=(*drift, waiting),
        unchanged={Kind.PATIENT: people},
        requests=Requests(2, 2, 0),
        digest="d1:5e2a00001qqzj7mfx3dn",
    )


SAMPLES: Final = {"clinic": clinic, "dangerous": dangerous, "drifted": drifted}
