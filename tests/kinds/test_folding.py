"""The folding: what it ignores at each step, that it is idempotent, and that it keeps real names apart."""

from itertools import combinations
from typing import Final
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.kinds.folding import (
    alike,
    given_and_family,
    is_first_given,
    lookalike,
    mrn_key,
    person,
    plain,
    squeezed,
    unified,
    words_of,
)

STEPS: Final = (unified, squeezed, plain, alike, mrn_key, lookalike)

APOSTROPHES: Final = "\u0027\u2019\u02bc\u2018\u00b4\u0060\uff07\u02bb\u2032\u201b\u02b9"
HYPHENS: Final = "\u002d\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\uff0d\ufe63"
BLANKS: Final = " \u00a0\u2009\u202f\u3000\t"
JOINERS: Final = "\u200b\u200c\u200d\u2060\ufeff\u200e\u00ad\ufe0f"

NAMES: Final = (
    "O'Brien",
    "D'Angelo",
    "N'Diaye",
    "Berg-Ek",
    "Berg",
    "Ek",
    "de la Cruz",
    "de la Vega",
    "van der Berg",
    "McLeod",
    "García López",
    "Nguyễn",
    "Müller",
    "Møller",
    "Ångström",
    "Łukasiewicz",
    "Þórsdóttir",
    "Weiß",
    "Žižka",
    "Ng",
    "O",
    "Li",
    "Lý",
    "Иванов",
    "Иванова",
    "Щербак",
    "Παπαδόπουλος",
    "محمد",
    "محمود",
    "كوهين",
    "כהן",
    "לוי",
    "राम",
    "रमा",
    "रीमा",
    "สมชาย",
    "สมหญิง",
    "王伟",
    "王薇",
    "佐藤",
    "さとう",
    "김민준",
    "김민지",
    "Ke\u02bbalohilani",
    "ka'iulani",
    "Jean-Luc",
    "Anne Marie",
    "Anne",
    "María de los Ángeles",
    "J. R.",
)

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from(
        APOSTROPHES + HYPHENS + BLANKS + JOINERS + "aeouAEOU\u0130\u0131ßŉᾳΌйё\u0301\u0308\u3164\uffa0ﬁLlI10O"
    )
)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@given(text=texts)
def test_folding_twice_changes_nothing_more(step: object, text: str) -> None:
    assert callable(step)
    once = step(text)
    assert step(once) == once


@given(texts, texts)
def test_a_later_step_ignores_what_an_earlier_one_does(one: str, other: str) -> None:
    for text in (one, f"{one}{other}"):
        assert squeezed(unified(text)) == squeezed(text)
        assert plain(unified(text)) == plain(text)
        assert alike(unified(text)) == alike(text)


@pytest.mark.parametrize("mark", APOSTROPHES)
def test_every_apostrophe_is_one(mark: str) -> None:
    assert person("1970-02-03", "Mary", f"O{mark}Brien") == person("1970-02-03", "mary", "O'BRIEN")


@pytest.mark.parametrize("mark", HYPHENS)
def test_every_hyphen_is_one(mark: str) -> None:
    assert person("1970-02-03", "Eva", f"Berg{mark}Ek") == person("1970-02-03", "EVA", "Berg-Ek")


@pytest.mark.parametrize("mark", BLANKS)
def test_blanks_tell_nobody_apart(mark: str) -> None:
    name = f"{mark}de{mark}{mark}la Cruz{mark}"
    assert person("1970-02-03", "Eva", name) == person("1970-02-03", "Eva", "de la Cruz")


@pytest.mark.parametrize("mark", JOINERS)
def test_joiners_tell_nobody_apart(mark: str) -> None:
    assert person("1970-02-03", f"E{mark}va", "Ek") == person("1970-02-03", "Eva", "Ek")


@given(st.sampled_from(NAMES), st.sampled_from(("NFC", "NFD", "NFKC", "NFKD")), st.sampled_from(HYPHENS))
def test_a_real_name_is_itself_however_it_is_spelled(name: str, form: str, hyphen: str) -> None:
    spelled = normalize(form, f" {name.replace('-', hyphen)}".replace("'", "\u2019"))  # type: ignore[arg-type]
    for written in (spelled, spelled.casefold()):
        assert squeezed(written) == squeezed(name) != ""


def test_two_real_names_are_two() -> None:
    for step in (squeezed, alike):
        assert [pair for pair in combinations(NAMES, 2) if step(pair[0]) == step(pair[1])] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Mueller", "Muller"),
        ("Nguyễn", "Nguyen"),
        ("Møller", "Moeller"),
        ("Håkon", "Haakon"),
        ("Łukasz", "Lukasz"),
        ("Þór", "Thor"),
        ("Зоя", "ЗОЯ"),
        ("Алёна", "Алена"),
        ("\u0410nn\u0430", "Anna"),
        ("Renée", "Renee"),
    ],
)
def test_names_that_differ_by_accents_alone_are_alike(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (("Anna", "Lind"), ("Anna Maria", "Lind"), True),
        (("Anna Maria", "Lind"), ("Maria", "Lind"), True),
        (("Anna", "Lind"), ("Anna", "Lind Ek"), True),
        (("Anna", "Lind"), ("Ánna-Maria", "LIND"), True),
        (("Jo", "Ek"), ("Jo Ann", "Ek"), True),
        (("Anna", "Lind"), ("Maria", "Lind"), False),
        (("Anna", "Lind"), ("Anna", "Berg"), False),
        (("Anna", "de la Cruz"), ("Anna", "de la Vega"), False),
        (("John F", "Ek"), ("Paul F", "Ek"), False),
        (("", "Lind"), ("Anna", "Lind"), False),
    ],
)
def test_a_given_and_a_family_name_in_common(
    one: tuple[str, str], other: tuple[str, str], near: bool
) -> None:
    assert bool(given_and_family(*one) & given_and_family(*other)) is near


def test_the_words_of_a_name_have_no_order() -> None:
    assert words_of("Lind Anna") == words_of("anna LIND") != words_of("Anna Lindh")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Anna", "Anna Maria", True),
        ("anna maria", "Ánna", True),
        ("Anna", "Anna", False),
        ("Anna", "Maria Anna", False),
        ("Anna", "", False),
        ("Anna Maria", "Anna Sofia", False),
    ],
)
def test_who_has_a_given_name_more(one: str, other: str, same: bool) -> None:
    assert is_first_given(one, other) is same


@pytest.mark.parametrize(
    "other",
    [
        "p-01",
        " P-O1",
        "P-0l",
        "P-0I",
        "\uff30-01",
        "\u0420-\u041e1",
        "P\u20100I",
        "P-\u0660\u0661",
        "P-\u0966l",
    ],
)
def test_mrns_that_people_confuse_look_alike(other: str) -> None:
    assert lookalike(other) == lookalike("P-01")


@pytest.mark.parametrize("other", ["P-1", "P01", "P-001", "B-01", "P-02"])
def test_mrns_that_differ_do_not(other: str) -> None:
    assert lookalike(other) != lookalike("P-01")


def test_a_hyphen_in_an_mrn_counts() -> None:
    assert mrn_key("1-23") != mrn_key("12-3")
    assert mrn_key("AC\u201077") == mrn_key(" ac-77\u00a0")
