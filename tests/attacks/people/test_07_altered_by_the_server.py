"""7. Never send again while somebody new may be the one in doubt: servers store what is sent otherwise."""

from collections.abc import Callable
from unicodedata import normalize

import pytest

from kardia_ctl.kinds import likeness
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.kinds.birth_date import days
from kardia_ctl.kinds.likeness import Lookalikes, fold
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.planning.doubts import Doubts
from tests.attacks.odd_account import LOST, Patient, Person
from tests.attacks.safeguards import removed

SENT = "Zoë-0012|1980-02-03|Anna@Example.com|Anna|Quirildra"
"""The patient whose create is lost."""

Store = Callable[[Patient], Patient]


def mrn(change: Callable[[str], str]) -> Store:
    """A server that changes an mrn; it hides the other values, so that the mrn alone can be compared."""
    return lambda patient: {"id": patient["id"], "mrn": change(patient["mrn"])}


def fields(**changed: str) -> Store:
    return lambda patient: {**patient, "mrn": "stored elsewhere", **changed}


ALTERED: dict[str, Store] = {
    "upper case": mrn(str.upper),
    "lower case": mrn(str.lower),
    "blanks around": mrn(lambda text: f" {text}\t"),
    "cut at its end": mrn(lambda text: text[:5]),
    "cut at its beginning": mrn(lambda text: text[3:]),
    "longer": mrn(lambda text: f"{text}-001"),
    "with a prefix": mrn(lambda text: f"TEAM {text}"),
    "NFD": mrn(lambda text: normalize("NFD", text)),
    "full width": mrn(lambda text: text.replace("0012", "\uff10\uff10\uff11\uff12")),
    "without accents": mrn(lambda text: text.replace("ë", "e")),
    "without the hyphen": mrn(lambda text: text.replace("-", "")),
    "another dash": mrn(lambda text: text.replace("-", "\u2013")),
    "a zero-width space": mrn(lambda text: text.replace("-", "-\u200b")),
    "without leading zeros": mrn(lambda text: text.replace("0012", "12")),
    "the birth date in another order": fields(dob="03/02/1980", email=""),
    "the birth date with dots": fields(dob="3.2.1980", email=""),
    "the birth date with a month's name": fields(dob="3 Feb 1980", email=""),
    "the birth date without separators": fields(dob="19800203", email=""),
    "the birth date as a moment": fields(dob="1980-02-02T23:00:00Z", email=""),
    "the birth date in seconds": fields(dob="318384000", email=""),
    "the birth date in milliseconds": fields(dob="318384000000", email=""),
    "the e-mail address in lower case": fields(dob="", email="anna@example.com"),
    "the e-mail address cut": fields(dob="", email="anna@exam"),
    "the birth date a day earlier": fields(dob="1980-02-02", email=""),
    "the birth date a day later": fields(dob="1980-02-04", email=""),
    "day and month exchanged": fields(dob="1980-03-02", email=""),
    "the e-mail address with a tag": fields(dob="", email="anna+kardia@example.com"),
    "nothing but the name": fields(dob="", email=""),
    "the year alone": fields(dob="1980", email="", firstname="", lastname=""),
    "year and month": fields(dob="1980-02", email=""),
    "month and year": fields(dob="02/1980", email=""),
    "the day hidden": fields(dob="1980-02-XX", email=""),
    "the year hidden": fields(dob="****-02-03", email="", firstname="", lastname=""),
    "the age": fields(dob="46", email="", firstname="", lastname=""),
    "the day of the year": fields(dob="1980-034", email=""),
    "the day of the week": fields(dob="1980-W05-7", email=""),
    "days of a spreadsheet": fields(dob="29254", email=""),
    "a word for no birth date": fields(dob="unknown", email=""),
    "a birth date for none": fields(dob="1900-01-01", email=""),
    "the e-mail address hidden": fields(dob="", email="b***@example.com", firstname="", lastname=""),
    "a word for the e-mail address": fields(dob="", email="redacted", firstname="", lastname=""),
    "a hash of the e-mail address": fields(dob="", email="9f8e7d6c5b4a", firstname="", lastname=""),
    "the names exchanged": fields(dob="1911-11-11", email="", firstname="Quirildra", lastname="ANNA"),
    "one character": mrn(lambda text: text[:1]),
    "as HTML": mrn(lambda text: text.replace("ë", "&#235;")),
    "percent-encoded": mrn(lambda text: text.replace("ë", "%C3%AB")),
    "UTF-8 as Latin-1": mrn(lambda text: text.encode().decode("latin-1")),
    "question marks": mrn(lambda text: text.encode("ascii", "replace").decode()),
    "spelled out": mrn(lambda text: text.replace("ë", "ee")),
    "a hash": mrn(lambda _: "9f8e7d6c"),
    "an octal number": mrn(lambda _: "10"),
    "nothing but the id": lambda patient: {"id": patient["id"]},
}


