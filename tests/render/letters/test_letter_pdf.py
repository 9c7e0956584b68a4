"""Letters as PDF: every character of a value is printed as itself, in a font that has it."""

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from kardia_ctl.render.letters.letter_pdf import PdfForm
from kardia_ctl.render.letters.letter_template import LetterTemplate
from kardia_ctl.render.letters.letter_values import CannotPrint

_SPEC = find_spec("matplotlib")
FONTS: Final = (
    Path(next(iter((_SPEC and _SPEC.submodule_search_locations) or ()))) / "mpl-data" / "fonts" / "ttf"
)
DEJAVU: Final = FONTS / "DejaVuSans.ttf"
NARROW: Final = FONTS / "cmtt10.ttf"
"""A font of TeX that has ASCII and little else."""

FORM: Final = PdfForm((DEJAVU,))


def pages(markdown: str, form: PdfForm = FORM) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(form.printed(markdown))).pages]


def text_of(markdown: str, form: PdfForm = FORM) -> str:
    return " ".join("\n".join(pages(markdown, form)).split())


def test_markup_is_printed_as_what_it_means() -> None:
    markdown = (
        "# Head\n\nA **bold** and *soft* word,  \nbroken. [Site](https://example.com)\n\n"
        "1. one\n2. two\n   - in\n\n> said\n\n---\n\n    code {nb}\n"
    )
    assert text_of(markdown) == (
        "Head A bold and soft word, broken. Site (https://example.com) 1. one 2. two \u2022 in said code {nb}"
    )


def test_a_character_comes_from_the_first_font_that_has_it() -> None:
    form = PdfForm((NARROW, DEJAVU))
    assert PdfForm((NARROW,)).lacking("Łucja **Żak**") == {"Ł", "Ż"}
    assert form.lacking("Łucja **Żak**") == set()
    assert text_of("Łucja **Żak** Smith", form) == "Łucja Żak Smith"
    fonts = {
        str(font["/BaseFont"]).partition("+")[2]
        for page in PdfReader(io.BytesIO(form.printed("Łucja"))).pages
        for font in (one.get_object() for one in page["/Resources"]["/Font"].values())  # type: ignore[index]
    }
    assert any("DejaVu" in name for name in fonts)


def test_fonts_that_are_not_needed_are_not_read(tmp_path: Path) -> None:
    form = PdfForm((DEJAVU, tmp_path / "gone.ttf"))
    assert form.lacking("Smith") == set()
    assert text_of("Smith", form) == "Smith"
    with pytest.raises(CannotPrint, match=r"gone\.ttf is no font that can be read"):
        form.lacking("漢")


def test_blanks_and_joiners_need_no_font() -> None:
    assert FORM.lacking("a\u200d\u200c\u2009b\u00a0c") == set()


def test_both_directions_are_printed() -> None:
    hebrew, arabic = "\u05e9\u05dc\u05d5\u05dd", "\u0633\u0644\u0627\u0645"
    text = text_of(f"Dear **{hebrew}** and {arabic},\n\n{arabic} **{arabic}** and more\n")
    assert hebrew in text
    assert text.count(arabic) == 3
    assert "and more" in text


def test_a_long_letter_has_several_pages_and_every_paragraph_once() -> None:
    found = pages("\n\n".join(f"Paragraph {number} " + "word " * 30 for number in range(60)))
    assert len(found) > 2
    text = " ".join(" ".join(found).split())
    assert [text.count(f"Paragraph {number} ") for number in range(60)] == [1] * 60


@pytest.mark.parametrize("piece", ["![a](b.png)"])
def test_what_cannot_be_printed_is_an_error_before_anything_is(piece: str) -> None:
    with pytest.raises(CannotPrint, match="a letter in PDF cannot have this: image"):
        FORM.lacking(f"text\n\n{piece}\n")


ascii_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=24).map(
    str.strip
)


@settings(max_examples=50, deadline=None)
@given(ascii_texts.filter(bool))
def test_a_value_is_printed_as_it_is_whatever_markdown_takes_it_for(value: str) -> None:
    template = LetterTemplate("letter.md.j2", "{{ firstname }}\n\nDear {{ firstname }},\n")
    letter = template.render({"firstname": value})
    plain = " ".join(value.split())
    assert text_of(letter) == f"{plain} Dear {plain},"
