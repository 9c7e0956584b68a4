"""The screens in front of the schema accept nothing that the schema refuses."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from kardia_ctl.config.patient_registry import are_plain_codes, faults, is_plain
from kardia_ctl.kinds import patient as kind

ODD = st.text(max_size=8) | st.sampled_from(["", " ", "a\n", "\u200b", "x" * 1001, "é" * 1000, "\ud800"])
DAYS = st.dates().map(str) | st.sampled_from(
    ["2000-02-30", "2000-7-21", "2000-07-21\n", "\u0662000-07-21", "0000-01-01"]
)
MAILS = st.emails() | st.sampled_from(["a@", "a@b\n", "a@b..c", "@b", "a b@c", "a@b@c", "a@" + "b" * 999])
SEXES = st.sampled_from(["0", "1", "2", "9", *kind.SEXES, "3", "01", "Male", "1\n"])
NAMES = st.lists(ODD | st.just("one-year"), max_size=3)
WRONG = st.one_of(
    st.none(), st.booleans(), st.integers(), st.lists(ODD, max_size=2), st.dictionaries(ODD, ODD)
)

MAPPINGS = st.fixed_dictionaries(
    {},
    optional={
        "mrn": ODD | WRONG,
        "dob": DAYS | ODD | WRONG,
        "email": MAILS | ODD | WRONG,
        "firstname": ODD | WRONG,
        "lastname": ODD | WRONG,
        "sex": SEXES | ODD | WRONG,
        "codes": NAMES | WRONG,
        "ignore_changes": st.lists(st.sampled_from(["email", "sex", "mrn", "dob"]), max_size=3) | WRONG,
        "id": ODD | WRONG,
        "extra": ODD,
    },
)
MOSTLY_RIGHT = st.builds(
    lambda right, changes: {**right, **changes},
    st.fixed_dictionaries({"mrn": st.just("P-1"), "dob": st.just("2000-07-21"), "email": st.just("a@b.c")}),
    MAPPINGS,
)


def _is_texts_only(value: Any) -> bool:
    """What YAML can give: texts, lists and mappings, never a number or null."""
    if isinstance(value, list):
        return all(_is_texts_only(each) for each in value)
    if isinstance(value, dict):
        return all(_is_texts_only(each) for each in value.values())
    return isinstance(value, str)


@given(MAPPINGS | MOSTLY_RIGHT)
@example({"mrn": "P-1", "dob": "2000-07-21", "email": "a@b.c", "firstname": ""})
@example({"mrn": "P-1", "dob": "2000-07-21", "email": "a@b.c", "codes": ["a", "a"]})
def test_what_the_screen_accepts_in_yaml_the_schema_accepts(values: dict[str, Any]) -> None:
    if is_plain(values):
        assert not faults(values)


@given(MOSTLY_RIGHT)
def test_what_the_schema_accepts_in_yaml_the_screen_accepts(values: dict[str, Any]) -> None:
    if _is_texts_only(values) and not faults(values):
        assert is_plain(values)


@given(ODD, DAYS | ODD, MAILS | ODD, ODD, ODD, SEXES | ODD, ODD, NAMES)
@example("P-1", "2000-07-21", "a@b.c", "", "", "", "", [])
def test_what_the_screen_accepts_in_a_row_the_schema_accepts(
    mrn: str, dob: str, email: str, first: str, last: str, sex: str, pin: str, codes: list[str]
) -> None:
    row = {
        "mrn": mrn,
        "dob": dob,
        "email": email,
        "firstname": first,
        "lastname": last,
        "sex": sex,
        "id": pin,
    }
    values: dict[str, Any] = {name: cell for name, cell in row.items() if cell}
    plain = kind.plainly_valid(mrn, dob, email, first, last, sex, pin)
    if plain and are_plain_codes(tuple(codes)):
        assert not faults({**values, "codes": codes})