def a_lost_create_is_not_sent_again(person: Person, stores: Store) -> None:
    """The first create is stored otherwise and its answer is lost; whatever follows, there is one patient."""
    person.account.add("OLD-1")
    person.declare(SENT)
    person.account.stores = stores
    person.account.answers = lambda _: LOST
    lost = person.apply()
    assert (lost.code, lost.creates) == (1, 1), lost.text
    assert "might be this one" in lost.text
    person.account.answers = lambda patient: patient
    person.account.stores = lambda patient: patient
    for again in (person.run("plan"), person.apply(), person.apply("--settle", "0")):
        assert (again.code, again.creates) == (1, 0)
        assert f"--distinct '{patient_address(SENT.partition('|')[0])}'" in again.text
    assert len(person.account.patients) == 2


@pytest.mark.parametrize("name", ALTERED)
def test_whoever_is_stored_otherwise_is_not_created_again(person: Person, name: str) -> None:
    a_lost_create_is_not_sent_again(person, ALTERED[name])


@pytest.mark.parametrize("name", ["upper case", "the birth date with dots"])
def test_without_the_comparison_there_are_two(person: Person, name: str) -> None:
    with removed(Doubts, "_alike", lambda *_: iter(())), pytest.raises(AssertionError):
        a_lost_create_is_not_sent_again(person, ALTERED[name])


@pytest.mark.parametrize("name", ["the year alone", "the age", "the year hidden"])
def test_where_any_text_counts_as_a_birth_date_there_are_two(person: Person, name: str) -> None:
    with removed(likeness, "says_a_day", bool), pytest.raises(AssertionError):
        a_lost_create_is_not_sent_again(person, ALTERED[name])


@pytest.mark.parametrize("way", ["--distinct", "--assume-absent"])
def test_a_person_can_say_that_they_are_two(person: Person, way: str) -> None:
    person.declare(SENT)
    person.account.stores = ALTERED["the birth date with dots"]
    person.account.answers = lambda _: LOST
    assert person.apply().code == 1
    person.account.answers = person.account.stores = lambda patient: patient
    done = person.apply(way, str(patient_address("Zoë-0012")))
    assert (done.code, done.creates) == (0, 1)


def test_a_newcomer_who_is_somebody_else_blocks_nobody(person: Person) -> None:
    """All that Kardia shows of them differs: many enrol patients while a doubt stands."""

    def somebody_else(_: Patient) -> None:
        person.account.add("C-77", "1961-07-09")

    person.declare(SENT)
    person.account.answers = lambda _: LOST
    person.account.stores = somebody_else
    assert person.apply().creates == 4


def test_whoever_was_there_before_is_nobody_new(person: Person) -> None:
    """Many share a birth date: only one who came since the doubt began might be the patient in doubt."""
    for number in range(5):
        person.account.add(f"OLD-{number}", "1980-02-03")
    person.declare(SENT)
    person.account.stores = lambda _: None
    person.account.answers = lambda _: LOST
    assert person.apply().creates == 4
    person.account.stores = person.account.answers = lambda patient: patient
    assert person.apply().code == 0


