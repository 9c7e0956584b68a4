"""``decisions`` that send nothing: codes that exist are recorded, what is known and blocked is accepted."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.model.address import patient_address
from kardia_ctl.render.pseudonyms import Pseudonyms
from kardia_ctl.sandbox.data.values import PatientStatus
from tests.cli.conftest import Desk

CODE = "connection_code/CL-0001042/one-year"
PATIENT = "patient/CL-0001042"
REASON = "Ottoline's brother said so on the phone"


def day(days: int, ahead: timedelta = timedelta()) -> str:
    return ((datetime.now(UTC) + ahead).date() + timedelta(days=days)).isoformat()


def entry(address: str, decision: str, until: str = "", more: str = "") -> str:
    reason = REASON.replace("'", "''")
    facts = f"address: {address}, decision: {decision}, {more}reason: '{reason}', until: {until or day(30)}"
    return f"\ndecisions:\n  - {{{facts}}}\n"


def decide(desk: Desk, address: str, decision: str, until: str = "") -> None:
    desk.edit(lambda text: text.partition("\ndecisions:")[0] + entry(address, decision, until))


@pytest.fixture
def lost(desk: Desk) -> Desk:
    """A clinic whose state was lost: nobody knows of which template its two codes are."""
    assert desk.apply().code == 0
    desk.lose_state()
    return desk


@pytest.fixture
def differing(desk: Desk) -> Desk:
    """A clinic with somebody whose name differs, and that state does not know."""
    assert desk.apply().code == 0
    desk.lose_state()
    patient = next(one for one in desk.account.patients.all() if one.mrn == "CL-0001042")
    desk.account.patients.change(patient.id, lastname="Fernqvist")
    return desk


def test_a_code_that_exists_is_recorded_without_a_request(lost: Desk) -> None:
    codes = lost.account.connections.codes()
    decide(lost, CODE, "issued")
    planned = lost.plan()
    assert planned.code == 0
    assert "taken as issued" in planned.out
    applied = lost.apply()
    assert applied.code == 0
    assert not [line for line in applied.requests if "/code" in line]
    assert lost.account.connections.codes() == codes
    again = lost.plan()
    assert CODE not in again.out.partition("Cannot be verified")[2].partition("Entries that do nothing")[0]
    assert f"{CODE}" in again.out.partition("Entries that do nothing")[2]
    fetched = lost.run("codes", str(lost.path), "--auto-approve")
    assert "CL-0001042" in fetched.out


def test_the_block_that_a_plan_prints_settles_what_it_counts(lost: Desk) -> None:
    rows = "".join(f"CL-{n},1960-01-0{n},cl{n}@example.com\n" for n in range(1, 6))
    (lost.path / "c.csv").write_text("mrn,dob,email\n" + rows)
    lost.edit(lambda text: text + "\ncohorts:\n  spring: {source: c.csv, defaults: {codes: [one-year]}}\n")
    assert lost.apply().code == 0
    lost.lose_state()
    codes = lost.account.connections.codes()
    printed = lost.plan().out
    blocks = [line.partition("- {address")[2] for line in printed.splitlines() if "- {address" in line]
    (block,) = (block for block in blocks if "cohort: spring" in block)
    lost.edit(lambda text: f"{text}\ndecisions:\n  - {{address{block}\n")
    assert lost.apply().code == 0
    assert lost.account.connections.codes() == codes
    assert "in cohort spring cannot be verified" not in lost.plan().out


def test_what_is_accepted_is_not_red_until_its_day(differing: Desk, tmp_path: Path) -> None:
    assert differing.plan().code == 1
    assert differing.plan("--detailed-exitcode").code == 3
    assert differing.apply().code == 1
    decide(differing, PATIENT, "accept")
    planned = differing.plan("--detailed-exitcode")
    assert planned.code == 0
    assert "1 accepted as blocked" in planned.out
    assert not planned.err.count("Error")
    applied = differing.apply()
    assert applied.code == 0
    assert "1 accepted as blocked" in applied.out or "accepted as blocked" in applied.err
    file = tmp_path / "saved"
    assert differing.plan("--out", str(file)).code == 0
    document = json.loads(differing.run("show", str(file), "--json").out)
    (check,) = document["checks"]
    assert (check["status"], check["address"]["to_display"]) == ("pass", PATIENT)
    assert document["kardia_ctl"]["accepted"][0]["until"] == day(30)
    decide(differing, PATIENT, "accept", day(-1))
    ran = differing.plan("--detailed-exitcode")
    assert ran.code == 3
    assert f"accept ended on {day(-1)}" in ran.out


def test_a_saved_plan_is_stale_when_its_decision_was_changed(differing: Desk, tmp_path: Path) -> None:
    decide(differing, PATIENT, "accept")
    file = tmp_path / "saved"
    differing.plan("--out", str(file))
    decide(differing, PATIENT, "accept", day(31))
    refused = differing.run("apply", str(file))
    assert refused.code == 1
    assert "the configuration changed since" in refused.err


def test_detailed_exit_codes_tell_an_error_from_what_is_blocked(differing: Desk) -> None:
    differing.edit(lambda text: text + "\nlimits: {create: 0}\n")
    differing.edit(lambda text: text.replace("CL-0001063", "CL-9"))
    assert differing.plan("--detailed-exitcode").code == 1


@pytest.mark.parametrize(("days", "message"), [(90, ""), (92, "until is more than 90 days ahead")])
def test_a_decision_holds_for_ninety_days_at_most(desk: Desk, days: int, message: str) -> None:
    """From the day on that it is where the day begins first, at any hour."""
    decide(desk, PATIENT, "accept", day(days, ahead=timedelta(hours=14)))
    ran = desk.run("validate", str(desk.path))
    assert ran.code == bool(message)
    assert message in ran.err


def test_the_stream_warns_of_an_entry_that_does_nothing(desk: Desk) -> None:
    desk.apply()
    decide(desk, PATIENT, "accept")
    lines = [json.loads(line) for line in desk.plan("--json").out.splitlines()]
    (warning,) = (line for line in lines if line["type"] == "diagnostic")
    assert warning["@level"] == "warn"
    assert "accept does nothing" in warning["@message"]


def test_validate_and_status_say_which_decisions_are_over(desk: Desk) -> None:
    desk.apply()
    decide(desk, PATIENT, "accept", day(-5))
    for command in ("validate", "status"):
        ran = desk.run(command, str(desk.path))
        assert ran.code == 0
        assert f"kardia.yaml:40:5: {PATIENT}: accept ended on {day(-5)}" in ran.err


def test_the_reason_of_a_decision_is_printed_where_patients_values_are_alone(
    differing: Desk, tmp_path: Path
) -> None:
    decide(differing, PATIENT, "accept")
    file = tmp_path / "saved"
    told = [
        differing.plan("--out", str(file)),
        differing.plan("--json"),
        differing.apply(),
        differing.apply("--json"),
    ]
    told += [differing.run("show", str(file), *more) for more in ((), ("--json",), ("--show-phi",))]
    told += [differing.run("validate", str(differing.path)), differing.run("status", str(differing.path))]
    for ran in told:
        assert "brother" not in ran.out + ran.err
    assert b"brother" not in file.read_bytes()
    for path in (differing.path / ".kardia").rglob("*"):
        assert path.is_dir() or b"brother" not in path.read_bytes()
    assert REASON in differing.plan("--show-phi").out


def test_an_address_may_be_a_pseudonym_where_the_key_is(
    differing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    differing.apply()
    monkeypatch.setenv("KARDIA_REVIEW_KEY", "an invented key for pages that anybody reads")
    key = Keys(differing.path, os.environ).review(b"")
    shown = Pseudonyms(key).shown(patient_address("CL-0001042"))
    decide(differing, shown, "accept")
    assert differing.plan("--detailed-exitcode").code == 0
    targeted = differing.plan("--target", shown)
    assert f"# {PATIENT} is blocked" in targeted.out
    monkeypatch.setenv("KARDIA_REVIEW_KEY", "another key, which knows nobody by that name")
    idle = differing.plan("--detailed-exitcode")
    assert idle.code == 3
    assert "no such patient is declared" in idle.out
    assert "is not declared" in differing.plan("--target", shown).err


def test_an_option_says_the_entry_that_would_do_the_same(lost: Desk) -> None:
    ran = lost.plan("--reissue", CODE)
    assert f"  - {{address: {CODE}, decision: reissue, reason: WHY, until: {day(30)}}}" in ran.err
    assert "decisions:" not in lost.plan("--target", CODE).err


def test_a_code_of_who_is_not_connected_is_not_ordered_again(lost: Desk) -> None:
    for patient in lost.account.patients.all():
        lost.account.patients.set_status(patient.id, PatientStatus.NONE)
    codes = lost.account.connections.codes()
    decide(lost, CODE, "issued")
    lost.apply("--target", CODE)
    assert lost.account.connections.codes() == codes
