"""An import as a cohort: one CSV file, and where its name and directory may be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.desk import InnerDesk, inner_desk
from tests.importing.test_import import add, imported, refused


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InnerDesk]:
    with inner_desk(tmp_path / "clinic", "version: 1\n") as opened:
        add(opened, "A-1", lastname='Ann "Nan", Lee')
        yield opened


def test_a_cohort_is_one_file_and_adopted(desk: InnerDesk) -> None:
    add(desk, "0012345")
    imported(desk, "--format", "csv", "--cohort", "clinic")
    assert (desk.path / "cohorts" / "clinic.csv").read_text() == (
        "mrn,dob,email,firstname,lastname,sex\n"
        "0012345,1961-04-30,7@example.com,Zor,Vel,\n"
        'A-1,1961-04-30,3@example.com,Zor,"Ann ""Nan"", Lee",\n'
    )
    assert (
        'cohorts:\n  clinic:\n    source: "cohorts/clinic.csv"\n' in (desk.path / "kardia.yaml").read_text()
    )
    assert "2 to import" in desk.plan("--detailed-exitcode").out


def test_what_a_spreadsheet_would_take_for_a_formula_goes_into_a_yaml_file_beside_it(desk: InnerDesk) -> None:
    add(desk, "-0042")
    imported(desk, "--format", "csv")
    assert "-0042" not in (desk.path / "cohorts" / "imported.csv").read_text()
    assert '  - mrn: "-0042"\n' in (desk.path / "cohorts" / "imported.yaml").read_text()
    assert "2 to import" in desk.plan("--detailed-exitcode").out


def test_further_cohorts_have_further_names(desk: InnerDesk) -> None:
    imported(desk, "--format", "csv")
    add(desk, "A-2")
    imported(desk, "--format", "csv")
    assert (desk.path / "cohorts" / "imported-2.csv").exists()
    assert "2 to import" in desk.plan("--detailed-exitcode").out


def test_a_name_that_is_taken_or_names_no_file_is_refused(desk: InnerDesk) -> None:
    imported(desk, "--format", "csv", "--cohort", "clinic")
    add(desk, "A-2")
    assert "there is a cohort of this name" in refused(desk, "--format", "csv", "--cohort", "clinic")
    (desk.path / "cohorts" / "other.csv").write_text("mine")
    assert "exists and was not changed" in refused(desk, "--format", "csv", "--cohort", "other")
    assert "it names a file too" in refused(desk, "--format", "csv", "--cohort", "../x")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--into", "../elsewhere"), "leaves the configuration's directory. Name one below"),
        (("--into", "/tmp"), "the path is absolute. Name one below that of kardia.yaml"),
        (("--into", ".hidden"), "hidden"),
        (("--into", ".kardia/x"), "hidden"),
        (("--into", "a*b"), "sign of patterns"),
        (("--into", "kardia.yaml"), "it is no directory"),
        (("--format", "csv", "--split", "5"), "--split is for YAML files"),
        (("--cohort", "x"), "add --format csv"),
    ],
)
def test_options_that_cannot_be_obeyed_are_refused(
    desk: InnerDesk, arguments: tuple[str, ...], reason: str
) -> None:
    assert reason in refused(desk, *arguments)
    assert desk.sent("GET") == 0


def test_a_directory_that_a_link_leads_out_of_is_refused(desk: InnerDesk, tmp_path: Path) -> None:
    (desk.path / "patients").symlink_to(tmp_path)
    assert "through a symbolic link" in refused(desk)


def test_of_many_who_are_left_out_some_are_listed_and_the_way_to_the_others(desk: InnerDesk) -> None:
    for number in range(22):
        add(desk, f"M-{number}", email="no address")
    out = imported(desk, "--format", "csv")
    assert "Left out: 22 patients: its e-mail address is not an e-mail address" in out
    assert out.count("  id ") == 20
    assert "  and 2 more; kardia-ctl get patients --undeclared lists all of them" in out
