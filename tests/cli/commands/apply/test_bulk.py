"""Bulk from the command line: waves, --limit, and how long the next apply may take."""

import json
from pathlib import Path

import pytest

from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from tests.cli.conftest import Desk

ONE_YEAR = "4qq0q0tSkSKziiUcyjOYbpi9whdo7403"


@pytest.fixture
def cohort(desk: Desk) -> Desk:
    rows = "".join(f"M-{n:03},1970-01-{1 + n:02},m{n}@example.com,Nobody{n},one-year\n" for n in range(20))
    desk.write("mrn,dob,email,firstname,codes\n" + rows, "people.csv")
    desk.write(_configuration(""))
    return desk


def _configuration(more: str) -> str:
    return (
        f"version: 1\ntemplates: {{one-year: {ONE_YEAR}}}\n"
        f"cohorts: {{bulk: {{source: people.csv}}}}\nsettle: 1\n{more}"
    )


def _live(desk: Desk) -> tuple[int, int]:
    return len(desk.account.patients.all()), len(desk.account.connections.codes())


def test_a_limited_apply_does_the_first_and_leaves_the_rest_planned(cohort: Desk) -> None:
    planned = cohort.plan("--limit", "5", "--detailed-exitcode")
    assert planned.code == 2
    assert "--limit: applying 5 of 40 changes; 35 left for later runs." in planned.out
    ran = cohort.apply("--limit", "5")
    assert ran.code == 0
    assert "--limit: 35 changes left for later runs." in ran.out
    assert _live(cohort) == (3, 2)
    assert "Plan: 35 to add" in cohort.plan().out
    assert cohort.apply().code == 0
    assert _live(cohort) == (20, 20)


def test_a_saved_plan_keeps_its_limit_and_does_exactly_that(cohort: Desk, tmp_path: Path) -> None:
    file = str(tmp_path / "saved.plan")
    cohort.plan("--limit", "4", "--out", file)
    assert "--limit: applying 4 of 40 changes" in cohort.run("show", file).out
    document = json.loads(cohort.run("show", "--json", file).out)
    assert (document["kardia_ctl"]["left_by_limit"], document["complete"]) == (36, False)
    refused = cohort.run("apply", file, "--limit", "8")
    assert refused.code == 1
    assert "--limit cannot change a saved plan" in refused.err
    assert cohort.run("apply", file).code == 0
    assert _live(cohort) == (2, 2)


def test_limits_count_what_a_limited_run_does(cohort: Desk) -> None:
    cohort.write(_configuration("limits: {create: 6}\n"))
    assert cohort.plan().code == 1
    assert cohort.apply("--limit", "6").code == 0
    assert _live(cohort) == (3, 3)


def test_a_wave_that_goes_wrong_stops_the_run_and_the_next_goes_on(
    cohort: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort.write(_configuration("waves: {size: 5, stop_on_failures: 3}\n"))
    rule = FaultRule(FaultKind.HTML, status=400, methods=frozenset({"GET"}), path="/v1/patients/*/code")
    with (
        monkeypatch.context() as patch,
        serving(create_app(cohort.account, Quirks(), Faults((rule,)))) as url,
    ):
        patch.setenv("KARDIA_ENDPOINT", url)
        ran = cohort.apply("--parallelism", "2")
    assert ran.code == 1
    assert "stopped before everything was sent: wave 1 of 4 stopped: " in ran.err
    patients, codes = _live(cohort)
    assert (patients <= 5, codes) == (True, 0)
    assert cohort.apply().code == 0
    assert _live(cohort) == (20, 20)


def test_a_plan_says_how_long_its_apply_takes_at_the_rate_last_seen(cohort: Desk) -> None:
    assert "Time:" not in cohort.plan().err
    cohort.apply("--limit", "30", "--parallelism", "4")
    planned = cohort.plan()
    assert "Time: about 13 requests, about 1 second at the rate of an earlier apply (" in planned.err
    assert ", 4 in flight)." in planned.err
    assert "Time:" not in planned.out  # some CI tools approve a plan by a hash of its text
    cohort.apply()
    assert "Time:" not in cohort.plan().err
