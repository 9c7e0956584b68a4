"""PDF documents: strips on paper with a grid of millimetres, and plain lines of text."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import pydyf

from kardia_ctl.sandbox.data.invented_ecg import FREQUENCY, UNITS_PER_MILLIVOLT

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 297, 210
_LEFT, _TOP = 23, 195
_ROW_SECONDS = 10
_MM_A_SECOND = 25
_MM_A_MILLIVOLT = 10
_PINK, _RED, _BLACK = (1.0, 0.88, 0.88), (0.95, 0.65, 0.65), (0.0, 0.0, 0.0)
_LINES_A_PAGE = 30


class _Page(pydyf.Stream):  # type: ignore[misc] # pydyf ships no types
    """A page's drawing, measured in millimetres from the lower left corner."""

    def line(self, points: Sequence[tuple[float, float]]) -> None:
        for place, (x, y) in enumerate(points):
            (self.line_to if place else self.move_to)(round(x * _MM, 2), round(y * _MM, 2))

    def write(self, x: float, y: float, text: str, size: int = 10) -> None:
        shown = text.encode("cp1252", "replace")
        for mark in (b"\\", b"(", b")"):
            shown = shown.replace(mark, b"\\" + mark)
        self.begin_text()
        self.set_font_size("F1", size)
        self.move_text_to(round(x * _MM, 2), round(y * _MM, 2))
        self.stream.append(b"(" + shown + b") Tj")
        self.end_text()


def strips(title: str, lines: Sequence[str], leads: Mapping[str, Sequence[int]]) -> bytes:
    """Return an ECG as a PDF: 25 mm a second, 10 mm a millivolt, ten seconds a row.

    Args:
        title: what stands on top of every page.
        lines: what stands below the title.
        leads: the samples of each lead; several leads stand below one another, page for page.
    """
    size = _ROW_SECONDS * FREQUENCY
    length = max(len(values) for values in leads.values())
    rows = [
        (name, values[start : start + size], start // FREQUENCY)
        for start in range(0, length, size)
        for name, values in leads.items()
    ]
    a_page = len(leads) if len(leads) > 1 else 4
    height = 24 if len(leads) > 1 else 34
    return _document(
        title,
        [
            _strip_page(title, lines, rows[start : start + a_page], height)
            for start in range(0, len(rows), a_page)
        ],
    )


def listing(title: str, lines: Sequence[str]) -> bytes:
    """Return lines of text as a PDF, as many pages as they take."""
    pages = []
    for start in range(0, max(1, len(lines)), _LINES_A_PAGE):
        page = _page(title)
        for place, line in enumerate(lines[start : start + _LINES_A_PAGE]):
            page.write(_LEFT, _TOP - 10 - 5.5 * place, line)
        pages.append(page)
    return _document(title, pages)


def _page(title: str) -> _Page:
    page = _Page(compress=True)
    page.set_color_rgb(*_BLACK)
    page.write(_LEFT, _TOP, title, 14)
    return page


def _strip_page(
    title: str, lines: Sequence[str], rows: Sequence[tuple[str, Sequence[int], int]], height: int
) -> _Page:
    page = _page(title)
    for place, line in enumerate(lines):
        page.write(_LEFT + 130 * (place % 2), _TOP - 6 - 5 * (place // 2), line, 9)
    top = _TOP - 12 - 5 * (len(lines) // 2)
    for place, (name, values, second) in enumerate(rows):
        _strip(page, top - height * (place + 1), height, values)
        page.write(_LEFT + 1, top - height * place - 4, f"{name}  {second} s", 8)
    page.write(_LEFT, 8, "25 mm/s, 10 mm/mV. Invented by the sandbox; nobody's heart.", 8)
    return page


def _strip(page: _Page, bottom: float, height: int, values: Sequence[int]) -> None:
    width = _ROW_SECONDS * _MM_A_SECOND
    for step, colour, stroke in ((1, _PINK, 0.1), (5, _RED, 0.3)):
        page.set_color_rgb(*colour, stroke=True)
        page.set_line_width(stroke)
        for x in range(0, width + 1, step):
            page.line([(_LEFT + x, bottom), (_LEFT + x, bottom + height)])
        for y in range(0, height + 1, step):
            page.line([(_LEFT, bottom + y), (_LEFT + width, bottom + y)])
        page.stroke()
    page.set_color_rgb(*_BLACK, stroke=True)
    page.set_line_width(0.6)
    middle, half = bottom + height / 2, height / 2
    points = [
        (
            _LEFT + place * _MM_A_SECOND / FREQUENCY,
            middle + max(-half, min(half, value * _MM_A_MILLIVOLT / UNITS_PER_MILLIVOLT)),
        )
        for place, value in enumerate(values)
        if place % 2 == 0  # 150 points a second are more than paper shows
    ]
    page.line(points)
    page.stroke()


def _document(title: str, pages: Sequence[_Page]) -> bytes:
    document = pydyf.PDF()
    document.info["Title"] = pydyf.String(title)
    document.info["Producer"] = pydyf.String("kardia-ctl sandbox")
    face = {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica", "Encoding": "/WinAnsiEncoding"}
    font = pydyf.Dictionary(face)
    document.add_object(font)
    for page in pages:
        document.add_object(page)
        box = pydyf.Array([0, 0, round(_WIDTH * _MM, 2), round(_HEIGHT * _MM, 2)])
        fonts = pydyf.Dictionary({"Font": pydyf.Dictionary({"F1": font.reference})})
        document.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page",
                    "Parent": document.pages.reference,
                    "MediaBox": box,
                    "Contents": page.reference,
                    "Resources": fonts,
                }
            )
        )
    out = BytesIO()
    document.write(out)
    return out.getvalue()
