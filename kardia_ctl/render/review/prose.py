"""Text of servers and files, cut into words that no renderer interprets and words that it might.

A word that Markdown or a code host could take for more (``@name``, ``#12``, ``*``, ``<b>``, a URL) is shown
as code: there it is neither a mention nor a link nor markup, and its characters stay as they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from kardia_ctl.render.escape import escape

LONGEST: Final = 600
"""Characters of a text that are shown; what follows is cut."""

_PLAIN: Final = re.compile(
    r"""[("']*(?:[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d[\d,]*(?:\.\d+)?%?|[\u2013\u2014…→·])[)"',;:.!?]*|[&+/~-]"""
)
"""Words and numbers with what stands around them; a sign that begins markup only where it stands alone."""
_AFTER: Final = '),;:."'
"""What may follow a word that is shown as code."""
_STARTS: Final = re.compile(r"\d+[.)]|[+~-]")
"""Words that start a list, where they stand first."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; ``is_code`` when it is to be shown as code. Spaces are in the parts that are not."""

    text: str
    is_code: bool


def pieces(text: str) -> Iterator[Piece]:
    """A text in pieces, to be joined as they are. Invisible and moving characters become visible."""
    words = clipped(escape(text)).split()
    parts = [Piece("", is_code=False)]
    for place, word in enumerate(words):
        if place:
            parts.append(Piece(" ", is_code=False))
        parts += _parts(word, is_first=not place)
    for is_code, run in groupby(_joined(parts), key=lambda one: one.is_code):
        yield Piece("".join(piece.text for piece in run), is_code)


def clipped(text: str, longest: int = LONGEST) -> str:
    """The text, cut where it is too long."""
    return text if len(text) <= longest else f"{text[: longest - 2]} …"


def _parts(word: str, *, is_first: bool) -> Iterator[Piece]:
    if _PLAIN.fullmatch(word) and not (is_first and _STARTS.fullmatch(word)):
        yield Piece(word, is_code=False)
        return
    inner = word.lstrip("(").rstrip(_AFTER)
    before, _, after = word.partition(inner) if inner else ("", "", "")
    inner = inner or word
    if "(" in inner:  # a bracket of the word itself
        inner, after = inner + after, ""
    yield from (
        Piece(text, is_code) for text, is_code in ((before, False), (inner, True), (after, False)) if text
    )


def _joined(parts: list[Piece]) -> Iterator[Piece]:
    """A space between two pieces of code is code too."""
    for place, part in enumerate(parts):
        around = parts[place - 1 : place] + parts[place + 1 : place + 2]
        is_between = part.text == " " and len(around) == 2 and all(one.is_code for one in around)
        yield Piece(part.text, is_code=part.is_code or is_between)
