"""What programs leave in texts is told apart from what people are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds.texts.damages import DAMAGES
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.program_words import ERROR_VALUES
from kardia_ctl.kinds.texts.spoiled import doubt, fault

PERSONAL = [form for form in TextFormat if form is not TextFormat.OTHER]
STRICT = [form for form in PERSONAL if form is not TextFormat.NAME]

NAMES = [
    *(
        "Lee",
        "de la Cruz",
        "O'Brien",
        "O’Brien",
        "'t Hooft",
        "'s-Gravenhage",
        "D'Ângelo",
        "DʼArcy",
        "J. R. Ek",
    ),
    *("José", "JOÃO", "São", "Ân", "ÂN", "LUKÁŠ", "KŘÍŽ", "LÍŽ", "RÚŽA", "Šárka", "Þórðarson", "Weiß", "Åse"),
    *("Иван", "Ελένη", "李小龍", "Nguyễn", "Mª José", "Gal·la", "Smith, Jr.", 'Robert "Bob" Lee', "John 3rd"),
    *("حاجی\u200cرضایی", "ශ්\u200dරී", "ന്\u200d", "A\u0301gnes", "Null", "Nan", "Noneman", "NaNa", "True"),
]

NOBODY = [
    *('="0012345"', "=A1", '=HYPERLINK("x")', "+SUM(A1)", "-SUM(A1)", "@SUM(A1)", "{=A1}", *ERROR_VALUES),
    *("#n/a", "#KÄSE!", "########", "Err:502", "Err:508", "Loading...", "Loading…", "1.23457E+11", "1,2E+05"),
    *(
        "1E+11",
        "1.23457e+11",
        "1.234567E11",
        "Smith_x000D_",
        "O&#39;Lee",
        "O&apos;Lee",
        "A&amp;B",
        "Jos&eacute;",
    ),
    *(
        "Jos\\u00e9",
        "A\\nB",
        "A\\t",
        "O\\'Lee",
        "=C3=A9",
        "Jos=C3=A9",
        "=?utf-8?Q?Jos=C3=A9?=",
    ),
    *(
        ' "Lee"',
        '"Lee"',
        'Lee"',
        'O""Lee',
        "Mu\ufffdoz",
        "\\N",
        "(null)",
        "<null>",
        "<NA>",
        "NaN",
    ),
    *("NaT", "undefined", "N/A", "#NULL#", "b'Lee'", "<b>Lee</b>", "[object Object]", " Lee", "Lee ", "  "),
    *("\u00a0", "de\u00a0la", "Lee\t", "A\u200bB", "A\u200cB", "\u200f\u05db", "Wei\u00aden", "\ud800", ""),
]

SOMEBODY = [
    *("NULL", "null", "None", "none", "nan", "NA", "TRUE", "FAUX", "'Lee", "JosÃ©", "Ann â€™", "Ð˜Ð²Ð°Ð½"),
    *(
        "JosÃƒÂ©",
        "GarcÃa",
        "Ãlvarez",
        "Jos√©",
        "JosГ©",
        "ÈÐÎÒ",
        "M?ller",
        "-",
        "0",
        "12:30",
        "A\\B",
        "${NAME}",
    ),
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_what_people_are_called_is_neither_wrong_nor_odd(name: str) -> None:
    assert (fault(TextFormat.NAME, name), doubt(TextFormat.NAME, name)) == (None, None)


@pytest.mark.parametrize("value", NOBODY, ids=ascii)
def test_what_nobody_is_called_is_wrong_in_every_attribute(value: str) -> None:
    assert [form for form in PERSONAL if form is not TextFormat.DATE and fault(form, value) is None] == []


@pytest.mark.parametrize("name", SOMEBODY, ids=ascii)
def test_what_somebody_may_be_called_is_odd_and_not_wrong(name: str) -> None:
    assert fault(TextFormat.NAME, name) is None
    assert doubt(TextFormat.NAME, name) is not None


@pytest.mark.parametrize("value", ["NULL", "null", "Null", "none", "nan", "na", "n/a", "JosÃ©", "'12", "---"])
def test_an_mrn_and_a_phone_number_are_judged_more_strictly(value: str) -> None:
    assert fault(TextFormat.IDENTIFIER, value)
    assert fault(TextFormat.PHONE, value)


@pytest.mark.parametrize(
    "mrn",
    [
        *(
            "0012345",
            "AC-77",
            "219E01",
            "1e5",
            "5E-05",
            "a/b",
            "a b",
            "JS-20000721",
            "MAR-01",
            "deadbeef",
            "\U0001fac0-1",
        ),
        *(
            "550e8400-e29b-41d4-a716-446655440000",
            "C\u00e3o-1",
            "100%",
            "A&B",
            "A=B",
            "A#1",
            "NULL-1",
            "x'y",
            "(12)",
        ),
    ],
    ids=ascii,
)
def test_an_mrn_may_hold_any_printable_character(mrn: str) -> None:
    assert (fault(TextFormat.IDENTIFIER, mrn), doubt(TextFormat.IDENTIFIER, mrn)) == (None, None)


def test_a_percent_escape_is_wrong_but_in_an_mrn() -> None:
    """An mrn may hold any sign, and some hold this one."""
    for form in PERSONAL:
        assert (fault(form, "Ann%20Lee") is None) == (form is TextFormat.IDENTIFIER)
    assert doubt(TextFormat.IDENTIFIER, "a%2Fb")


@pytest.mark.parametrize("mrn", ["0", "000", "12345.0", "1-Mar", "Mar-01", "3.Okt"])
def test_an_mrn_that_a_spreadsheet_makes_of_others_is_odd(mrn: str) -> None:
    assert fault(TextFormat.IDENTIFIER, mrn) is None
    assert doubt(TextFormat.IDENTIFIER, mrn)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("de\u00a0la", "U+00A0 NO-BREAK SPACE at character 3"),
        ("Lee\u00ad", "U+00AD SOFT HYPHEN at character 4"),
        ("a\tb", "U+0009 TAB at character 2"),
        ("\ue000", "U+E000 at character 1"),
        ("Lee ", "ends with a blank: U+0020 SPACE at character 4"),
        ("GarcÃa", "from character 5 on"),
        ("#NV", "(#NV)"),
    ],
    ids=ascii,
)
def test_the_words_name_what_was_seen_and_where(value: str, words: str) -> None:
    found = fault(TextFormat.NAME, value) or doubt(TextFormat.NAME, value)
    assert found is not None
    assert words in found.words


@given(st.sampled_from(TextFormat), st.from_regex("zq[0-9]{6}", fullmatch=True))
def test_the_words_never_repeat_the_value(form: TextFormat, secret: str) -> None:
    for value in (
        f"{secret}\u200b",
        f"={secret}",
        f"'{secret}",
        f"{secret}@",
        f"{secret}\ufffd",
        f'"{secret}"',
    ):
        found = fault(form, value)
        assert found is None or secret not in f"{found.words} {found.remedy}", value


def test_every_damage_is_found_somewhere() -> None:
    """A row of the table that no value of these lists needs is a row without a test."""
    seen = {*NOBODY, *SOMEBODY, "NULL", "'12", "---", "0", "12345.0", "1-Mar", "36728", "%20", "%s"}
    assert [one.words for one in DAMAGES if not any(one.pattern.search(value) for value in seen)] == []
