"""The one folding of texts: what two spellings of a name, an mrn or an address have in common.

Exact comparison decides who is who. Where that is not enough, each step ignores more than the one before it:

===========  ============================================  ===============================================
step         what it ignores                               what is decided by it
===========  ============================================  ===============================================
unified      Unicode form, case, joiners, the shapes of    mrns of one patient: a create is blocked
             apostrophes, hyphens and blanks
squeezed     blanks, apostrophes and hyphens               names of one person: a create is blocked
plain        accents, letters of other scripts that look   whom a server may have stored otherwise (see
             the same, every mark                          ``likeness``)
alike        ae, oe, ue and aa for ä, ö, ü and å           names that are perhaps of one person: a warning
===========  ============================================  ===============================================

Every step is idempotent, so a text can be folded before it is stored or compared.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from unicodedata import category, combining, decimal, normalize

_APOSTROPHES: Final = (
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u0374\u055a\u05f3\u07f4\u07f5\u1fbd\u1fbf"
    "\u1fef\u1ffd\u1ffe\u2018\u2019\u201a\u201b\u2032\u2035\ua78b\ua78c\uff07\uff40"
)
_HYPHENS: Final = (
    "-\u00ad\u00b7\u02d7\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2022\u2027\u2043\u207b"
    "\u208b\u2212\u2e3a\u2e3b\u30fb\ufe58\ufe63\uff0d\uff65"
)
"""Hyphens, dashes and minus signs, and the middle dots that stand between names in other scripts."""
_SHAPES: Final = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-") | {"\u3164": None, "\uffa0": None}
)
_BACKTICK: Final = str.maketrans("`", "'")
_NO_MARKS: Final = str.maketrans("", "", "'-")
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f").union(
    map(chr, range(0xFE00, 0xFE10))
)
"""What joins or varies letters without being seen, besides the category Cf."""

_TWINS: Final = {
    **dict(zip("асеорхуіјѕһԁԛԝӏвкмнт", "aceopxyijshdqwlbkmht", strict=True)),
    **dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True)),
}
"""Letters of Cyrillic and Greek that look like a Latin one, small or capital."""
_LETTERS: Final = str.maketrans(
    {
        **_TWINS,
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        **dict(zip("øłđðħıŋŧə", "olddhinte", strict=True)),
    }
)
_LOOKS: Final = str.maketrans(_TWINS | {twin.upper(): letter.upper() for twin, letter in _TWINS.items()})
_DIGITS: Final = str.maketrans("OoIi\u0131|l", "0011111")
_UMLAUTS: Final = re.compile(r"(?<=[aou])e(?=[b-df-hj-np-tv-xz])|(?<=a)a+")
_WORDS: Final = re.compile(r"[\s-]+")


def unified(text: str) -> str:
    """A text in one Unicode form, case, and shape of apostrophe, hyphen and blank, without joiners."""
    if text.isascii():
        return " ".join(text.lower().translate(_BACKTICK).split())
    return _until_stable(text, _unify)


def _until_stable(text: str, step: Callable[[str], str]) -> str:
    """The text once ``step`` changes nothing more: what it makes may be its own concern again."""
    before = ""
    while before != text:
        before, text = text, step(text)
    return text


def _unify(text: str) -> str:
    seen = "".join(mark for mark in text.translate(_SHAPES) if not _is_invisible(mark))
    return " ".join(normalize("NFKC", normalize("NFKC", seen).casefold()).split())


def _is_invisible(mark: str) -> bool:
    return category(mark) == "Cf" or mark in _INVISIBLE


def squeezed(text: str) -> str:
    """``unified`` without blanks, apostrophes and hyphens; of a text that is nothing else, all but blanks."""
    one = unified(text)
    return _joined(one.translate(_NO_MARKS)) or _joined(one)


def _joined(text: str) -> str:
    """A text without its blanks. What they held apart may combine."""
    whole = text.replace(" ", "")
    return whole if whole.isascii() else normalize("NFC", whole)


def plain(text: str) -> str:
    """The letters and digits alone, without accents, and in Latin where a letter looks the same."""
    one = unified(text)
    if not one.isascii():
        one = normalize("NFKD", one).translate(_LETTERS)
    return "".join(mark for mark in one if mark.isalnum()) or _joined(one)


def alike(name: str) -> str:
    """A name as many keyboards write it: equal for Müller, Mueller and Muller.

    Unlike ``plain`` it keeps the vowel signs of Indic scripts, which are no accents.
    """
    one = unified(name)
    if not one.isascii():
        one = normalize("NFKD", one).translate(_LETTERS)
    kept = "".join(
        mark for mark in one if mark.isalnum() or (category(mark)[0] == "M" and not combining(mark))
    )
    return _UMLAUTS.sub("", kept) or _joined(one)


def mrn_key(mrn: str) -> str:
    """The mrn without its case, blanks and Unicode form."""
    return _joined(unified(mrn))


def lookalike(mrn: str) -> str:
    """Equal for mrns that people confuse: O and 0; I, l and 1; letters and digits of another script.

    In capitals.
    """
    if mrn.isascii():
        return _look(mrn)
    return _until_stable(
        mrn, lambda text: _look(normalize("NFKC", _ascii_digits(text.translate(_SHAPES))).translate(_LOOKS))
    )


def _ascii_digits(text: str) -> str:
    return "".join(str(decimal(mark, mark)) for mark in text)


def _look(mrn: str) -> str:
    return mrn_key(mrn.translate(_DIGITS)).upper()


def person(dob: str, firstname: str, lastname: str) -> tuple[str, str, str] | None:
    """The name and birth date that two records of one person share. None without a birth date or any name."""
    first, last = _squeezed(firstname), _squeezed(lastname)
    return (dob[:10], first, last) if dob and (first or last) else None


_squeezed = lru_cache(maxsize=1 << 15)(squeezed)


def words_of(*names: str) -> tuple[str, ...]:
    """The words of names, each ``alike``, sorted: equal for first and last name exchanged."""
    return tuple(sorted(word for name in names for word in _words(name)))


def given_and_family(firstname: str, lastname: str) -> frozenset[tuple[str, str]]:
    """Each given name with each family name. Particles such as *de* and *van* are no family names.

    Two people share one of these whose names differ in number alone: Anna and Anna Maria, García and García
    López.
    """
    given, family = {*_wholes(firstname), *_words(firstname)[:1]}, _wholes(lastname)
    return frozenset((first, last) for first in given for last in family)


_SHORTEST: Final = 4
"""Letters of the shortest word that counts as a name of its own."""


@lru_cache(maxsize=1 << 15)
def _wholes(name: str) -> frozenset[str]:
    """A name as a whole, and each of its longer words."""
    whole = alike(name)
    return frozenset((whole, *(word for word in _words(name) if len(word) >= _SHORTEST))) - {""}


@lru_cache(maxsize=1 << 15)
def _words(name: str) -> tuple[str, ...]:
    return tuple(alike(word) for word in _WORDS.split(unified(name)) if word)


def is_first_given(one: str, other: str) -> bool:
    """Whether two first names differ in the number of given names alone, and begin with the same one."""
    first, second = _words(one), _words(other)
    size = min(len(first), len(second))
    return 0 < size < max(len(first), len(second)) and first[:size] == second[:size]


def small_difference(attribute: str, desired: str, live: str) -> str:
    """In what alone two names differ that are nearly equal; empty where they are not, or are no names."""
    if attribute not in ("firstname", "lastname") or not live:
        return ""
    if squeezed(desired) == squeezed(live):
        return "in case, blanks, apostrophes or hyphens"
    if alike(desired) == alike(live):
        return "in accents"
    if attribute == "firstname" and is_first_given(desired, live):
        return "in the number of given names (the first is equal)"
    return ""
