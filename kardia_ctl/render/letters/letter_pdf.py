"""A letter in Markdown as PDF, in fonts that have every character of it.

Headings, paragraphs, lists, bold, emphasis (underlined), quotes, links and rules. Whatever else Markdown has
is an error.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unicodedata import bidirectional, category

from fpdf import FPDF, XPos, YPos
from fpdf.enums import Align
from markdown_it import MarkdownIt

from kardia_ctl.render.letters.letter_values import CannotPrint
from kardia_ctl.render.letters.marked_document import (
    MARGIN,
    MARKS,
    MarkedDocument,
    characters_of,
    document_with,
    silent,
)

if TYPE_CHECKING:
    from markdown_it.token import Token

_SIZE: Final = 11.0
_HEADINGS: Final[Mapping[str, float]] = {"h1": 18.0, "h2": 15.0, "h3": 13.0}
"""Points."""
_LEADING: Final = 0.5
"""Millimetres from line to line for each point of size."""
_INDENT: Final = 7.0
_GAP: Final = 0.6
"""Lines below a paragraph."""
_BLOCKS: Final = (
    "blockquote",
    "bullet_list",
    "code_block",
    "fence",
    "heading",
    "hr",
    "list_item",
    "ordered_list",
)
_PRINTED: Final = frozenset(
    {*_BLOCKS, "paragraph", "inline", "text", "code_inline", "softbreak", "hardbreak", "strong", "em", "link"}
)
"""What of Markdown can be printed."""
_BULLET: Final = "\u2022"
_QUIET: Final = ("Cc", "Cf", "Zl", "Zp", "Zs")
"""Categories of characters without ink."""


@dataclass(frozen=True, slots=True)
class PdfForm:
    """The files of fonts, of which the first that has a character prints it, and the paper: a4 or letter."""

    fonts: tuple[Path, ...]
    paper: str = "a4"

    def lacking(self, markdown: str) -> frozenset[str]:
        """The characters of a letter that no font has; those without ink need none.

        Raises:
            CannotPrint: a font cannot be read.
        """
        with silent():
            return frozenset(sign for sign in _signs(markdown) if self._font_of(sign) is None)

    def _font_of(self, sign: str) -> Path | None:
        """The first font that has a character; those after it are not even read."""
        return next((file for file in self.fonts if ord(sign) in characters_of(file)), None)

    def _needed(self, markdown: str) -> tuple[Path, ...]:
        """The fonts that a letter needs, in their order; always the first."""
        used = {self.fonts[0], *map(self._font_of, _signs(markdown))}
        return tuple(file for file in self.fonts if file in used)

    def printed(self, markdown: str) -> bytes:
        """The letter.

        Raises:
            CannotPrint: a font cannot be read, or the text has what no letter can have.
        """
        with silent():
            document = document_with(self._needed(markdown), self.paper)
            document.add_page()
            writer = _Writer(document)
            for token in _tokens(markdown):
                writer.block(token)
            target = io.BytesIO()
            document.output(target)
        return target.getvalue()


def _signs(markdown: str) -> frozenset[str]:
    """The characters with ink that a letter prints."""
    return frozenset(sign for sign in _printed_text(markdown) if category(sign) not in _QUIET)


def _printed_text(markdown: str) -> str:
    """What a letter prints, without its markup."""
    tokens = _tokens(markdown)
    bullet = _BULLET * any(token.type == "bullet_list_open" for token in tokens)
    return bullet + "".join(child.content for token in tokens for child in token.children or (token,))


def _tokens(markdown: str) -> "list[Token]":
    """The blocks of a text.

    Raises:
        CannotPrint: it has one, or a piece of one, that no letter can have.
    """
    tokens = MarkdownIt("commonmark", {"html": False}).parse(markdown)
    for token in tokens:
        for piece in (token, *(token.children or ())):
            name = piece.type.removesuffix("_open").removesuffix("_close")
            if name not in _PRINTED:
                raise CannotPrint(f"a letter in PDF cannot have this: {name.replace('_', ' ')}")
    return tokens


class _Writer:
    """Writes the blocks of a text onto the pages of a document."""

    def __init__(self, document: FPDF) -> None:
        self._document = document
        self._size, self._is_bold, self._is_underlined = _SIZE, False, False
        self._runs: list[tuple[str, bool, bool]] = []
        """The pieces of the paragraph so far, and whether each is bold and underlined."""
        self._numbers: list[int] = []
        """For each list around the text the number of its next item; 0 for bullets and quotations."""
        self._bullet = self._link = ""

    def block(self, token: "Token") -> None:
        """One block, or the beginning or end of one."""
        match token.type:
            case "inline":
                for child in token.children or ():
                    self._inline(child)
            case "heading_open":
                self._size, self._is_bold = _HEADINGS.get(token.tag, _SIZE), True
            case "heading_close":
                self._end()
                self._size, self._is_bold = _SIZE, False
            case "paragraph_close":
                self._end(gap=0.0 if token.hidden else _GAP)
            case "hr":
                self._rule()
            case "fence" | "code_block":
                self._text(token.content.rstrip("\n"))
                self._end()
            case _:
                self._container(token)

    def _container(self, token: "Token") -> None:
        """The beginning or end of a list, of an item or of a quotation."""
        match token.type:
            case "blockquote_open" | "bullet_list_open" | "ordered_list_open":
                self._numbers.append(int(token.attrGet("start") or 1) if token.tag == "ol" else 0)
            case "blockquote_close" | "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
                self._document.ln(0.0 if self._numbers else self._height * _GAP)
            case "list_item_open":
                number = self._numbers[-1]
                self._bullet = f"{number}." if number else _BULLET
                self._numbers[-1] += bool(number)

    def _inline(self, token: "Token") -> None:
        match token.type:
            case "text" | "code_inline":
                self._text(token.content)
            case "softbreak" | "hardbreak":
                self._text(" " if token.type == "softbreak" else "\n")
            case "strong_open" | "strong_close":
                self._is_bold = token.type == "strong_open"
            case "em_open" | "em_close":
                self._is_underlined = token.type == "em_open"
            case "link_open":
                self._link = "" if token.info == "auto" else str(token.attrGet("href") or "")
            case "link_close":
                self._text(f" ({self._link})" if self._link else "")

    @property
    def _height(self) -> float:
        """Millimetres from line to line."""
        return self._size * _LEADING

    def _text(self, text: str) -> None:
        if text:
            self._runs.append((text.translate(MARKS), self._is_bold, self._is_underlined))

    def _end(self, gap: float = _GAP) -> None:
        """Print the paragraph. ``gap`` is the space below it, in lines."""
        document, left = self._document, MARGIN + _INDENT * len(self._numbers)
        document.set_font("font0", "", self._size)
        if document.will_page_break(self._height):
            document.add_page()
        if self._bullet:
            document.set_x(left - _INDENT)
            document.cell(h=self._height, text=self._bullet)
            self._bullet = ""
        document.set_x(left)
        text = self._marked()
        document.multi_cell(
            document.w - MARGIN - left,
            self._height,
            text,
            align=Align.R if _is_from_right(text) else Align.L,
            markdown=True,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self._runs = []
        document.ln(self._height * gap)

    def _marked(self) -> str:
        """The paragraph with a mark wherever its style changes."""
        pieces, bold, underlined = [], False, False
        for text, is_bold, is_underlined in (*self._runs, ("", False, False)):
            pieces.append(
                MarkedDocument.MARKDOWN_BOLD_MARKER * (bold != is_bold)
                + MarkedDocument.MARKDOWN_UNDERLINE_MARKER * (underlined != is_underlined)
                + text
            )
            bold, underlined = is_bold, is_underlined
        return "".join(pieces)

    def _rule(self) -> None:
        document, y = self._document, self._document.get_y() + 1
        document.line(MARGIN, y, document.w - MARGIN, y)
        document.ln(self._height)


def _is_from_right(text: str) -> bool:
    """Whether a paragraph is written from right to left: its first letter says so (UAX #9, rule P2)."""
    strong = (side for character in text if (side := bidirectional(character)) in ("L", "R", "AL"))
    return next(strong, "L") != "L"
