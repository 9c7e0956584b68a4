"""Keeps a cell of CSV text for whoever opens it: no formula for a spreadsheet, no command for a CI runner.

A spreadsheet whose locale separates by ; or tab splits a cell there, whatever quotes are around it, and may
take what follows for a formula. So a ' is put before each sign that begins the cell, or a part of it, after
blanks, quotes and characters without a width. It can be taken away again exactly.
"""

import re
from collections.abc import Sequence
from typing import Final

REJECTED_COLUMNS: Final = ("rejected file", "rejected line", "rejected because")
"""The first columns of NAME.rejected.csv, whose guarded cells are read again once they are corrected."""

_OWN: Final = (
    frozenset(REJECTED_COLUMNS),
    frozenset({"id", "mrn", "status"}),  # get patients
    frozenset({"mrn", "code", "template"}),  # codes
    frozenset({"mrn", "cohort", "issued"}),  # status --list
)
"""Headers by which a file is known as one that kardia-ctl wrote for people, whose cells are guarded."""

_SIGN: Final = (
    r"(?:[=+\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff1d\uff0b\uff0d\uff20]"  # and their wide and small forms
    r"|::)"  # ::set-env and the like
)
_BEFORE: Final = (
    r"['\"\u2018\u2019\u201c\u201d"
    r" \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180e"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufe00-\ufe0f\ufeff]*+"
)
_RISK: Final = rf"(?={_BEFORE}{_SIGN})"
_UNSAFE: Final = re.compile(rf"\A(?='*+[\t\r\n])|(?:\A|(?<=[;|\t\r\n])){_RISK}")
_GUARDED: Final = re.compile(rf"\A'(?='*+[\t\r\n])|(?:\A|(?<=[;|\t\r\n]))'{_RISK}")


def guarded(text: str) -> str:
    """The text with a ' wherever a spreadsheet would read a formula, or a CI runner a command."""
    return _UNSAFE.sub("'", text)


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given."""
    return _GUARDED.sub("", text)


def own_columns(header: Sequence[str]) -> int:
    """How many columns kardia-ctl has put before those of the data."""
    return len(REJECTED_COLUMNS) if tuple(header[: len(REJECTED_COLUMNS)]) == REJECTED_COLUMNS else 0


def is_guarded(header: Sequence[str]) -> bool:
    """Whether the cells under this header are guarded."""
    return any(own.issubset(header) for own in _OWN)
