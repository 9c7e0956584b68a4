"""``show --json --changes-only``: the size of a document follows the changes, and not the account."""

import json
from itertools import accumulate

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, in_order
from kardia_ctl.render.json_pieces import json_pieces
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_json import Stamp, plan_json
from tests.documents import document_of

STAMP = Stamp("0.1.0", "2026-03-02T10:00:00Z")
MOST = 2_000_000
"""The most bytes of a document of ten changes among 100,000 patients."""


def large() -> Plan:
    """100,000 patients with a code that is known from state alone, of whom ten are new."""
    mrns = [f"JS-{number:08}" for number in range(100_000)]
    after = dict.fromkeys(("mrn", "dob", "email", "firstname", "lastname", "sex"))
    changes = [
        Change(patient_address(f"NEW-{number}"), Action.CREATE, Cause.DECLARED, after=after)
        for number in range(10)
    ]
    recorded = [
        Notice(NoticeKind.RECORDED, "issued; it cannot be read back", patient_address(mrn)) for mrn in mrns
    ]
    unchanged = {
        Kind.PATIENT: tuple((mrn,) for mrn in mrns),
        Kind.CONNECTION_CODE: tuple((mrn, "one-year") for mrn in mrns),
    }
    return Plan(changes=in_order(changes), notices=tuple(recorded), unchanged=unchanged)


def test_ten_changes_among_a_hundred_thousand_patients_are_small() -> None:
    plan = large()
    document = document_of(plan, STAMP, MRNS, changes_only=True)
    text = json.dumps(document, separators=(",", ":"))
    assert len(text) < MOST / 100
    assert len(document["resource_changes"]) == 10
    assert document["kardia_ctl"]["counts"]["no_op"] == 200_000
    assert document["kardia_ctl"]["notice_counts"]["known from state"] == 100_000
    assert document["prior_state"]["values"] == {"root_module": {"resources": []}}
    whole = json_pieces(plan_json(plan, STAMP, MRNS), MRNS)
    assert any(size > MOST for size in accumulate(map(len, whole)))