def test_where_the_head_of_then_is_gone_everybody_might_be_new(person: Person) -> None:
    person.account.add("OLD-1", "1980-02-03")
    person.account.add("HEAD-1")
    person.declare(SENT)
    person.account.stores = lambda _: None
    person.account.answers = lambda _: LOST
    assert person.apply().creates == 4
    person.account.patients.pop(0)
    person.account.stores = person.account.answers = lambda patient: patient
    assert person.apply().creates == 0


def test_who_is_declared_and_equal_is_accounted_for(person: Person) -> None:
    other = "Zoë-001|1980-02-03|anna@example.com|Berta|Zorbavix"
    person.declare(SENT, other)
    lost = iter([True, False, False])
    person.account.answers = lambda patient: LOST if next(lost) else patient
    stored = iter([None, *"xx"])
    person.account.stores = lambda patient: patient if next(stored) else None
    done = person.apply("--parallelism", "1")
    assert (done.code, done.creates) == (0, 3)


def test_values_are_shown_where_they_may_be_shown(person: Person) -> None:
    person.declare(SENT)
    person.account.stores = ALTERED["the birth date with dots"]
    person.account.answers = lambda _: LOST
    assert person.apply().code == 1
    hidden, shown = person.run("plan").text, person.run("plan", "--show-phi").text
    assert "3.2.1980" not in hidden
    for text in ("id-1", "kardia.yaml:", '"stored elsewhere"', '"3.2.1980"', '"1980-02-03"'):
        assert text in shown


def test_adopting_out_of_doubt_compares_what_is_ignored(person: Person) -> None:
    ignored_is_compared(person)


def ignored_is_compared(person: Person) -> None:
    """Somebody else's patient with our mrn, who differs in what may differ, is not the one in doubt."""
    person.declare(SENT, more="settle: 0s")
    file = person.path / "kardia.yaml"
    file.write_text(file.read_text() + "    ignore_changes: [email, firstname, lastname]\n")
    person.account.stores = lambda patient: {**patient, "email": "else@example.com", "firstname": "Else"}
    person.account.answers = lambda _: LOST
    done = person.apply()
    assert done.code == 1
    assert "email, firstname differ from live" in done.text


def test_without_it_somebody_else_is_adopted(person: Person) -> None:
    def blind(want: DesiredPatient, live: LivePatient) -> tuple[str, ...]:
        return tuple(name for name in compared(want, live) if name not in want.ignore)

    compared = patient_kind.all_differences
    with removed(patient_kind, "all_differences", blind), pytest.raises(AssertionError):
        ignored_is_compared(person)


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("12", "0012"),
        ("12.0", "0012"),
        ("1.23457E+15", "1234567890123456"),
        ("12345678901234568", "12345678901234567"),
        ("STRASSE-1", "Straße-1"),
        ("550E8400E29B41D4A716446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("\u0130-1", "i-1"),
    ],
)
def test_an_mrn_is_told_in_each_form(stored: str, sent: str) -> None:
    want = DesiredPatient(sent, "1980-02-03", "anna@example.com")
    live = LivePatient("id-1", stored, "1999-09-09", "other@example.org")
    assert Lookalikes([live]).of(want) == [(live, ("mrn",))]


@pytest.mark.parametrize("stored", ["13", "A-13", "1234567", "%", "S-1", "1", ""])
def test_another_mrn_is_not(stored: str) -> None:
    want = DesiredPatient("0012", "1980-02-03", "anna@example.com")
    live = LivePatient("id-1", stored, "1999-09-09", "other@example.org")
    assert Lookalikes([live]).of(want) == []


def test_what_folds_and_what_dates_are_read() -> None:
    assert fold("  Zo\u00eb - 0012 ") == fold("ZOE\u03080012") == "zoe12"
    assert fold("%%") == "%%"
    assert {str(day) for day in days("2001-02-03")} == {"2001-02-03"}
    assert {str(day) for day in days("03/02/2001")} == {"2001-02-03", "2001-03-02"}
    assert days("unknown") == days("99/99/9999") == days("9" * 40) == frozenset()
