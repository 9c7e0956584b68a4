"""A batch is judged as its rows are, and rows as the schema judges them."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.row_findings import row_findings
from kardia_ctl.config.schema.validator import patient_validator
from kardia_ctl.kinds.texts.births import are_date_texts, is_date_text
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import are_sound, doubt, fault
from kardia_ctl.model.errors import ConfigurationError
from tests.config.cohorts.conftest import Loading
from tests.config.schema.test_validator import DAYS, MAILS, NAMES, ODD, SEXES

CELLS = ODD.filter(lambda text: not set(text) & set("\n\r\0\x1c\x1d\x1e\x85\u2028\u2029"))
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "mrn": ODD,
        "dob": DAYS | ODD,
        "email": MAILS | ODD,
        "firstname": ODD,
        "lastname": ODD,
        "sex": SEXES | ODD,
        "id": ODD,
        "codes": NAMES,
    },
).map(lambda row: {name: cell for name, cell in row.items() if cell})


@given(ROWS)
@example({"mrn": "A", "dob": "2000-07-21", "email": "a@b.c"})
@example({})
def test_what_is_said_of_a_row_is_what_the_schema_says(row: dict[str, Any]) -> None:
    assert set(row_findings(row)) == set(patient_validator().findings(row))
    assert len(row_findings(row)) == len(patient_validator().findings(row))


@given(st.sampled_from(TextFormat), st.lists(MAILS | ODD, min_size=1, max_size=4))
@example(TextFormat.EMAIL, ["a@b.co\nd@e.fr"])
@example(TextFormat.EMAIL, ["a@b.co\n", ""])
@example(TextFormat.NAME, ["Lee\nEk"])
@example(TextFormat.IDENTIFIER, ["A1\nB2", "C3"])
def test_texts_together_are_sound_when_each_is(form: TextFormat, values: list[str]) -> None:
    expected = not any(fault(form, value) or doubt(form, value) for value in values)
    assert are_sound(form, values) == expected


@given(st.lists(DAYS | ODD, min_size=1, max_size=4))
@example(["2000-07-21\n2000-07-21", ""])
@example(["2000-07-21\n", "000-07-21"])
def test_days_together_are_right_when_each_is(values: list[str]) -> None:
    assert are_date_texts(values) == all(map(is_date_text, values))


LINES = st.lists(
    st.tuples(
        CELLS.filter(str.strip) | st.sampled_from(["A", "B", " C"]),
        DAYS.filter(str.isprintable),
        st.sampled_from(["a@b.c", "a@b", "a@", "", "a b@c"]),
        CELLS,
        SEXES.filter(str.isprintable) | st.just(""),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(rows=LINES)
@example(rows=[("A", "2000-07-21", "a@b.c", "Joe", "1"), ("B", "2000-07-22", "a@b.d", "", "")])
def test_a_file_is_judged_the_same_with_and_without_quotes(
    cohort: Loading, rows: list[tuple[str, ...]]
) -> None:
    """A quote sends a block through the csv module; the rules must not know."""
    if any(mark in cell for row in rows for cell in row for mark in '",'):
        return

    def judged(quote: str) -> Any:
        lines = (",".join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
        text = "mrn,dob,email,firstname,sex\n" + "".join(f"{line}\n" for line in lines)
        try:
            found = cohort("c.csv", text.encode("utf-8", "surrogatepass"))
        except ConfigurationError as error:
            return [(one.source.line, one.message) for one in error.problems]
        return list(found.desired.patients.values()), len(found.warnings)

    assert judged("") == judged('"')
