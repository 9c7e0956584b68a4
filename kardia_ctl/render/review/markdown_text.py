"""Plain text as Markdown that renders as that text, by CommonMark and by the code hosts."""

import re
from html import escape as escape_html
from typing import Final

from kardia_ctl.render.escape import escape
from kardia_ctl.render.review.prose import Piece, clipped, pieces

_LONGEST_CODE: Final = 300
"""Characters of an address or a place that are shown."""

_TICKS: Final = re.compile("`+")


def prose(text: str) -> str:
    """A text inside a line of Markdown. It never starts a line, because a number might start a list there."""
    return "".join(_span(piece.text) if piece.is_code else piece.text for piece in pieces(text))


def code(text: str) -> str:
    """A text as a code span: no mention, link, markup or HTML in it is one. Empty for an empty text."""
    shown = " ".join(clipped(escape(text), _LONGEST_CODE).split())
    return _span(shown) if shown else ""


def _span(shown: str) -> str:
    fence = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def summary(text: str) -> str:
    """A text inside ``<summary>``, where Markdown is not interpreted and HTML is."""
    return "".join(map(_html, pieces(text)))


def _html(piece: Piece) -> str:
    shown = escape_html(piece.text)
    return f"<code>{shown}</code>" if piece.is_code else shown
