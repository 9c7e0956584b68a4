"""A text as words to compare: without case, accents, width and separators."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

_SEPARATORS: Final = re.compile(r"[\W_]+")
_FIRST_WITHOUT_SPACES: Final = "\u0e00"
"""From Thai on, scripts without capitals; many of them write no spaces between words."""


class Word(NamedTuple):
    """A word of a text, ``folded``, and where it stands."""

    key: str
    start: int
    end: int


def folded(text: str) -> str:
    """The letters and digits of a text: small, without accents, compatibility forms and separators."""
    if not text.isascii():
        text = "".join(_base(character) for character in unicodedata.normalize("NFKD", text.casefold()))
    return _SEPARATORS.sub("", text.lower())


def _base(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def words(text: str) -> Iterator[Word]:
    """The words of a text, cut wherever one may begin: at separators, digits, capitals, ideographs."""
    start, before = 0, _SEPARATOR
    for place, character in enumerate(text):
        sort = _sort_of(character)
        following = text[place + 1 : place + 2]
        if before is not _SEPARATOR and _begins(before, sort, following):
            yield Word(folded(text[start:place]), start, place)
            start = place
        elif before is _SEPARATOR:
            start = place
        before = sort
    if before is not _SEPARATOR:
        yield Word(folded(text[start:]), start, len(text))


_SEPARATOR, _DIGIT, _CAPITAL, _SMALL, _IDEOGRAPH = range(5)


def _sort_of(character: str) -> int:
    if character.isdigit():
        return _DIGIT
    if not character.isalpha():
        return _SEPARATOR
    if character.isupper():
        return _CAPITAL
    return _IDEOGRAPH if character >= _FIRST_WITHOUT_SPACES and not character.islower() else _SMALL


def _begins(before: int, sort: int, following: str) -> bool:
    """Whether a word ends between two characters, and another may begin."""
    if sort is _CAPITAL and before is _CAPITAL:
        return following.islower()
    return (sort != before and not (before is _CAPITAL and sort is _SMALL)) or sort is _IDEOGRAPH
