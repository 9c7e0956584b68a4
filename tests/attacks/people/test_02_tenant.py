"""Kind 2. The tenant is known before anything is recorded or sent, whatever a run would record."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.funnel import Sample
from kardia_ctl.model.state import Intend, Intent, State
from kardia_ctl.planning.checks import key_tenant
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.data.values import PatientFields
from kardia_ctl.state.open import open_store
from tests.attacks.elsewhere import elsewhere, template
from tests.attacks.safeguards import removed
from tests.cli.conftest import Desk, Ran, account, desk
from tests.moments import at

__all__ = ["account", "desk"]  # fixtures

PERSON = PatientFields("AC-1", "1950-01-01", "ac1@example.com", "Ada", "Nobody", 0)
ADA = "  - {mrn: AC-1, dob: 1950-01-01, email: ac1@example.com, firstname: Ada, lastname: Nobody}\n"
BEA = "  - {mrn: AC-2, dob: 1951-01-01, email: ac2@example.com, firstname: Bea, lastname: Nobody}\n"
CODES = "templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"
GONE = "departures:\n  - {mrn: AC-1, action: delete, reason: moved}\n"
DOUBT = Intent(patient_address("AC-2"), "create", at(1000.0), at(1010.0), window=60.0)
LATER = Intent(patient_address("AC-2"), "create", at(1e11), at(1e11), window=60.0)
"""By the clock of another machine, or by one that was set back since."""

WRONG = {
    "another team": (200, [template("another-team")]),
    "two other teams": (200, [template("another-team"), template("a-third-team", 2)]),
}
SILENT = {
    "no template": (200, []),
    "templates without a team": (200, [template("")]),
    "forbidden": (403, {"errors": [{"code": 403}]}),
    "not found": (404, {"errors": [{"code": 404}]}),
    "another envelope": (200, {"templates": [template(TEAM_ID)]}),
    "a text": (200, "templates"),
    "several teams": (200, [template(TEAM_ID), template("another-team", 2)]),
}
ANSWERS = WRONG | SILENT

Act = Callable[[Desk], Ran]


def people(desk: Desk, *lines: str, more: str = "") -> None:
    patients = f"patients:\n{''.join(lines)}" if lines else ""
    team = "" if (desk.path / "bound").exists() else f"team: {TEAM_ID}\n"
    desk.write(f"version: 1\nsettle: 0s\n{team}{more}{patients}")


def adopt(desk: Desk) -> Ran:
    people(desk, ADA, BEA)
    return desk.apply()


def adopt_without_writes(desk: Desk) -> Ran:
    people(desk, ADA, BEA)
    return desk.apply("--target", "patient/AC-2")


def forget(desk: Desk) -> Ran:
    people(desk)
    return desk.apply()


def depart(desk: Desk) -> Ran:
    people(desk, more=GONE)
    return desk.apply()


def create(desk: Desk) -> Ran:
    people(desk, ADA, BEA.replace("AC-2", "AC-3").replace("1951", "1952"))
    return desk.apply()


def count_only(desk: Desk) -> Ran:
    people(desk, ADA)
    return desk.apply()


def count_nobody(desk: Desk) -> Ran:
    people(desk, more="callback: {url: https://hooks.example.com/kardia}\n")
    return desk.apply("--target", "callback")


def status(desk: Desk) -> Ran:
    people(desk, ADA)
    return desk.run("status", str(desk.path))


def status_with_codes(desk: Desk) -> Ran:
    people(desk, ADA.replace("lastname: Nobody", "lastname: Nobody, codes: [one-year]"), more=CODES)
    return desk.run("status", str(desk.path))


def issue_code(desk: Desk) -> Ran:
    people(desk, ADA.replace("lastname: Nobody", "lastname: Nobody, codes: [one-year]"), more=CODES)
    return desk.apply()


def settle_doubts_alone(desk: Desk) -> Ran:
    people(desk, ADA, BEA)
    _store(desk, [Intend(DOUBT)])
    return desk.apply("--settle", "600")


def settle_a_doubt_of_the_future(desk: Desk) -> Ran:
    people(desk, ADA, BEA)
    _store(desk, [Intend(LATER)])
    return desk.apply()


def assume(desk: Desk) -> Ran:
    people(desk, ADA, BEA)
    _store(desk, [Intend(DOUBT)])
    return desk.apply("--assume-absent", "patient/AC-2")


def rotate_key(desk: Desk) -> Ran:
    people(desk, ADA)
    config = str(desk.path / "kardia.yaml")
    return desk.run("rotate-key", "--config", config, "--print", "--auto-approve")


ACTS: list[Act] = [
    adopt,
    adopt_without_writes,
    forget,
    depart,
    create,
    count_only,
    count_nobody,
    status,
    status_with_codes,
    issue_code,
    settle_doubts_alone,
    settle_a_doubt_of_the_future,
    assume,
    rotate_key,
]
DOUBTS = {settle_doubts_alone: DOUBT, settle_a_doubt_of_the_future: LATER, assume: DOUBT}


def _store(desk: Desk, entries: list[Intend]) -> None:
    store = open_store("sqlite:///.kardia/state.db", desk.path, "default")
    with store.lock("test"):
        store.commit(entries)


def state_of(desk: Desk) -> tuple[State, tuple[Sample, ...]]:
    state = open_store("sqlite:///.kardia/state.db", desk.path, "default").load()
    return state, state.samples


@pytest.fixture(params=["declared", "bound"])
def clinic(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """AC-1 is recorded; the team is declared, or state alone is bound to it."""
    people(desk, ADA)
    assert desk.apply().code == 0
    assert state_of(desk)[0].team == TEAM_ID
    if request.param == "bound":
        (desk.path / "bound").touch()
    return desk


def _nobody(_: Account) -> None:
    """The other account is empty."""


def _same_persons(other: Account) -> None:
    other.patients.add(PERSON)
    other.patients.add(PatientFields("AC-2", "1951-01-01", "ac2@example.com", "Bea", "Nobody", 0))


def _crowd(other: Account) -> None:
    other.patients.seed(40, 1)


OTHERS = (_nobody, _same_persons, _crowd)


@pytest.fixture
def other() -> Iterator[Account]:
    with Account(seed=8) as opened:
        yield opened


def attack(clinic: Desk, other: Account, answer: tuple[int, object], act: Act) -> Ran:
    """Act with the key of the other account; nothing of it may be recorded, and nothing sent to it."""
    seen: list[object] = []

    def watched(desk: Desk) -> Ran:
        if act in DOUBTS:
            _store(desk, [Intend(DOUBTS[act])])
        seen.append(state_of(desk))
        return act(desk)

    with elsewhere(clinic, other, answer):
        ran = watched(clinic)
    after = state_of(clinic)
    if act in DOUBTS:
        assert after[0].intents == {DOUBTS[act].address: DOUBTS[act]}
    assert (after[0].patients, after[0].live_count, after[0].team, after[1], after[0].departed) == (
        seen[0][0].patients,  # type: ignore[index]
        seen[0][0].live_count,  # type: ignore[index]
        seen[0][0].team,  # type: ignore[index]
        seen[0][1],  # type: ignore[index]
        seen[0][0].departed,  # type: ignore[index]
    )
    assert not [line for line in ran.requests if not line.startswith("GET") or line.endswith("/code")]
    return ran


def _stops(act: Act) -> bool:
    return act in (adopt, forget, depart, create, rotate_key, *DOUBTS)


@pytest.mark.parametrize("place", range(len(ACTS)), ids=lambda place: ACTS[place].__name__)
def test_nothing_is_recorded_with_the_key_of_another_team(clinic: Desk, other: Account, place: int) -> None:
    OTHERS[place % len(OTHERS)](other)
    act, answer = ACTS[place], list(WRONG.values())[place % len(WRONG)]
    ran = attack(clinic, other, answer, act)
    assert ran.code == 1 if _stops(act) else ran.code in (0, 1)
    if ran.code:
        assert "belongs to team" in ran.err
        assert "will be" not in ran.out, "one error, not a page"


@pytest.mark.parametrize("place", range(len(ACTS)), ids=lambda place: ACTS[place].__name__)
def test_nothing_is_recorded_while_the_team_of_the_key_is_not_shown(
    clinic: Desk, other: Account, place: int
) -> None:
    other.patients.add(PERSON)
    for answer in (place, place + 3):
        ran = attack(clinic, other, list(SILENT.values())[answer % len(SILENT)], ACTS[place])
        if _stops(ACTS[place]):
            assert (ran.code, "--accept-unknown-team" in ran.err) == (1, True)


def test_whatever_the_templates_are_an_adoption_waits_for_the_team(desk: Desk, other: Account) -> None:
    people(desk, ADA)
    assert desk.apply().code == 0
    _same_persons(other)
    for name, answer in ANSWERS.items():
        ran = attack(desk, other, answer, adopt)
        assert ran.code == 1, name
        assert ("belongs to team" if name in WRONG else "--accept-unknown-team") in ran.err, name


@pytest.mark.parametrize("answer", ["forbidden", "several teams"])
def test_who_knows_the_key_says_so_and_goes_on(clinic: Desk, answer: str, tmp_path: Path) -> None:
    with elsewhere(clinic, clinic.account, SILENT[answer]):
        people(clinic, ADA, BEA)
        assert clinic.apply().code == 1
        plan = str(tmp_path / "clinic.plan")
        assert clinic.plan("--accept-unknown-team", "--out", plan).code == 0
        ran = clinic.run("apply", plan)
        assert (ran.code, ran.requests.count("POST /v1/patients")) == (0, 1)
        people(clinic, ADA)
        assert clinic.apply("--accept-unknown-team").code == 0
    assert set(state_of(clinic)[0].patients) == {"AC-1", "AC-2"}


@pytest.mark.parametrize("answer", WRONG)
def test_who_is_wrong_about_the_key_is_not_believed(clinic: Desk, other: Account, answer: str) -> None:
    people(clinic, ADA, BEA)
    _same_persons(other)
    with elsewhere(clinic, other, WRONG[answer]):
        ran = clinic.apply("--accept-unknown-team")
    assert (ran.code, "belongs to team" in ran.err) == (1, True)


def test_a_saved_plan_is_refused_with_the_key_of_another_team(clinic: Desk, tmp_path: Path) -> None:
    people(clinic, ADA, BEA)
    plan = str(tmp_path / "clinic.plan")
    assert clinic.plan("--out", plan).code == 0
    with Account(seed=8) as other:
        other.patients.add(PERSON)
        before = state_of(clinic)
        with elsewhere(clinic, other, WRONG["another team"]):
            ran = clinic.run("apply", plan)
        assert (ran.code, "POST /v1/patients" in ran.requests, state_of(clinic)) == (1, False, before)
    assert clinic.run("apply", plan).code == 0, "the attempt did not use it up"


def test_a_plan_that_does_nothing_does_not_ask_whose_key_it_is(clinic: Desk) -> None:
    people(clinic, ADA)
    ran = clinic.plan()
    assert (ran.code, ran.requests) == (0, ["GET /v1/patients"])
    before = state_of(clinic)
    ran = clinic.apply()
    assert (ran.code, ran.requests, state_of(clinic)) == (0, ["GET /v1/patients"], before)


@pytest.mark.parametrize("act", [adopt, forget, count_only, status, create, assume])
def test_without_the_safeguard_it_is_recorded(desk: Desk, act: Act) -> None:
    people(desk, ADA)
    assert desk.apply().code == 0
    with Account(seed=8) as other, removed(key_tenant, "_expected", lambda _: []):
        other.patients.add(PERSON)
        with pytest.raises(AssertionError):
            attack(desk, other, WRONG["another team"], act)


def test_doubts_alone_are_settled_with_any_key_when_they_do_not_ask_for_the_tenant(desk: Desk) -> None:
    people(desk, ADA)
    assert desk.apply().code == 0

    def writes_alone(changes: object) -> bool:
        return any(change.action.writes for change in changes)  # type: ignore[attr-defined]

    with Account(seed=8) as other:
        other.patients.add(PatientFields("AC-2", "1951-01-01", "ac2@example.com", "Bea", "Nobody", 0))
        other.patients.add(PERSON)
        _store(desk, [Intend(DOUBT)])
        people(desk, BEA)
        with removed(key_tenant, "acts", writes_alone), elsewhere(desk, other, SILENT["no template"]):
            ran = desk.apply("--settle", "0")
    assert "--accept-unknown-team" not in ran.err
