"""A create that may be somebody who exists: blocked when name and birth date agree, warned of otherwise."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, NoticeKind, Plan
from kardia_ctl.model.state import State
from kardia_ctl.planning.inputs import Decisions, PlanInputs
from kardia_ctl.planning.planner import make_plan
from tests.moments import at

JOE = DesiredPatient("NEW", "2000-07-21", "new@example.com", "Joe", "Smith")


def planned(
    *want: DesiredPatient,
    live: tuple[LivePatient, ...] = (),
    departed: Mapping[str, str] | None = None,
    distinct: tuple[str, ...] = (),
) -> Plan:
    observed = Observed({one.mrn: one for one in live}, coverage=Coverage.PROVEN, total=len(live))
    desired = Desired(patients={one.mrn: one for one in want})
    state = State(
        exists=True, departed={one: frozenset({action}) for one, action in (departed or {}).items()}
    )
    said = Decisions(distinct=frozenset(map(patient_address, distinct)))
    plan = make_plan(PlanInputs(desired, observed, state, at(0.0), decisions=said))
    counted = tuple(one for one in plan.notices if one.kind is not NoticeKind.UNDECLARED)
    return replace(plan, notices=counted)


def someone(**values: str | None) -> LivePatient:
    known = {"dob": "2000-07-21", "email": "old@example.com", "firstname": "Joe", "lastname": "Smith"}
    return LivePatient("id", "OLD", **(known | values))


@pytest.mark.parametrize(
    ("values", "blocked"),
    [
        ({}, True),
        ({"firstname": "JOE", "lastname": "smith"}, True),
        ({"firstname": " Joe ", "lastname": "Smith\u00a0"}, True),
        ({"lastname": "\uff33mith"}, True),
        ({"dob": "2000-07-21T00:00:00Z"}, True),
        ({"dob": "2000-07-22"}, False),
        ({"dob": None}, False),
        ({"firstname": "Jo"}, False),
        ({"firstname": "Smith", "lastname": "Joe"}, False),
        ({"firstname": None}, False),
        ({"firstname": None, "lastname": None}, False),
    ],
    ids=str,
)
def test_the_same_person_is_told_by_name_and_birth_date(values: dict[str, str | None], blocked: bool) -> None:
    plan = planned(JOE, live=(someone(**values),))
    causes = [change.cause for change in plan.changes]
    assert causes == [Cause.SAME_PERSON if blocked else Cause.DECLARED]


def test_the_reason_names_the_other_and_how_to_go_on() -> None:
    (change,) = planned(JOE, live=(someone(),)).changes
    assert "patient/OLD" in change.reason
    assert "--distinct 'patient/NEW'" in change.reason
    for value in ("Joe", "Smith", "2000"):
        assert value not in change.reason


def test_many_others_are_counted() -> None:
    others = tuple(LivePatient(f"id{n}", f"OLD-{n}", "2000-07-21", None, "Joe", "Smith") for n in range(6))
    (change,) = planned(JOE, live=others).changes
    assert "patient/OLD-0, patient/OLD-1, patient/OLD-2 and 3 more" in change.reason


def test_nobody_without_a_name_is_taken_for_another() -> None:
    nameless = DesiredPatient("NEW", "2000-07-21", "new@example.com")
    plan = planned(nameless, live=(someone(firstname=None, lastname=None),))
    assert plan.count(Action.CREATE) == 1


def test_one_who_was_deleted_by_a_departure_is_not_another() -> None:
    plan = planned(JOE, live=(someone(),), departed={"id": "delete"})
    assert plan.count(Action.CREATE) == 1


def test_distinct_is_said_of_one_address_alone() -> None:
    twin = DesiredPatient("NEW-2", "2000-07-21", "n2@example.com", "Joe", "Smith")
    plan = planned(JOE, twin, live=(someone(),), distinct=("NEW",))
    assert {change.address.names[0]: change.action for change in plan.changes} == {
        "NEW": Action.CREATE,
        "NEW-2": Action.BLOCKED,
    }


def test_who_is_adopted_is_not_held_against_himself() -> None:
    plan = planned(DesiredPatient("OLD", "2000-07-21", "old@example.com", "Joe", "Smith"), live=(someone(),))
    assert [change.action for change in plan.changes] == [Action.ADOPT]
    assert not plan.notices


@pytest.mark.parametrize("mrn", ["new", " NEW", "N E W", "\uff2e\uff25\uff37"])
def test_an_mrn_that_looks_like_another_is_warned_of(mrn: str) -> None:
    other = LivePatient("id", mrn, "1950-01-01", "other@example.com")
    (notice,) = planned(JOE, live=(other,)).notices
    assert "its mrn looks like that of" in notice.text


@pytest.mark.parametrize("mrn", ["new", " NEW", "NEW\u00a0", "\uff2e\uff25\uff37"])
@pytest.mark.parametrize("values", [{"dob": "2000-07-21"}, {"email": "New@Example.com"}], ids=str)
def test_an_mrn_in_another_case_with_a_birth_date_or_address_is_one_person(
    mrn: str, values: dict[str, str]
) -> None:
    other = LivePatient("id", mrn, **{"dob": "1950-01-01", "email": "other@example.com", **values})
    (change,) = planned(JOE, live=(other,)).changes
    assert change.cause is Cause.SAME_PERSON
    assert "has this mrn but for case or blanks" in change.reason
    assert planned(JOE, live=(other,), distinct=("NEW",)).count(Action.CREATE) == 1


def test_an_mrn_that_only_looks_like_another_is_never_blocked() -> None:
    want = DesiredPatient("N-0", "2000-07-21", "new@example.com")
    plan = planned(want, live=(LivePatient("id", "N-O", "2000-07-21", "new@example.com"),))
    assert plan.count(Action.CREATE) == 1
    assert [notice.text for notice in plan.notices] == [
        "its e-mail address is also that of patient/N-O",
        "its mrn looks like that of patient/N-O",
    ]


@pytest.mark.parametrize(
    ("firstname", "lastname"),
    [
        ("Jos\u00e9", "Smith"),
        ("Smith", "Jose"),
        ("Jose Luis", "Smith"),
        ("Jose", "Smith Ek"),
        (None, "Jose Smith"),
    ],
)
def test_nearly_the_same_name_is_warned_of_by_address_alone(firstname: str | None, lastname: str) -> None:
    want = DesiredPatient("NEW", "2000-07-21", "new@example.com", "Jose", "Smith")
    live = (someone(firstname=firstname, lastname=lastname),)
    plan = planned(want, live=live)
    (notice,) = plan.notices
    assert plan.count(Action.CREATE) == 1
    assert "the same person?" in notice.text
    assert "patient/OLD" in notice.text
    assert not planned(want, live=live, distinct=("NEW",)).notices


def test_nearly_the_same_name_on_another_day_is_nobody() -> None:
    assert not planned(JOE, live=(someone(dob="2000-07-22", firstname="Joe Ann"),)).notices


def test_many_of_nearly_one_name_are_told_once() -> None:
    everybody = [
        DesiredPatient(f"N-{n}", "2000-07-21", f"n{n}@example.com", f"Anna X{n:04}", "Lind")
        for n in range(500)
    ]
    (notice,) = planned(*everybody).notices
    assert notice.text.startswith(
        "500 patients to be created have one birth date, and names that differ only"
    )


@pytest.mark.parametrize("mail", ["new@example.com", "NEW@EXAMPLE.COM"])
def test_an_equal_email_is_warned_of_without_saying_it(mail: str) -> None:
    plan = planned(JOE, live=(someone(dob="1950-01-01", email=mail),))
    (notice,) = plan.notices
    assert notice.text == "its e-mail address is also that of patient/OLD"
    assert plan.count(Action.CREATE) == 1


def test_many_with_one_email_and_one_name_are_told_once_and_all_blocked() -> None:
    everybody = [
        DesiredPatient(f"N-{n}", "2000-07-21", "one@example.com", "Joe", "Smith") for n in range(3000)
    ]
    plan = planned(*everybody)
    (notice,) = plan.notices
    assert notice.text == (
        "3,000 patients to be created have one e-mail address: patient/N-0, patient/N-1, patient/N-10 and "
        "2,997 more"
    )
    assert plan.count(Action.BLOCKED) == 3000
    assert all("and 2,996 more" in change.reason for change in plan.changes)
