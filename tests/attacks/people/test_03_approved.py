"""Kind 3. What was approved is what is sent: saved plans, what may follow, limits, age."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kardia_ctl.cli.account import workspace
from kardia_ctl.cli.files import saved_plan
from kardia_ctl.instant import Instant
from kardia_ctl.model.address import code_address, patient_address
from kardia_ctl.model.configuration import Desired, Limits
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Intend, Intent, State
from kardia_ctl.operations import approval
from kardia_ctl.operations.approval import Approval
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.state.open import open_store
from kardia_ctl.timing import system_instant
from tests.attacks.safeguards import removed
from tests.cli.commands.apply.test_pro import served
from tests.cli.conftest import Desk, Ran, account, desk
from tests.moments import at

__all__ = ["account", "desk"]  # fixtures

CREATE = "POST /v1/patients"
CODE = "GET /v1/patients/{id}/code"
DAY = 86400.0


def people(number: int, *, codes: bool = False, more: str = "") -> str:
    order = ", codes: [one-year]" if codes else ""
    lines = "".join(
        f"  - {{mrn: AC-{one}, dob: 195{one}-01-01, email: ac{one}@example.com, "
        f"firstname: Ada{one}{order}}}\n"
        for one in range(1, number + 1)
    )
    templates = "templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"
    return f"version: 1\n{templates}{more}patients:\n{lines}"


def lost(times: int) -> Faults:
    """So many creates are lost on their way: no answer, and no effect."""
    rule = FaultRule(
        FaultKind.DROPPED,
        Moment.BEFORE,
        methods=frozenset({"POST"}),
        path="/v1/patients",
        times=times,
    )
    return Faults((rule,))


def doubt(desk: Desk, number: int, window: float) -> None:
    """So many creates of an earlier run got no answer, just now."""
    now = system_instant()
    intents = [
        Intend(Intent(patient_address(f"AC-{one}"), "create", now, now, window=window))
        for one in range(1, number + 1)
    ]
    store = open_store("sqlite:///.kardia/state.db", desk.path, "default")
    with store.lock("test"):
        store.commit(intents)


def state_of(desk: Desk) -> State:
    return open_store("sqlite:///.kardia/state.db", desk.path, "default").load()


def saved(desk: Desk, tmp_path: Path, *arguments: str) -> str:
    file = str(tmp_path / "clinic.plan")
    desk.plan("--out", file, *arguments)
    return file


def lose_the_answers_of_a_saved_plan(desk: Desk, tmp_path: Path) -> Ran:
    """Two creates of a saved plan are lost; it was approved to send each once."""
    desk.write(people(2, codes=True))
    with served(desk, faults=lost(2)):
        ran = desk.run("apply", saved(desk, tmp_path), "--settle", "0.2")
    assert ran.requests.count(CREATE) == 2, "each was approved once"
    assert CODE not in ran.requests
    return ran


def test_a_saved_plan_never_sends_a_create_again(desk: Desk, tmp_path: Path) -> None:
    ran = lose_the_answers_of_a_saved_plan(desk, tmp_path)
    assert ran.code == 1
    assert "The next plan creates it" in ran.out + ran.err
    assert not state_of(desk).intents
    planned = desk.plan()
    assert "Plan: 4 to add" in planned.out
    assert desk.apply().code == 0
    assert desk.plan("--detailed-exitcode").code == 0


def test_a_saved_plan_takes_what_it_finds_and_sends_the_codes_that_it_holds(
    desk: Desk, tmp_path: Path
) -> None:
    desk.write(people(2, codes=True))
    rule = FaultRule(
        FaultKind.DROPPED, Moment.AFTER, methods=frozenset({"POST"}), path="/v1/patients", times=2
    )
    with served(desk, faults=Faults((rule,))):
        ran = desk.run("apply", saved(desk, tmp_path), "--settle", "0.2")
    assert (ran.code, ran.requests.count(CREATE), ran.requests.count(CODE)) == (0, 2, 2)


def test_without_the_safeguard_a_saved_plan_sends_a_create_again(desk: Desk, tmp_path: Path) -> None:
    with removed(approval, "_LOOKS_ONLY", ""), pytest.raises(AssertionError, match="approved once"):
        lose_the_answers_of_a_saved_plan(desk, tmp_path)


def test_doubts_of_an_earlier_run_are_looked_at_by_a_saved_plan(desk: Desk, tmp_path: Path) -> None:
    desk.write(people(2, codes=True, more="settle: 0s\n"))
    assert desk.apply("--target", "patient/AC-2").code == 0
    doubt(desk, 1, window=6)
    plan = saved(desk, tmp_path)
    shown = desk.run("show", plan)
    assert "In doubt: settle 1; at most 1 create and 1 code, 9.99, may follow." in shown.out
    ran = desk.run("apply", plan)
    assert (ran.code, CREATE in ran.requests) == (1, False), ran.err
    assert "The next plan creates it" in ran.out + ran.err
    assert "patient/AC-1 will be created" in desk.plan().out


def test_a_plan_and_its_question_name_the_most_that_may_follow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(people(3, codes=True))
    doubt(desk, 3, window=600)
    most = "settle 3; at most 3 creates and 3 codes, 29.97, may follow"
    planned = desk.plan()
    assert f"In doubt: {most}." in planned.out
    streamed = [json.loads(line) for line in desk.plan("--json").out.splitlines()]
    assert any(most in line["@message"] for line in streamed)
    file = str(desk.path / "a.plan")
    desk.plan("--out", file)
    document = json.loads(desk.run("show", "--json", file).out)
    assert document["kardia_ctl"]["following"] == {
        "doubts": 3, "creates": 3, "codes": 3, "users": 0, "cost": 29.97, "unpriced": 0,
    }  # fmt: skip
    assert asked(desk, monkeypatch) == (
        "Settle 3 requests in doubt; at most 3 creates and 3 codes, 29.97, may follow. Go on?"
    )
    desk.write(people(3, codes=True, more="callback: {url: https://hooks.example.com/kardia}\n"))
    question = asked(desk, monkeypatch)
    assert question.startswith("Send 1 write to ")
    assert question.endswith(
        "And settle 3 requests in doubt; at most 3 creates and 3 codes, 29.97, may follow."
    )


def asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    questions: list[str] = []

    def confirm(question: str, *, approved: bool) -> bool:
        assert not approved
        questions.append(question)
        return False

    with monkeypatch.context() as patch:
        patch.setattr("kardia_ctl.cli.commands.apply.command.confirm", confirm)
        assert desk.run("apply", str(desk.path)).code == 1
    return questions[0]


def test_mobile_users_who_follow_are_named_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADA_PASSWORD", "an invented password, long enough")
    user = ", mobile_user: {country: us, password: {env: ADA_PASSWORD}}}"
    desk.write(people(1, codes=True).replace("}\n", f"{user}\n").replace(f"7403{user}", "7403}"))
    doubt(desk, 1, window=600)
    ran = desk.plan()
    assert "settle 1; at most 1 create, 1 code, 9.99, and 1 user may follow" in ran.out, ran.out + ran.err


def send_beyond_the_limits(desk: Desk, more: str, *arguments: str) -> Ran:
    """Both creates are lost, and proven not to have happened: the limits count what was sent."""
    desk.write(people(2, more=more))
    with served(desk, faults=lost(2)):
        ran = desk.apply("--settle", "0.2", *arguments)
    assert ran.requests.count(CREATE) <= 2, "beyond the limit"
    return ran


@pytest.mark.parametrize(
    ("more", "arguments"),
    [("limits: {create: 2}\n", ()), ("", ("--limit", "2"))],
    ids=["limits", "--limit"],
)
def test_limits_count_over_all_rounds_of_a_run(desk: Desk, more: str, arguments: tuple[str, ...]) -> None:
    ran = send_beyond_the_limits(desk, more, *arguments)
    assert ran.code == 1
    assert "The next plan creates it" in ran.out + ran.err
    assert desk.apply("--settle", "0.2", *arguments).code == 0
    assert len(desk.account.patients.all()) == 2


def test_without_the_tally_a_round_sends_beyond_the_limits(desk: Desk) -> None:
    with (
        removed(Approval, "note", lambda *_: None),
        pytest.raises(AssertionError, match="beyond the limit"),
    ):
        send_beyond_the_limits(desk, "limits: {create: 2}\n")


def rounds(limits: Limits, sent: Iterable[Change], *, limit: int | None = None) -> Approval:
    inputs = PlanInputs(
        Desired(limits=limits), Observed(), State(), at(0.0), decisions=Decisions(limit=limit)
    )
    changes = tuple(sent)
    approved = Approval(Plan(changes=changes), inputs, looks_only=False)
    approved.note(changes, {one.address: Result(one.address, one.action, Status.DONE) for one in changes})
    return approved


def order(mrn: str, price: str | None) -> tuple[Change, Change]:
    cost = None if price is None else Decimal(price)
    return (
        Change(patient_address(mrn), Action.CREATE, Cause.DECLARED),
        Change(code_address(mrn, "one"), Action.CREATE, Cause.DECLARED, target="tpl", price=cost),
    )


@pytest.mark.parametrize(
    ("limits", "limit", "sent", "wanted", "withheld"),
    [
        (Limits(cost=Decimal(20)), None, "10", "10", set()),
        (Limits(cost=Decimal(19)), None, "10", "10", {"connection_code/B/one"}),
        (Limits(cost=Decimal(19)), None, "10", None, {"connection_code/B/one"}),
        (Limits(create=3), None, "10", "10", {"connection_code/B/one"}),
        (Limits(create=2), None, "10", "10", {"patient/B", "connection_code/B/one"}),
        (Limits(), 3, "10", "10", {"connection_code/B/one"}),
        (Limits(), 2, "10", "10", {"patient/B", "connection_code/B/one"}),
        (Limits(), None, None, None, set()),
    ],
)
def test_each_limit_holds_over_all_rounds(
    limits: Limits, limit: int | None, sent: str | None, wanted: str | None, withheld: set[str]
) -> None:
    found = rounds(limits, order("A", sent), limit=limit).withheld(Plan(changes=order("B", wanted)))
    assert set(map(str, found)) == withheld


def test_what_was_refused_without_leaving_does_not_count() -> None:
    changes = order("A", "10")
    inputs = PlanInputs(Desired(limits=Limits(create=2)), Observed(), State(), at(0.0))
    approved = Approval(Plan(changes=changes), inputs, looks_only=False)
    skipped = {one.address: Result(one.address, one.action, Status.SKIPPED) for one in changes}
    approved.note(changes, skipped)
    assert not approved.withheld(Plan(changes=order("B", "10")))


def apply_later(desk: Desk, plan: str, seconds: float, *arguments: str) -> Ran:
    """Apply a plan when the clock shows so many seconds more."""

    def later() -> Instant:
        now = system_instant()
        return replace(now, wall=now.wall + seconds)

    with removed(workspace, "system_instant", later):
        return desk.run("apply", plan, *arguments)


@pytest.mark.parametrize(
    ("days", "arguments", "code"),
    [
        (6.9, (), 0),
        (7.1, (), 1),
        (7.1, ("--max-age", "8d"), 0),
        (0.1, ("--max-age", "2h"), 1),
        (0.1, ("--max-age", "10800"), 0),
        (0.1, ("--max-age", "180m"), 0),
        (0.1, ("--max-age", "3600s"), 1),
        (-0.001, (), 0),
        (-0.1, (), 1),
        (-0.1, ("--max-age", "30d"), 1),
    ],
)
def test_a_plan_has_an_age(
    desk: Desk, tmp_path: Path, days: float, arguments: tuple[str, ...], code: int
) -> None:
    desk.write(people(1))
    plan = saved(desk, tmp_path)
    ran = apply_later(desk, plan, days * DAY, *arguments)
    assert (ran.code, ran.requests.count(CREATE)) == (code, 1 - code), ran.err
    if code:
        assert "Saved plan is stale" in ran.err
        assert "--max-age" in ran.err or "check the clocks" in ran.err


def test_without_the_age_an_old_plan_is_applied(desk: Desk, tmp_path: Path) -> None:
    desk.write(people(1))
    plan = saved(desk, tmp_path)
    with removed(saved_plan, "refuse_if_old", lambda *_: None):
        assert apply_later(desk, plan, 30 * DAY).code == 0


@pytest.mark.parametrize("text", ["", "-1", "7w", "1.5h", "d", "7 d", "\u0661d"])
def test_what_is_no_duration_is_refused(desk: Desk, tmp_path: Path, text: str) -> None:
    desk.write(people(1))
    ran = desk.run("apply", saved(desk, tmp_path), "--max-age", text)
    assert ran.code != 0
    assert "90s, 3m, 2h or 7d" in ran.err


def test_the_age_is_that_of_a_saved_plan_alone(desk: Desk) -> None:
    ran = desk.apply("--max-age", "7d")
    assert (ran.code, "--max-age is the age of a saved plan" in ran.err) == (1, True)


def lose_the_database(desk: Desk, _: Path) -> None:
    desk.lose_state()


def lose_the_directory(desk: Desk, _: Path) -> None:
    shutil.rmtree(desk.path / ".kardia")


def restore_the_backup(desk: Desk, backup: Path) -> None:
    shutil.rmtree(desk.path / ".kardia")
    shutil.copytree(backup, desk.path / ".kardia")


@pytest.mark.parametrize("forget", [lose_the_database, lose_the_directory, restore_the_backup])
@pytest.mark.parametrize("first", [True, False], ids=["without state", "with state"])
def test_a_used_plan_is_not_new_when_state_forgot_it(
    desk: Desk, tmp_path: Path, forget: Callable[[Desk, Path], None], first: bool
) -> None:
    desk.write(people(1))
    if not first:
        assert desk.apply().code == 0
    desk.write(people(2, codes=True))
    (desk.path / ".kardia").mkdir(exist_ok=True)
    backup = tmp_path / "backup"
    shutil.copytree(desk.path / ".kardia", backup)
    plan = saved(desk, tmp_path)
    assert desk.run("apply", plan).code == 0
    forget(desk, backup)
    again = desk.run("apply", plan)
    assert again.code == 1
    assert not {CREATE, CODE} & set(again.requests)
