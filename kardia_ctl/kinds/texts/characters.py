"""Single characters of a text: which cannot be printed, which are blanks, and what they are called."""

from collections.abc import Iterable
from typing import Final
from unicodedata import category, combining, name

_CONTROLS: Final = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\ufeff": "BYTE ORDER MARK"}
_JOINERS: Final = "\u200c\u200d"
_VIRAMA: Final = 9
"""The canonical combining class of the sign that takes a consonant's vowel away."""

INVISIBLE: Final = "\u00a0\u1680\u2000-\u200f\u202f\u205f\u2060\u3000"
"""The class, in a pattern, of the blanks beyond ASCII and of what has no width."""


def named(character: str) -> str:
    """A character by its number and its name, e.g. U+00A0 NO-BREAK SPACE."""
    return f"U+{ord(character):04X} {_CONTROLS.get(character) or name(character, '')}".rstrip()


def disguised(plain: str, words: Iterable[str]) -> str:
    """Why a word that looks like a plain one is not: its first hidden character, or a blank at an end."""
    for word in words:
        if word != plain and "".join(filter(str.isprintable, word)).strip() == plain:
            index = hidden_at(word)
            index = index if index >= 0 else (0 if word[0].isspace() else len(word.rstrip()))
            return f"{named(word[index])} at character {index + 1}"
    return ""


def hidden_at(value: str, *, joiners: bool = False) -> int:
    """The index of the first character that cannot be printed; -1 when there is none.

    ``joiners`` takes U+200C and U+200D where they are part of how a name is written.
    """
    if value.isprintable():
        return -1
    return next(
        (
            index
            for index, character in enumerate(value)
            if not character.isprintable() and not (joiners and _is_part(value, index))
        ),
        -1,
    )


def _is_part(value: str, index: int) -> bool:
    """Whether a joiner shapes the letters beside it, as in Persian, Sinhala or older Malayalam names."""
    if value[index] not in _JOINERS or index == 0:
        return False
    before, after = value[index - 1], value[index + 1 : index + 2]
    ends_word = not after or not after.isalnum()
    return _is_shaped(before) and (_is_shaped(after) or (ends_word and combining(before) == _VIRAMA))


def _is_shaped(character: str) -> bool:
    """Whether a letter or mark belongs to a script, from Arabic on, whose letters take other forms."""
    return (
        bool(character)
        and category(character)[0] in "LM"
        and (
            "\u0600" <= character < "\u1e00"
            or "\ua800" <= character < "\uac00"
            or "\ufb50" <= character < "\ufeff"
            or "\U00010a00" <= character < "\U0001e960"
        )
    )
