"""``moved``: what state records follows a corrected mrn, and no request is sent for it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.sandbox.server import serving
from kardia_ctl.state.open import open_store
from tests.cli.conftest import Desk

OLD, NEW = "CL-0001042", "CL-0001024"
MOVED = f"""
moved:
  - {{from: patient/{OLD}, to: patient/{NEW}}}
"""


@pytest.fixture
def corrected(desk: Desk) -> Desk:
    """A clinic with one patient's mrn corrected in Kardia and in the configuration."""
    assert desk.apply().code == 0
    correct_in_kardia(desk)
    desk.edit(lambda text: text.replace(OLD, NEW) + MOVED)
    return desk


def correct_in_kardia(desk: Desk) -> None:
    (patient,) = (one for one in desk.account.patients.all() if one.mrn == OLD)
    desk.account.patients.change(patient.id, mrn=NEW)


def serial(desk: Desk) -> int:
    """Moves with every commit that changes a fact."""
    with closing(sqlite3.connect(desk.path / ".kardia" / "state.db")) as connection:
        (number,) = connection.execute("SELECT serial FROM workspace").fetchone()
    return int(number)


def listed(desk: Desk) -> str:
    return desk.run("state", "list", str(desk.path)).out


def test_planning_records_nothing_and_apply_records_the_move_once(corrected: Desk) -> None:
    before = listed(corrected)
    planned = corrected.plan("--detailed-exitcode")
    assert planned.code == 0
    assert f"# patient/{OLD} has moved to patient/{NEW}\n" in planned.out
    assert "1 to move" in planned.out
    assert listed(corrected) == before
    applied = corrected.apply()
    assert applied.code == 0
    assert not [line for line in applied.requests if not line.startswith("GET")]
    assert "1 moved" in applied.out
    assert f"connection_code/{NEW}/one-year" in listed(corrected)
    assert OLD not in listed(corrected)


def test_the_codes_stay_the_patients_and_the_next_plan_is_empty(corrected: Desk) -> None:
    codes = len(corrected.account.connections.codes())
    corrected.apply()
    planned = corrected.plan("--detailed-exitcode")
    assert planned.code == 0
    assert "No changes." in planned.out
    assert f"nothing is recorded of patient/{OLD}" in planned.out
    before = serial(corrected)
    assert corrected.apply().code == 0
    assert serial(corrected) == before
    assert len(corrected.account.connections.codes()) == codes
    fetched = corrected.run("codes", str(corrected.path), "--auto-approve")
    assert fetched.code == 0
    assert NEW in fetched.out


def test_nothing_is_forgotten_or_created_while_kardia_has_the_old_mrn(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.edit(lambda text: text.replace(OLD, NEW) + MOVED)
    people, codes = len(desk.account.patients.all()), len(desk.account.connections.codes())
    for _ in range(2):
        applied = desk.apply()
        assert applied.code == 1
        assert "Kardia still has the old mrn" in applied.out
    assert (len(desk.account.patients.all()), len(desk.account.connections.codes())) == (people, codes)
    correct_in_kardia(desk)
    assert desk.apply().code == 0
    assert "No changes." in desk.plan().out


def test_the_way_back_is_a_move_the_other_way_round(desk: Desk) -> None:
    desk.apply()
    desk.edit(lambda text: text.replace(OLD, NEW) + MOVED)
    assert desk.apply().code == 1
    desk.edit(lambda text: text.partition("moved:")[0].replace(NEW, OLD))
    desk.edit(lambda text: f"{text}moved:\n  - {{from: patient/{NEW}, to: patient/{OLD}}}\n")
    assert desk.apply().code == 0
    assert "No changes." in desk.plan().out


def test_a_lost_state_creates_nobody_for_a_move(corrected: Desk) -> None:
    people = len(corrected.account.patients.all())
    corrected.lose_state()
    assert corrected.apply().code == 0
    assert len(corrected.account.patients.all()) == people


def test_a_saved_plan_records_the_move_and_a_change_of_the_entry_makes_it_stale(
    corrected: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "saved"
    assert corrected.plan("--out", str(file)).code == 0
    shown = corrected.run("show", str(file), "--json")
    (moved,) = (
        change
        for change in json.loads(shown.out)["resource_changes"]
        if change["address"] == f"patient/{NEW}"
    )
    assert moved["previous_address"] == f"patient/{OLD}"
    assert moved["change"]["actions"] == ["no-op"]
    assert corrected.run("apply", str(file)).code == 0
    assert OLD not in listed(corrected)


def test_codes_waits_until_the_move_is_recorded(corrected: Desk) -> None:
    ran = corrected.run("codes", str(corrected.path), "--auto-approve")
    assert (ran.code, ran.requests) == (1, [])
    assert "run kardia-ctl apply" in ran.err


def test_status_knows_the_patient_by_the_new_mrn(corrected: Desk) -> None:
    ran = corrected.run("status", str(corrected.path), "--list", "pending")
    assert ran.code == 0
    assert NEW in ran.out


def test_the_stream_says_move_as_terraforms_does(corrected: Desk) -> None:
    lines = [json.loads(line) for line in corrected.plan("--json").out.splitlines()]
    (change,) = (line["change"] for line in lines if line["type"] == "planned_change")
    assert (change["action"], change["previous_resource"]["addr"]) == ("move", f"patient/{OLD}")


def test_a_doubt_that_moved_and_was_settled_is_not_in_doubt_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doubt follows the mrn, and settling it settles it for good."""
    lost_codes = FaultRule(FaultKind.DROPPED, Moment.AFTER, path="*/code")
    with served(desk, lost_codes, monkeypatch):
        assert desk.apply().code == 1
    assert len(doubts(desk)) == 2
    correct_in_kardia(desk)
    newcomer = "  - {mrn: CL-9, dob: 1961-02-03, email: new@example.com}\n"
    desk.edit(lambda text: text.replace(OLD, NEW) + newcomer + MOVED + "settle: 1s\n")
    lost_creates = FaultRule(
        FaultKind.DROPPED, Moment.AFTER, methods=frozenset({"POST"}), path="/v1/patients"
    )
    with served(desk, lost_creates, monkeypatch):
        assert desk.apply().code == 0
    assert doubts(desk) == []
    assert "No changes." in desk.plan().out


@contextmanager
def served(desk: Desk, rule: FaultRule, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(create_app(desk.account, faults=Faults((rule,)))) as url, monkeypatch.context() as patched:
        patched.setenv("KARDIA_ENDPOINT", url)
        yield


def doubts(desk: Desk) -> list[str]:
    state = open_store("sqlite:///.kardia/state.db", desk.path, "default").load()
    return sorted(map(str, state.intents))
