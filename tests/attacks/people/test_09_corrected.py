"""9. Doubt lies in the account, not in a name: corrections beside that of the mrn of somebody in doubt."""

import pytest

from kardia_ctl.kinds.likeness import PERSON_SIZE
from kardia_ctl.planning import doubts
from tests.attacks.lost_create import ANNA, lengthen, lose
from tests.attacks.odd_account import Person
from tests.attacks.safeguards import removed

TWO_STAY = {
    "the birth date": "A-2|1980-03-02|anna@example.com|Anna|Quirildra",
    "the e-mail address": "A-2|1980-02-03|anna.new@example.com|Anna|Quirildra",
    "the name": "A-2|1980-02-03|anna@example.com|Ana|Kirildra",
    "the order of the names": "A-2|1980-02-03|anna.new@example.com|Quirildra|Anna",
    "the case of the name": "A-2|1980-02-03|anna.new@example.com|ANNA|QUIRILDRA",
    "a tag of the mailbox, and the name": "A-2|1980-02-03|anna+kardia@example.com|Ann|Q",
}
"""Two of birth date, name and e-mail address are the same, as far as they can be told."""

RESPELLED = {
    "its case": "a-1|1980-03-02|anna.q@example.com|Anna|Quirildra",
    "a hyphen": "A1|1980-03-02|anna@example.com|Ana|Quirildra",
    "a zero": "A-01|1981-02-03|anna@example.org|Anna|Quirildra",
    "everything else too": "A 1|1981-02-03|else@example.org|Berta|Zorbavix",
}
"""Of the mrn nothing but its spelling is another."""


def nothing_is_sent(person: Person, corrected: str) -> None:
    lose(person, ANNA)
    person.declare(corrected)
    planned = person.run("plan")
    assert "Apply waits for at most" in planned.text
    assert "Plan: 0 to add" in planned.text


@pytest.mark.parametrize("what", [*TWO_STAY, *RESPELLED])
def test_a_corrected_create_waits_for_the_doubt(person: Person, what: str) -> None:
    nothing_is_sent(person, (TWO_STAY | RESPELLED)[what])


@pytest.mark.parametrize("what", TWO_STAY)
def test_without_the_comparison_of_persons_it_is_sent(person: Person, what: str) -> None:
    with removed(doubts, "may_be_one", lambda *_: False), pytest.raises(AssertionError):
        nothing_is_sent(person, TWO_STAY[what])


@pytest.mark.parametrize("what", ["its case", "a zero", "everything else too"])
def test_without_folded_mrns_it_is_sent(person: Person, what: str) -> None:
    with removed(doubts, "fold", str), pytest.raises(AssertionError):
        nothing_is_sent(person, RESPELLED[what])


def test_another_person_with_another_mrn_does_not_wait(person: Person) -> None:
    lose(person, ANNA)
    person.declare("B-7|1980-02-03|berta@example.com|Berta|Zorbavix")
    done = person.apply()
    assert (done.code, done.creates) == (0, 1)


@pytest.mark.parametrize("corrected", [TWO_STAY["the birth date"], RESPELLED["a zero"]])
def test_after_the_window_the_corrected_one_is_created(person: Person, corrected: str) -> None:
    lose(person, ANNA)
    lengthen(person, 0.0)
    person.declare(corrected)
    done = person.apply()
    assert (done.code, done.creates) == (0, 1)


def test_whoever_appears_under_the_old_mrn_is_not_created_under_the_corrected_one(person: Person) -> None:
    lose(person, "A-1|1980-02-03|anna@example.com")
    lengthen(person, 0.0)
    person.account.add("A-1", "1980-02-03", "anna@example.com")
    person.declare("A-2|1980-02-03|Anna@example.com")
    done = person.apply()
    assert (done.code, done.creates) == (1, 0)
    assert "might be this one" in done.text


def test_fingerprints_of_another_version_are_of_nobody_known(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be compared may be anybody: everyone waits."""
    lose(person, ANNA)
    monkeypatch.setattr(doubts, "PERSON_SIZE", PERSON_SIZE + 8)
    person.declare("B-7|1991-04-05|berta@example.com|Berta|Zorbavix")
    assert "Apply waits for at most" in person.run("plan").text
