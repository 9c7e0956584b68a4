"""--exclude and --cohort: a plan of less than everything."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Desk

FIRST = "patient/CL-0001042"


def live(desk: Desk) -> set[str]:
    return {one.mrn for one in desk.account.patients.all()}


@pytest.fixture
def spring(desk: Desk) -> Desk:
    """A clinic with two cohorts."""
    for name in ("spring", "autumn"):
        (desk.path / f"{name}.csv").write_text(f"mrn,dob,email\n{name}-1,1971-01-01,{name}@example.com\n")
    cohorts = "cohorts:\n  spring: {source: spring.csv}\n  autumn: {source: autumn.csv}\n"
    desk.edit(lambda text: text + cohorts)
    return desk


def test_what_is_excluded_is_left_alone_until_a_later_run(desk: Desk) -> None:
    planned = desk.plan("--exclude", FIRST)
    assert "--exclude: 2 addresses left out." in planned.out
    assert desk.apply("--exclude", FIRST).code == 0
    assert live(desk)
    assert "CL-0001042" not in live(desk)
    again = desk.plan("--exclude", FIRST, "--detailed-exitcode")
    assert (again.code, "No changes." in again.out) == (0, True), again.out
    assert desk.plan("--detailed-exitcode").code == 2
    assert desk.apply().code == 0
    assert "CL-0001042" in live(desk)


def test_whoever_is_recorded_and_not_declared_any_more_can_be_excluded(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.edit(lambda text: text[: text.index("  - mrn: CL-0001063")])
    assert "1 to forget" in desk.plan().out
    assert "to forget" not in desk.plan("--exclude", "patient/CL-0001063").out


@pytest.mark.parametrize(
    "address", ["patient/NOBODY", "qt_callback", "mobile_user/CL-0001042", "connection_code/CL-0001042/other"]
)
def test_an_exclude_of_nothing_is_an_error_before_any_request(desk: Desk, address: str) -> None:
    desk.edit(lambda text: "\n".join(line for line in text.splitlines() if "qt_callback" not in line) + "\n")
    ran = desk.plan("--exclude", address)
    assert (ran.code, ran.requests) == (1, [])
    assert "neither declared nor recorded, nor does it depart" in ran.err


def test_target_and_exclude_together_are_refused(desk: Desk) -> None:
    ran = desk.plan("--target", "callback", "--exclude", FIRST)
    assert (ran.code, ran.requests) == (1, [])
    assert "leave one out" in ran.err


def test_a_cohort_is_applied_alone(spring: Desk) -> None:
    assert spring.apply("--cohort", "spring").code == 0
    assert live(spring) == {"spring-1"}
    assert spring.apply("--cohort", "spring", "--cohort", "autumn").code == 0
    assert live(spring) == {"spring-1", "autumn-1"}


@pytest.mark.parametrize("name", ["summer", ""])
def test_an_unknown_cohort_is_an_error_that_lists_the_known_ones(spring: Desk, name: str) -> None:
    for ran in (spring.plan("--cohort", name), spring.run("codes", str(spring.path), "--cohort", name)):
        assert (ran.code, ran.requests) == (1, [])
        assert "Cohorts with patients: autumn, spring" in ran.err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--cohort", "autumn"), {"autumn-1"}),
        (("--cohort", "autumn", "--cohort", "spring", "--exclude", "patient/spring-1"), {"autumn-1"}),
    ],
)
def test_a_saved_plan_keeps_cohorts_and_excludes_and_takes_no_others(
    spring: Desk, tmp_path: Path, options: tuple[str, ...], expected: set[str]
) -> None:
    plan = tmp_path / "saved.plan"
    assert spring.plan(*options, "--out", str(plan)).code == 0
    assert "spring-1" not in plan.read_text()
    for option in ("--cohort", "--exclude"):
        refused = spring.run("apply", str(plan), option, "autumn" if option == "--cohort" else "callback")
        assert (refused.code, f"{option} cannot change a saved plan" in refused.err) == (1, True)
    ran = spring.run("apply", str(plan))
    assert ran.code == 0, ran.err
    assert live(spring) == expected


def test_json_counts_what_is_excluded(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "saved.plan"
    assert desk.plan("--exclude", FIRST, "--out", str(plan)).code == 0
    document = json.loads(desk.run("show", "--json", str(plan)).out)
    assert document["kardia_ctl"]["left_out_by_exclude"] == 2
    assert not document["complete"]
    lines = [json.loads(line) for line in desk.plan("--exclude", FIRST, "--json").out.splitlines()]
    assert [one["left_out_by_exclude"] for one in lines if one["type"] == "change_summary"] == [2]
