"""Kind 2, on: a declared team that is not the one of state, and a team that changes while a run goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.operations import second_look
from kardia_ctl.planning.checks import key_tenant
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.state.open import open_store
from tests.attacks.elsewhere import TEMPLATES, elsewhere, template
from tests.attacks.meddling import CREATE, LEAVES, STAYS, Once, enrolled, meddled
from tests.attacks.people.test_04_last_look import asked
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, Ran, account, desk

__all__ = ["account", "desk"]  # fixtures

OTHER = "another-team"
SHOWN: dict[str, tuple[int, object]] = {
    "nothing": (200, []),
    "forbidden": (403, {"errors": []}),
    "both teams": (200, [template(TEAM_ID), template(OTHER, 2)]),
    "the declared team": (200, [template(OTHER)]),
    "the team of state": (200, [template(TEAM_ID)]),
}


WITH_CODE = f"version: 1\ntemplates: {{year: tpl-1}}\npatients:\n{STAYS.replace('Bea', 'Bea, codes: [year]')}"


def serial(desk: Desk) -> tuple[str, int, str]:
    state = open_store("sqlite:///.kardia/state.db", desk.path, "default").load()
    return state.lineage, state.serial, state.team


def forget(desk: Desk) -> Ran:
    return desk.apply("--accept-unknown-team")


def no_change(desk: Desk) -> Ran:
    desk.edit(lambda text: text + STAYS)
    return desk.apply()


def plan(desk: Desk) -> Ran:
    desk.edit(lambda text: text + STAYS)
    return desk.plan("--accept-unknown-team")


def codes(desk: Desk) -> Ran:
    return desk.run("codes", str(desk.path), "--auto-approve", "--accept-unknown-team")


def status(desk: Desk) -> Ran:
    return desk.run("status", str(desk.path))


def differing(desk: Desk, shown: str, act: Callable[[Desk], Ran]) -> Ran:
    """State is bound to the sandbox's team, and the configuration names another one since."""
    enrolled(desk)
    desk.write(f"version: 1\nteam: {OTHER}\npatients:\n{LEAVES}")
    before = serial(desk)
    assert before[2] == TEAM_ID
    with elsewhere(desk, desk.account, SHOWN[shown]):
        ran = act(desk)
    assert serial(desk) == before
    return ran


@pytest.mark.parametrize("act", [forget, no_change, plan, codes, status])
@pytest.mark.parametrize("shown", SHOWN)
def test_a_declared_team_that_is_not_that_of_state_is_an_error(
    desk: Desk, shown: str, act: Callable[[Desk], Ran]
) -> None:
    ran = differing(desk, shown, act)
    assert ran.code == 1
    assert f"team is {OTHER}, but its state belongs to team {TEAM_ID}" in ran.out + ran.err


def test_without_the_comparison_it_is_recorded_for_the_wrong_team(desk: Desk) -> None:
    with removed(key_tenant, "_contradiction", lambda _: ""), pytest.raises(AssertionError):
        differing(desk, "both teams", forget)


def changing(desk: Desk, patch: pytest.MonkeyPatch) -> Ran:
    """Nobody declared a team, and while the question stands the same key leads to another one."""
    desk.write(WITH_CODE)
    first, answer = (
        Once("GET", TEMPLATES, *SHOWN[name]) for name in ("the team of state", "the declared team")
    )
    with meddled(desk, first, answer):
        ran = asked(desk, patch, 61)
    assert answer.left == 0
    return ran


def test_a_team_that_changes_while_the_question_stands_is_sent_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = changing(desk, monkeypatch)
    assert (ran.code, CREATE in ran.requests) == (1, False)
    assert f"from {TEAM_ID} to {OTHER}. Nothing was sent" in ran.err
    assert serial(desk)[2] == ""


@pytest.mark.parametrize("later", ["nothing", "both teams"])
def test_a_team_that_is_hidden_while_the_question_stands_is_sent_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    desk.write(f"version: 1\nteam: {TEAM_ID}\npatients:\n{STAYS}")
    with meddled(desk, Once("GET", TEMPLATES, *SHOWN[later], skip=1, times=9)):
        ran = asked(desk, monkeypatch, 61)
    assert (ran.code, CREATE in ran.requests) == (1, False)


def test_without_the_comparison_of_teams_the_other_one_gets_the_patient(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with removed(second_look, "_refuse_if_another_team", lambda *_: None):
        assert CREATE in changing(desk, monkeypatch).requests


@pytest.mark.parametrize("later", ["the declared team", "nothing", "both teams"])
def test_a_saved_plan_holds_for_the_team_that_it_saw(desk: Desk, tmp_path: Path, later: str) -> None:
    """The team appears, changes or is hidden between plan and apply, and nobody declared one."""
    desk.write(WITH_CODE)
    file = tmp_path / "plan"
    answers = [Once("GET", TEMPLATES, *SHOWN["the team of state"]), Once("GET", TEMPLATES, *SHOWN[later])]
    with meddled(desk, *answers):
        assert desk.plan("--out", str(file)).code == 0
        ran = desk.run("apply", str(file))
    assert (ran.code, CREATE in ran.requests) == (1, False)


def test_a_key_of_another_team_whose_account_is_as_declared_is_refused(desk: Desk) -> None:
    """It has the same patients, under other ids: only the team and the ids tell them apart."""
    enrolled(desk)
    before = serial(desk)
    desk.write(f"version: 1\npatients:\n{STAYS}")
    with Account(seed=11) as other:
        other.patients.seed(3)
        with elsewhere(desk, other, (200, [template(OTHER)])):
            assert desk.apply("--accept-unknown-team", "--accept-collapse").code == 1
    assert serial(desk) == before
