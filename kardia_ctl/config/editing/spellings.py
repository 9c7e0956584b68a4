"""How a value is written in a file that has its own words: notations of dates, words for a sex."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.meanings import Meanings, sex_of
from kardia_ctl.config.editing.encoded_text import NotEditable
from kardia_ctl.config.editing.live_values import LiveValue
from kardia_ctl.kinds import patient as kind

_WORDS: Final[tuple[Mapping[str, str], ...]] = (
    kind.SEXES,
    {"m": "1", "f": "2", "u": "0", "not applicable": "9"},
)
"""Vocabularies for a sex: a file that has a word of one keeps to it."""


def yaml_spelling(attribute: str, value: str, old: str) -> str:
    """A value in the words that the scalar had."""
    return next(_sexes(value, old, {}), value) if attribute == "sex" else value


def cell_spelling(live: LiveValue, old: str, cohort: Cohort) -> str:
    """A value as a cell of a cohort's file that is read as it.

    Raises:
        NotEditable: no cell is: the cohort gives it another meaning.
    """
    attribute, value, meanings = live.attribute, live.written, Meanings(cohort.values)
    if attribute == "dob" and cohort.days is not None and (day := _iso_day(value)):
        return cohort.days.written(day)
    cells = _sexes(value, old, cohort.values.get("sex", {})) if attribute == "sex" else iter((value,))
    for cell in cells:
        meant = meanings.meant(attribute, cell)
        if (sex_of(meant) if attribute == "sex" else meant) == value:
            return cell
    message = f"values in the cohort {cohort.name} read this text of {attribute} as another"
    raise NotEditable(message, "Declare the value in values")


def _sexes(digit: str, old: str, declared: Mapping[str, str]) -> Iterator[str]:
    """What may stand for a sex: in the words that the file has, in their case, else the digit."""
    by_word = {word: sex_of(meaning) or "" for word, meaning in declared.items()}
    for words in (by_word, *_WORDS):
        if old.casefold() in {word.casefold() for word in words}:
            yield from (_in_case(old, word) for word, meaning in words.items() if meaning == digit)
    yield digit


def _in_case(old: str, word: str) -> str:
    if old.isupper():
        return word.upper()
    return word.capitalize() if old[:1].isupper() else word


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:  # what is live need not be a day: the configuration's rules refuse it then
        return None
