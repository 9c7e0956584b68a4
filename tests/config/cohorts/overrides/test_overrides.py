"""What a cohort declares for single patients counts in place of what its file says, and is checked there."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.patient import DesiredPatient
from tests.config.cohorts.conftest import Loading
from tests.config.cohorts.fhir_patients import SYSTEM, bundle, patient
from tests.config.cohorts.test_formats import HEADER, PEOPLE, separated, told, workbook

OVERRIDES = (
    "overrides: {'0012345': {lastname: Fernqvist, ignore_changes: [lastname], codes: [b]}, "
    "'NO': {dob: 1949-02-12, sex: unknown, codes: []}}"
)
ROWS = "\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in PEOPLE)


def people(found: Configuration) -> dict[str, DesiredPatient]:
    return dict(found.desired.patients)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.csv", separated(",")),
        ("c.tsv", separated("\t")),
        ("c.ndjson", ROWS),
        ("c.xlsx", workbook(HEADER, *PEOPLE)),
    ],
)
def test_every_format_takes_overrides(cohort: Loading, name: str, content: str | bytes) -> None:
    before = people(cohort(name, content))
    after = people(cohort(name, content, OVERRIDES))
    first, second, third = (after[mrn] for mrn in ("0012345", "NO", "1e5"))
    assert (first.lastname, first.ignore, first.codes) == ("Fernqvist", ("lastname",), ("b",))
    assert (first.firstname, first.line) == (before["0012345"].firstname, before["0012345"].line)
    assert (second.dob, second.sex, second.codes) == ("1949-02-12", "0", ())
    assert third == before["1e5"]


def test_a_fhir_bundle_takes_overrides(cohort: Loading) -> None:
    text = bundle({"resource": patient("P-1")}, {"resource": patient("P-2")})
    said = f"identifier: '{SYSTEM}', overrides: {{P-2: {{lastname: Fernqvist, email: p2@other.example.com}}}}"
    found = people(cohort("c.json", text, said))
    assert (found["P-1"].lastname, found["P-2"].lastname) == ("Fernquist", "Fernqvist")
    assert found["P-2"].email == "p2@other.example.com"


def test_an_override_stands_in_for_a_cell_that_is_wrong(cohort: Loading) -> None:
    rows = "mrn,dob,email,firstname\nA-1,31.02.1990,a@example,#REF!\nA-2,01.03.1990,b@example.com,Bea\n"
    form = "columns: {dob: {column: dob, format: DD.MM.YYYY}}"
    right = "overrides: {A-1: {dob: 1990-03-02, email: a@example.com, firstname: Ada}}"
    found = people(cohort("c.csv", rows, f"{form}, {right}"))
    assert [(one.dob, one.firstname) for one in found.values()] == [
        ("1990-03-02", "Ada"),
        ("1990-03-01", "Bea"),
    ]


def test_defaults_and_constants_give_way_to_an_override(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,a@example.com\nA-2,1990-03-02,b@example.com\n"
    said = "defaults: {codes: [a]}, constants: {ignore_changes: [email]}"
    mine = "overrides: {A-1: {codes: [b], ignore_changes: []}}"
    found = people(cohort("c.csv", rows, f"{said}, {mine}"))
    assert [(one.codes, one.ignore) for one in found.values()] == [(("b",), ()), (("a",), ("email",))]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{A-9: {codes: [a]}}", "kardia.yaml:3:42: patient/A-9: no row of the cohort has this mrn"),
        ("{A-1: {mrn: A-2}}", "kardia.yaml:3:48: patient/A-1: unknown key 'mrn'"),
        ("{A-1: {nickname: Bea}}", "kardia.yaml:3:48: patient/A-1: unknown key 'nickname'"),
        ("{A-1: {mobile_user: {country: us}}}", "kardia.yaml:3:48: patient/A-1: unknown key 'mobile_user'"),
        ("{A-1: {dob: 02.03.1990}}", "kardia.yaml:3:53: patient/A-1: dob is not a valid YYYY-MM-DD date"),
        ("{A-1: {dob: 2990-03-02}}", "kardia.yaml:3:53: patient/A-1: dob is in the future"),
        ("{A-1: {email: nobody}}", "kardia.yaml:3:55: patient/A-1: email is not"),
        ("{A-1: {firstname: '=Ada'}}", "kardia.yaml:3:59: patient/A-1: firstname"),
        ("{A-1: {codes: [nowhere]}}", "kardia.yaml:3:56: patient/A-1: codes names a template that is not"),
        ("{A-1: {ignore_changes: [dob]}}", "kardia.yaml:3:65: patient/A-1: "),
        ("{A-1: {phone: 555-555-5555}}", "kardia.yaml:3:55: patient/A-1: only the pro API has phone"),
        ("{A-1: Bea}", "kardia.yaml:3:47: patient/A-1: this override is not"),
        ("[A-1]", "kardia.yaml:3:41: "),
        ("{'A.1 x': {email: nobody}}", "kardia.yaml:3:59: patient/A.1%20x: email is not"),
        ("{'A.1 x': Bea}", "kardia.yaml:3:51: patient/A.1%20x: this override is not"),
    ],
)
def test_an_override_that_is_wrong_is_an_error_at_its_place(cohort: Loading, said: str, message: str) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,a@example.com\n"
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", rows, f"overrides: {said}")
    errors = told(caught)
    assert len(errors) == 1
    assert message in errors[0]


def test_what_is_wrong_in_the_row_beside_an_override_is_said_at_the_row(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,nobody\n"
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", rows, "overrides: {A-1: {firstname: Ada}}")
    assert [error.split(": ")[0] for error in told(caught)] == ["c.csv:2:16"]


def test_two_rows_with_one_mrn_stay_an_error(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,a@example.com\nA-1,1990-03-02,a@example.com\n"
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", rows, "overrides: {A-1: {firstname: Ada}}")
    assert "two patients have this mrn; the other is at c.csv:2" in told(caught)[0]


def test_a_row_that_is_quarantined_counts_as_one_of_the_cohort(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,nobody\nA-2,1990-03-02,b@example.com\n"
    said = "on_bad_row: quarantine, overrides: {A-1: {firstname: Ada}, A-2: {firstname: Bea}}"
    found = cohort("c.csv", rows, said)
    assert [one.firstname for one in people(found).values()] == ["Bea"]
    assert list(found.desired.quarantined) == ["A-1"]


def test_what_is_wrong_in_an_override_quarantines_nobody(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,a@example.com\n"
    with pytest.raises(ConfigurationError) as caught:
        cohort("c.csv", rows, "on_bad_row: quarantine, overrides: {A-1: {codes: [nowhere]}}")
    assert "codes names a template that is not declared" in told(caught)[0]


def test_what_is_odd_in_an_override_is_warned_of_there(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,a@example.com\n"
    found = cohort("c.csv", rows, "overrides: {A-1: {dob: 1900-01-01}}")
    assert [warning.split(": ")[0] for warning in found.warnings if "dob" in warning] == ["kardia.yaml:3:53"]


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "dob": st.dates(date(1930, 1, 1), date(2020, 1, 1)).map(str),
    "email": st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example\.com", fullmatch=True),
    "firstname": st.text("abcdefé", min_size=1, max_size=9),
    "lastname": st.text("xyzåß", min_size=1, max_size=9),
    "sex": st.sampled_from(["0", "1", "2", "9", "male"]),
}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.fixed_dictionaries({}, optional=VALUES), row=st.integers(0, 2))
def test_an_override_is_what_another_cell_would_be(cohort: Loading, values: dict[str, str], row: int) -> None:
    """Loaded with overrides, and with the cells changed, the patients are the same."""
    mrn = PEOPLE[row][0]
    edited = [list(one) for one in PEOPLE]
    for name, value in values.items():
        edited[row][HEADER.index(name)] = value
    changed = "\n".join(",".join(one) for one in (HEADER, *edited)) + "\n"
    said = ", ".join(f'{name}: "{value}"' for name, value in values.items())
    by_cells = people(cohort("c.csv", changed))
    by_overrides = people(cohort("c.csv", separated(","), f"overrides: {{'{mrn}': {{{said}}}}}"))
    assert by_cells == by_overrides
    Path("c.csv").unlink()


def test_a_key_that_may_be_an_mrn_is_not_repeated(cohort: Loading) -> None:
    rows = "mrn,dob,email\nA-1,1990-03-02,a@example.com\n"
    for said in (
        "overrides: {A-1: {email: b@example.com}, A-1: {}}",
        "columns: {A-1: dob}",
        "A-1: x",
        "Joe: x",
    ):
        with pytest.raises(ConfigurationError) as caught:
            cohort("c.csv", rows, said)
        assert any("key" in error for error in told(caught))
        assert not any("A-1'" in error or "Joe" in error for error in told(caught))
