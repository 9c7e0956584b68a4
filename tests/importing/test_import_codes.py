"""``import --codes TEMPLATE``: a person knows of which template the codes of a whole account are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.sandbox.data.invented import TEMPLATES
from kardia_ctl.sandbox.data.values import PatientStatus
from tests.canary.desk import InnerDesk, inner_desk
from tests.importing.test_import import add, imported, refused

LABEL = "kardiamobile-90-day-connection"
TEMPLATE = next(template for template in TEMPLATES if "90" in template.name)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InnerDesk]:
    with inner_desk(tmp_path / "clinic", "version: 1\n") as opened:
        for mrn, status in (("-1", "pending"), ("A-1", "pending"), ("A-2", "connected"), ("A-3", "none")):
            opened.account.patients.set_status(add(opened, mrn), PatientStatus(status))
        yield opened


@pytest.mark.parametrize("named", [LABEL, TEMPLATE.id, TEMPLATE.name])
def test_who_has_an_order_has_a_code_of_the_template(desk: InnerDesk, named: str) -> None:
    assert f"Declared as codes of {LABEL}." in imported(desk, "--codes", named)
    entries = (desk.path / "patients" / "imported.yaml").read_text().split("  - ")[1:]
    assert [f'codes: ["{LABEL}"]' in entry for entry in entries] == [True, True, True, False]
    ran = desk.plan()
    assert "0 to add, 0 to change" in ran.out
    assert desk.sent("POST") == 0


def test_a_cohort_has_them_in_a_column_and_one_decision_takes_them_all(desk: InnerDesk) -> None:
    imported(desk, "--format", "csv", "--cohort", "everybody", "--codes", LABEL)
    rows = (desk.path / "cohorts" / "everybody.csv").read_text().splitlines()
    assert [row.rpartition(",")[2] for row in rows] == ["codes", LABEL, LABEL, ""]
    assert f'codes: ["{LABEL}"]' in (desk.path / "cohorts" / "everybody.yaml").read_text()
    day = desk.plan().out.partition("until: ")[2][:10]
    with (desk.path / "kardia.yaml").open("a") as file:
        file.write(
            "decisions:\n"
            f"  - {{address: connection_code/*/{LABEL}, cohort: everybody, decision: issued,\n"
            f"     reason: all of one template, until: {day}}}\n"
            f"  - {{address: connection_code/-1/{LABEL}, decision: issued, reason: too, until: {day}}}\n"
        )
    assert desk.apply().code == 0
    assert desk.sent("POST") == 0
    assert "No changes." in desk.plan("--detailed-exitcode").out


def test_a_template_of_the_configuration_is_used_by_its_own_name(desk: InnerDesk) -> None:
    with (desk.path / "kardia.yaml").open("a") as file:
        file.write(f"templates: {{season: {TEMPLATE.id}}}\n")
    imported(desk, "--codes", TEMPLATE.id)
    assert 'codes: ["season"]' in (desk.path / "patients" / "imported.yaml").read_text()


def test_a_template_that_does_not_exist_is_refused_with_those_that_do(desk: InnerDesk) -> None:
    assert (
        f"--codes gone: there is no such template. Known are: kardiamobile-1-year-connection-120, {LABEL}"
        in (refused(desk, "--codes", "gone"))
    )


def test_a_twin_has_no_codes(desk: InnerDesk) -> None:
    assert "give it --into alone" in refused(desk, "--sanitize", "--codes", LABEL)


def test_without_a_template_no_code_is_declared_and_the_danger_of_defaults_is_said(desk: InnerDesk) -> None:
    out = imported(desk)
    assert "In the defaults of a cohort it would be ordered for everybody who has none" in out
    assert "codes:" not in (desk.path / "patients" / "imported.yaml").read_text()
