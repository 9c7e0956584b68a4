"""apply --expect-digest: what was approved by its digest is done without a question, and nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.commands.apply import command
from kardia_ctl.sandbox.data.values import Hook
from kardia_ctl.sandbox.faults.faults import Moment
from tests.attacks.safeguards import removed
from tests.cli.commands.apply.test_pro import dropped, served
from tests.cli.conftest import Desk, Ran

CREATE = "POST /v1/patients"


def digest_of(desk: Desk, *arguments: str, path: Path | None = None) -> str:
    """The digest of the plan of a directory, as its saved plan has it."""
    file = desk.path.parent / "digest.plan"
    file.unlink(missing_ok=True)
    assert desk.run("plan", str(path or desk.path), "--out", str(file), *arguments).code == 0
    found: str = document(file)["digest"]
    assert found.startswith("d1:")
    return found


def document(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes().partition(b"\n")[2])
    return found


def applied(desk: Desk, digest: str, *arguments: str, path: Path | None = None) -> Ran:
    return desk.run("apply", str(path or desk.path), "--expect-digest", digest, *arguments)


def sent(ran: Ran) -> list[str]:
    return [one for one in ran.requests if not one.startswith("GET ")]


def test_an_approved_plan_is_applied_without_a_question_and_once(desk: Desk) -> None:
    approved = digest_of(desk)
    ran = applied(desk, f" {approved.upper()}\n")
    assert ran.code == 0
    assert "Apply complete! Resources: 8 added" in ran.out
    again = applied(desk, approved)
    assert (again.code, sent(again)) == (1, [])
    assert f"--expect-digest is {approved}" in again.err


def test_another_plan_than_the_approved_one_is_refused_before_anything_is_sent_or_recorded(
    desk: Desk,
) -> None:
    desk.account.settings.set_callback(Hook.CALLBACK, "https://old.example.com/x")
    approved = digest_of(desk)
    desk.account.settings.set_callback(Hook.CALLBACK, "https://other.example.com/x")
    ran = applied(desk, approved)
    assert (ran.code, sent(ran)) == (1, [])
    assert "this plan is not the one that was approved" in ran.err
    assert not list((desk.path / ".kardia").glob("snapshots/*"))
    assert digest_of(desk) in ran.err


def test_a_refusal_names_what_differs_where_the_approved_plan_is_at_hand(desk: Desk) -> None:
    desk.account.settings.set_callback(Hook.CALLBACK, "https://old.example.com/x")
    approved = digest_of(desk)
    saved = desk.path.parent / "approved.plan"
    shutil.copy(desk.path.parent / "digest.plan", saved)
    desk.account.settings.set_callback(Hook.CALLBACK, "https://other.example.com/x")
    ran = applied(desk, approved, "--expect-plan", str(saved))
    assert (ran.code, sent(ran)) == (1, [])
    assert "It differs at callback. Nothing was sent" in ran.err
    another = applied(desk, "d1:" + "0" * 20, "--expect-plan", str(saved))
    assert (another.code, another.requests) == (1, [])
    assert f"is another plan, with the digest {approved}" in another.err


def test_the_digest_is_that_of_the_plan_that_apply_makes_under_its_lock(desk: Desk) -> None:
    approved = digest_of(desk)
    with removed(command, "refuse_unless_expected", lambda _plan, _expected: None):
        assert applied(desk, "d1:" + "0" * 20).code == 0, "nothing else refuses it"
    assert applied(desk, approved).code == 1


def test_a_digest_is_the_same_on_another_machine_from_the_head_and_in_another_order(
    desk: Desk, tmp_path: Path
) -> None:
    approved = digest_of(desk)
    elsewhere = tmp_path / "runner" / "deep" / "checkout"
    shutil.copytree(desk.path, elsewhere)
    assert digest_of(desk, path=elsewhere) == approved
    assert digest_of(desk, "--refresh", "head", path=elsewhere) == approved
    assert applied(desk, approved, path=elsewhere).code == 0


def test_a_digest_from_the_head_is_that_of_everything_once_there_is_a_state(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.edit(lambda text: text.replace("https://", "https://new.", 1))
    assert digest_of(desk, "--refresh", "head") == digest_of(desk)


@pytest.mark.parametrize("name", ["KARDIA_STATE_ENCRYPTION_KEY", "KARDIA_REVIEW_KEY", "KARDIA_STATE_KEY"])
def test_the_digest_of_the_first_plan_holds_with_every_kind_of_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    without = digest_of(desk)
    monkeypatch.setenv(name, "an invented key of enough characters")
    approved = digest_of(desk)
    assert (approved == without) == (name == "KARDIA_STATE_ENCRYPTION_KEY")
    assert applied(desk, approved).code == 0


@pytest.mark.parametrize("given", ["", "  ", "d1:", "k3v9q2m7abk3v9q2m7ab", "--auto-approve"])
def test_what_is_no_digest_approves_nothing(desk: Desk, given: str) -> None:
    ran = applied(desk, given)
    assert (ran.code, ran.requests) == (1, [])
    assert "--expect-digest is" in ran.err


def test_expect_plan_alone_approves_nothing(desk: Desk) -> None:
    digest_of(desk)
    ran = desk.run("apply", str(desk.path), "--expect-plan", str(desk.path.parent / "digest.plan"))
    assert (ran.code, ran.requests) == (1, [])
    assert "add --expect-digest" in ran.err


def test_a_saved_plan_is_refused_too_when_another_digest_was_approved(desk: Desk) -> None:
    approved, plan = digest_of(desk), str(desk.path.parent / "digest.plan")
    ran = desk.run("apply", plan, "--expect-digest", "d1:" + "0" * 20)
    assert (ran.code, sent(ran)) == (1, [])
    assert desk.run("apply", plan, "--expect-digest", approved).code == 0


def test_a_doubt_that_is_settled_during_the_run_sends_no_more_than_was_approved(desk: Desk) -> None:
    with served(desk, faults=dropped("/v1/patients", Moment.BEFORE)):
        approved = digest_of(desk)
        ran = applied(desk, approved, "--settle", "0")
    assert ran.code == 1
    assert ran.requests.count(CREATE) <= 4
    assert "an approved plan settles doubts by looking only" in ran.out + ran.err


def test_the_audit_log_has_the_digest_and_what_approved_it(desk: Desk) -> None:
    approved = digest_of(desk)
    assert applied(desk, approved).code == 0
    began = json.loads(desk.run("audit", "export", str(desk.path)).out.splitlines()[0])
    assert (began["digest"], began["approval"]) == (approved, "--expect-digest")


def test_json_needs_no_other_approval(desk: Desk) -> None:
    ran = applied(desk, digest_of(desk), "--json")
    assert ran.code == 0
    assert any(json.loads(line)["type"] == "apply_complete" for line in ran.out.splitlines())
