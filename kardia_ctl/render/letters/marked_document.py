"""A document of PDF in fonts of one's own, which knows the style of a piece of text by marks without ink."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, Literal

from fpdf import FPDF
from fpdf.fonts import TTFFont

from kardia_ctl.render.letters.letter_values import CannotPrint

MARGIN: Final = 25.0
"""Millimetres around a page."""


class MarkedDocument(FPDF):
    """Takes signs without ink for its own marks of style: no text has them, and they turn no direction."""

    MARKDOWN_BOLD_MARKER = "\u2063" * 2
    MARKDOWN_UNDERLINE_MARKER = "\u2062" * 2
    MARKDOWN_ITALICS_MARKER = "\u2061" * 2
    MARKDOWN_STRIKETHROUGH_MARKER = "\u2064" * 2
    MARKDOWN_MARKERS = (
        MARKDOWN_BOLD_MARKER,
        MARKDOWN_ITALICS_MARKER,
        MARKDOWN_STRIKETHROUGH_MARKER,
        MARKDOWN_UNDERLINE_MARKER,
    )
    MARKDOWN_ESCAPE_CHARACTER = "\u206f"
    MARKDOWN_LINK_REGEX = re.compile("(?!)")


MARKS: Final = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u206f"))
"""What a text may not have: the marks, for ``str.translate``."""


def document_with(fonts: Sequence[Path], paper: str) -> MarkedDocument:
    """An empty document in some fonts, the first of which is used where it has a character.

    Raises:
        CannotPrint: a font cannot be read.
    """
    document = MarkedDocument(format=paper)
    document.str_alias_nb_pages = ""  # {nb} in a text is {nb}
    names = [f"font{number}" for number, _ in enumerate(fonts)]
    for name, file in zip(names, fonts, strict=True):
        _add(document, name, "", file)
        _add(document, name, "B", bold_of(file))
    document.set_fallback_fonts(names, exact_match=False)
    document.set_text_shaping(True)
    document.set_margin(MARGIN)
    document.set_auto_page_break(True, MARGIN)
    return document


@cache
def characters_of(font: Path) -> frozenset[int]:
    """The code points of the characters that a font has.

    Raises:
        CannotPrint: it cannot be read.
    """
    document = FPDF()
    _add(document, "font", "", font)
    added = document.fonts["font"]
    if not isinstance(added, TTFFont):
        raise CannotPrint(f"{font} is no font that can be read")
    known = frozenset(added.cmap)
    added.close()
    return known


def _add(document: FPDF, name: str, style: Literal["", "B"], file: Path) -> None:
    try:
        document.add_font(name, style, file)
    except Exception as error:  # the library has no error of its own for a file that is no font
        raise CannotPrint(f"{file} is no font that can be read ({type(error).__name__})") from error


def bold_of(file: Path) -> Path:
    """The bold font that lies beside a font; the font itself where there is none."""
    stem = file.stem.removesuffix("-Regular")
    named = (file.with_name(f"{stem}{mark}Bold{file.suffix}") for mark in ("-", " "))
    return next((bold for bold in named if bold.is_file()), file)


@contextmanager
def silent() -> Iterator[None]:
    """Keep the libraries' warnings from stderr: they quote what a letter says."""
    loggers = [logging.getLogger(name) for name in ("fpdf", "fontTools")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
