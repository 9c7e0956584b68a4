"""Rows that are set aside: nobody is lost, nobody goes out by mistake, and nobody is forgotten."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.cohorts.formats.table import is_blank
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading

ASIDE = "on_bad_row: quarantine"
HEAD = "mrn,dob,email,codes\n"
GOOD = "A,2000-07-21,a@example.com,\n"


def rejected(found: object) -> dict[int, str]:
    (only,) = found.quarantines  # type: ignore[attr-defined]
    return {line: reason for line, reason, _ in only.rows}


def test_a_bad_row_is_set_aside_and_the_others_proceed(cohort: Loading) -> None:
    found = cohort("c.csv", f"{HEAD}{GOOD}B,wrong,b@example.com,\nC,2000-07-21,c@example.com,a\n", ASIDE)
    assert list(found.desired.patients) == ["A", "C"]
    (only,) = found.quarantines
    assert only.rows == ((3, "dob is not a valid YYYY-MM-DD date", ("B", "wrong", "b@example.com", "")),)
    assert only.header == ("mrn", "dob", "email", "codes")
    assert (only.cohort, only.source, only.target) == ("c", "c.csv", found.root / "c.rejected.csv")
    assert {mrn: str(place) for mrn, place in found.desired.quarantined.items()} == {"B": "c.csv:3"}
    assert "wrong" not in repr(found)


@pytest.mark.parametrize(
    "row",
    [
        "C,2000-07-21,c@example.com,nowhere",
        "C,2000-07-21,c@example.com,a;a",
        "C,2000-07-21",
        ",2000-07-21,c@example.com,",
        "C\u200b,2000-07-21,c@example.com,",
        "C,2000-07-21,c,",
    ],
)
def test_whatever_is_wrong_with_a_row_sets_it_aside(cohort: Loading, row: str) -> None:
    found = cohort("c.csv", f"{HEAD}{GOOD}{row}\n", ASIDE)
    assert list(found.desired.patients) == ["A"]
    assert list(rejected(found)) == [3]


def test_of_two_rows_with_one_mrn_neither_goes_out(cohort: Loading) -> None:
    twins = "B,2000-07-21,b@example.com,\n" * 3
    found = cohort("c.csv", f"{HEAD}{GOOD}{twins}", ASIDE)
    assert list(found.desired.patients) == ["A"]
    assert rejected(found) == {
        3: "two patients have this mrn; the other is at c.csv:4",
        4: "two patients have this mrn; the other is at c.csv:3",
        5: "two patients have this mrn; the other is at c.csv:3",
    }
    assert set(found.desired.quarantined) == {"B"}


def test_a_good_row_whose_mrn_a_bad_row_has_does_not_go_out(cohort: Loading) -> None:
    for rows in ("B,x,b@example.com,\nB,2000-07-21,b@example.com,", "B,2000-07-21,b@example.com,\nB,x,,"):
        found = cohort("c.csv", f"{HEAD}{GOOD}{rows}\n", ASIDE)
        assert list(found.desired.patients) == ["A"]
        assert list(rejected(found)) == [3, 4]


def test_a_double_of_somebody_who_cannot_be_set_aside_is_an_error(cohort: Loading) -> None:
    more = "patients: [{mrn: A, dob: 2000-07-21, email: a@example.com}]\n"
    with pytest.raises(ConfigurationError, match="two patients have this mrn"):
        cohort("c.csv", HEAD + GOOD, ASIDE, more)


def test_a_row_that_does_not_tell_its_mrn_is_counted(cohort: Loading) -> None:
    found = cohort("c.csv", f"{HEAD}{GOOD}B,2000-07-21\n,2000-07-21,b@example.com,\n", ASIDE)
    assert (found.desired.quarantined_without_mrn, dict(found.desired.quarantined)) == (2, {})


def test_an_mrn_too_long_for_an_address_does_not_slip_through(cohort: Loading) -> None:
    long = "B" * 300
    found = cohort("c.csv", f"{HEAD}{GOOD}{f'{long},2000-07-21,b@example.com,{chr(10)}' * 2}", ASIDE)
    assert list(found.desired.patients) == ["A"]
    assert found.desired.quarantined_without_mrn == 2


@pytest.mark.parametrize("content", [HEAD + 'A,2000-07-21,"a@example.com', "mrn,dob\nA,2000-07-21\n", ""])
def test_what_is_wrong_with_the_file_itself_fails(cohort: Loading, content: str) -> None:
    with pytest.raises(ConfigurationError):
        cohort("c.csv", content, ASIDE)


@pytest.mark.parametrize("name", ["a/b", "..", ".x", "a b", "ö"])
def test_a_name_that_cannot_be_a_files_cannot_set_aside(tmp_path: Path, name: str) -> None:
    (tmp_path / "c.csv").write_text(HEAD + GOOD, encoding="utf-8")
    text = f"version: 1\ncohorts: {{{name}: {{source: c.csv, {ASIDE}}}}}\n"
    (tmp_path / "kardia.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="name cannot be used for its file"):
        load(tmp_path, {})


def test_no_cohort_is_written_over(tmp_path: Path) -> None:
    for name in ("c.csv", "c.rejected.csv"):
        (tmp_path / name).write_text(HEAD + GOOD.replace("A", name), encoding="utf-8")
    text = f"version: 1\ncohorts: {{c: {{source: c.csv, {ASIDE}}}, d: {{source: c.rejected.csv}}}}\n"
    (tmp_path / "kardia.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is already in use"):
        load(tmp_path, {})


CELLS = st.sampled_from(
    ["A", "B", "C", "", " ", "x" * 1001, "2000-07-21", "2000-02-30", "a@example.com", "a@", "a", "b;a"]
) | st.sampled_from(['"q"', '"a\nb"', '"', "é", "\u200b", "\t"])
LINES = st.lists(CELLS, min_size=1, max_size=5).map(",".join)
FILES = st.lists(LINES | st.just("A,2000-07-21,a@b.c,"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(rows=FILES)
def test_every_row_is_entered_or_set_aside(cohort: Loading, rows: Sequence[str]) -> None:
    """With the file's own row count as the judge; a file that cannot be read as CSV fails as a whole."""
    import csv

    text = HEAD + "".join(f"{row}\n" for row in rows)
    try:
        found = cohort("c.csv", text, ASIDE)
    except ConfigurationError:
        return
    written = csv.reader(text.splitlines(keepends=True), strict=True)
    expected = sum(1 for row in written if not all(map(is_blank, row))) - 1
    assert len(found.desired.patients) + len(rejected(found)) == expected
    assert not {(one.file, one.line) for one in found.desired.patients.values()} & {
        ("c.csv", line) for line in rejected(found)
    }
