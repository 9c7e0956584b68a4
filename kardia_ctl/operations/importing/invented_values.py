"""Invents values that are odd in the way that live ones are, and are nobody's.

An invented text has the length and the kinds of characters of the live one: its blanks, signs, leading zeros,
accents, scripts, and what programs leave in texts. A live text always gets the same invented one.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random
from typing import Final
from unicodedata import category

_KEPT: Final = re.compile(
    r"&(?:#[0-9]+|[A-Za-z]+);|_x[0-9A-Fa-f]{4}_|#[A-Z/0]+[!?]?|[\u00c2\u00c3][\u0080-\u00bf]|\\[nrtux]|\$\{|%[sd]"
    r"|(?<=[0-9.])[eE](?=[+-]?[0-9]+\Z)|(?<=\A0)[xob]"
)
"""What a program left in a text; signs are kept anyway."""

_WORDS: Final = (
    ("null", "none", "nil", "nan"),
    ("NULL", "NONE", "NIL", "NAN"),
    ("Null", "None"),
    ("no", "on", "y", "n"),
    ("No", "On", "Y", "N"),
    ("NO", "ON"),
    ("yes", "off"),
    ("Yes", "Off"),
    ("true", "false"),
    ("True", "False"),
    ("TRUE", "FALSE"),
    ("unknown", "unbekannt", "redacted", "anonymous"),
    ("Unknown", "Unbekannt", "Redacted", "Anonymous"),
)
"""Words that readers of YAML or programs take for something else, each beside others of its kind."""

_WINDOW: Final = 64
"""Characters of one script that stand near each other."""
_TRIES: Final = 100
_SEXES: Final = ("0", "1", "2", "9")
"""ISO/IEC 5218 (API reference, "Create Patient")."""


class InventedTexts:
    """Invents texts of one attribute. ``live`` are the live ones, of which none is invented."""

    def __init__(self, random: Random, live: Iterable[str | None], *, unique: bool = False) -> None:
        self._random = random
        self._live = {text for text in live if text}
        self._unique = unique
        self._known: dict[str, str] = {}
        self._used: set[str] = set()

    def __call__(self, text: str | None, invent: Callable[[Random, str], str] | None = None) -> str | None:
        """The invented text, made by ``invent``; what is empty or absent stays so."""
        if not text:
            return text
        if text not in self._known:
            self._known[text] = self._new(text, invent or invented_text)
        return self._known[text]

    def _new(self, text: str, invent: Callable[[Random, str], str]) -> str:
        """A text that nobody has. Where there are hardly any of its kind, it is longer."""
        more = ""
        for number in range(1, 10 * _TRIES):
            found = invent(self._random, text + more)
            if found not in self._live and not (self._unique and found in self._used):
                self._used.add(found)
                return found
            if number % _TRIES == 0:
                more += text[-1] if text[-1].isalnum() else "a"
        return text if not any(map(str.isalnum, text)) else f"{found}{len(self._known)}"


def invented_text(random: Random, text: str) -> str:
    """A text of the same length and kinds of characters."""
    for words in _WORDS:
        if text in words:
            return random.choice([word for word in words if word != text])
    kept = {place for match in _KEPT.finditer(text) for place in range(*match.span())}
    return "".join(
        char if place in kept else _character(random, text, place) for place, char in enumerate(text)
    )


def _character(random: Random, text: str, place: int) -> str:
    char = text[place]
    if not char.isascii():
        return _near(random, char)
    if char.isdigit():
        return _digit(random, text, place)
    if char.isalpha():
        letters = "aeiou" if char.lower() in "aeiou" else "bcdfghklmnprstvwz"
        return random.choice(letters.upper() if char.isupper() else letters)
    return char


def _digit(random: Random, text: str, place: int) -> str:
    """A digit; zeros before a number stay, and none is added."""
    before = text[:place].rstrip("0")
    if before[-1:].isdigit():
        return random.choice("0123456789")
    is_leading_zero = text[place] == "0" and text[place + 1 : place + 2].isdigit()
    return "0" if is_leading_zero else random.choice("123456789")


def _near(random: Random, char: str) -> str:
    """A letter, number or symbol of the same kind and, nearly always, of the same script."""
    kind = category(char)
    if kind[0] not in "LNS":
        return char
    begin = ord(char) - ord(char) % _WINDOW
    return random.choice([near for near in map(chr, range(begin, begin + _WINDOW)) if category(near) == kind])


def invented_address(random: Random, text: str) -> str:
    """An e-mail address like another one, on a host below .example; a text that is none by its kind."""
    local, at, host = text.rpartition("@")
    labels = host.split(".")
    if not at or len(labels) < 2 or not labels[-1].isalpha():
        return invented_text(random, text)
    return f"{invented_text(random, local)}@{invented_text(random, '.'.join(labels[:-1]))}.example"


_ERAS: Final = (date(1, 1, 1), date(1850, 1, 1), date(1905, 1, 1), date(1930, 1, 1), date(2010, 1, 1))
_LAST: Final = date(9999, 1, 1)


def invented_day(random: Random, text: str, today: date) -> str:
    """A birth date of the same time as another one; a text that is none by its kind."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return invented_text(random, text)
    eras = sorted((*_ERAS, today + timedelta(days=2), _LAST))
    begin = max(era for era in eras if era <= day)
    end = min((era for era in eras if era > day), default=date.max)
    return f"{begin + timedelta(days=random.randrange((end - begin).days))}{text[10:]}"


def invented_sex(random: Random, sex: float | str | None) -> float | str | None:
    """A sex of the same kind: one that the API documents, another number, or a word."""
    if sex is None or sex == "":
        return None
    is_text = isinstance(sex, str)
    if str(sex) not in _SEXES:
        return "word" if is_text else 7
    found = random.choice(_SEXES)
    return found if is_text else int(found)
