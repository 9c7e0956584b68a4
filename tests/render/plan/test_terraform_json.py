import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.terraform_names import identifier
from tests.documents import document_of

STAMP = Stamp("0.1.0", "2026-03-02T10:00:00Z")


def by_address(document: dict[str, Any]) -> dict[str, Any]:
    return {change["address"]: change for change in document["resource_changes"]}


def test_a_plan_document_reads_as_it_did(full_plan: Plan, golden: Callable[[str, str], None]) -> None:
    golden("plan.json", json.dumps(document_of(full_plan, STAMP, MRNS), indent=2) + "\n")


def test_each_action_has_its_word(full_plan: Plan) -> None:
    found = by_address(document_of(full_plan, STAMP, MRNS))
    words = {
        address: (*change["change"]["actions"], change["action_reason"]) for address, change in found.items()
    }
    assert words == {
        "callback": ("update", None),
        "service_provider/8sP3SiaF": ("create", None),
        "patient/AC-77": ("delete", "departure"),
        "patient/AC-78": ("delete", "disconnect"),
        "patient/AN-1": ("no-op", None),
        "patient/BL-1": ("no-op", "immutable"),
        "patient/DR-1": ("no-op", None),
        "patient/JS-20000721": ("create", None),
        "patient/OLD-1": ("forget", "undeclared"),
        "patient/ZZ-9": ("no-op", None),
        "connection_code/DR-1/one-year": ("no-op", None),
        "connection_code/JS-20000721/one-year": ("create", None),
    }  # fmt: skip
    assert found["patient/AN-1"]["change"]["importing"] == {"id": "idAN1"}


def test_hidden_values_are_null_and_marked(full_plan: Plan) -> None:
    change = by_address(document_of(full_plan, STAMP, MRNS))["patient/JS-20000721"]["change"]
    assert change["after"]["dob"] is None
    assert change["after_sensitive"]["dob"] is True
    assert change["after"]["mrn"] == "JS-20000721"
    assert "mrn" not in change["after_sensitive"]


def test_drift_goes_from_what_is_declared_to_what_is_live(full_plan: Plan) -> None:
    [drift] = document_of(full_plan, STAMP, MRNS)["resource_drift"]
    assert drift["address"] == "patient/DR-1"
    assert drift["change"]["actions"] == ["update"]


def test_a_stop_makes_the_plan_errored_and_a_block_incomplete(full_plan: Plan) -> None:
    def flags(plan: Plan) -> tuple[bool, bool, bool]:
        document = document_of(plan, STAMP, MRNS)
        return document["applyable"], document["complete"], document["errored"]

    unblocked = tuple(change for change in full_plan.changes if change.action is not Action.BLOCKED)
    assert flags(full_plan) == (True, False, False)
    assert flags(replace(full_plan, changes=unblocked)) == (True, True, False)
    assert flags(replace(full_plan, stops=("a limit",))) == (False, False, True)
    assert flags(Plan()) == (False, True, False)


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (("JS-1",), "JS-1"),
        (("0012345",), "_30012345"),
        (("a_b",), "a_5fb"),
        (("A", "one-year"), "A__one-year"),
        ((), "this"),
    ],
)
def test_a_name_is_an_identifier(names: tuple[str, ...], name: str) -> None:
    assert identifier(MRNS.shown(Address(Kind.PATIENT, names))) == name


def test_a_saved_plan_keeps_what_its_addresses_say(full_plan: Plan) -> None:
    changes = tuple(
        replace(change, after=change.after and dict.fromkeys(change.after), before=None)
        for change in full_plan.changes
        if change.action is Action.CREATE
    )
    found = by_address(document_of(replace(full_plan, changes=changes), STAMP, MRNS))
    patient = found["patient/JS-20000721"]["change"]
    assert patient["after"]["mrn"] == "JS-20000721"
    assert patient["after_sensitive"]["dob"] is True
    assert found["connection_code/JS-20000721/one-year"]["change"]["after"]["template"] == "one-year"


@pytest.mark.parametrize(("place", "shown"), [("env A1_PASSWORD", "env (hidden)"), ("generate", "generate")])
def test_where_a_password_comes_from_is_sensitive_live_and_saved(place: str, shown: str) -> None:
    """A saved plan holds what anybody may see, and says as the live one does that a part is missing."""
    for value in (place, shown):
        user = Change(
            Address(Kind.MOBILE_USER, ("A-1",)), Action.CREATE, Cause.DECLARED, after={"password_from": value}
        )
        change = by_address(document_of(Plan(changes=(user,)), STAMP, MRNS))["mobile_user/A-1"]["change"]
        assert change["after"]["password_from"] == shown
        assert change["after_sensitive"] == ({"password_from": True} if shown != place else {})
