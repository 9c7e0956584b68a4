"""Makes the letter of one patient: text from a template, or that text as PDF."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kardia_ctl.config.source_files import UnusableFile, content, decoded
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.operations.codes.letter_facts import LetterFacts
from kardia_ctl.render.letters.letter_template import LetterTemplate, UnusableTemplate
from kardia_ctl.render.letters.letter_values import CannotPrint, letter_values

if TYPE_CHECKING:
    from kardia_ctl.render.letters.letter_pdf import PdfForm

_LIMIT: Final = 1 << 20
"""Bytes of a template."""

_PRINTED: Final = (".md", ".txt")


@dataclass(frozen=True, slots=True)
class LetterProblem:
    """Why the letters of some patients cannot be made."""

    message: str
    patients: tuple[DesiredPatient, ...]


class LetterPrinter:
    """A template, and the form of its letters as PDF. ``suffix`` is that of a letter's file."""

    def __init__(self, file: Path, pdf: "PdfForm | None") -> None:
        """Read the template.

        Raises:
            RunStopped: it cannot be read, or is not a template of letters.
        """
        self._file, self._pdf = file, pdf
        try:
            self._template = LetterTemplate(file.name, decoded(content(file, _LIMIT)))
        except UnusableFile as error:
            raise RunStopped(f"--template {file}:{error.line}: {error.message}. {error.remedy}") from error
        except UnusableTemplate as error:
            raise RunStopped(f"--template {file}:{error.line}: {error.message}") from error
        if pdf is not None and self._template.suffix not in _PRINTED:
            raise RunStopped(
                f"--pdf prints letters in Markdown: name the template NAME.md.j2, not {file.name}"
            )
        self.suffix = self._template.suffix if pdf is None else ".pdf"

    def problems(self, letters: Iterable[LetterFacts]) -> Sequence[LetterProblem]:
        """Why letters cannot be made, each reason with everybody whom it is about."""
        found: dict[str, list[DesiredPatient]] = {}
        for facts in letters:
            if message := self._problem(facts):
                found.setdefault(message, []).append(facts.patient)
        return [LetterProblem(message, tuple(patients)) for message, patients in found.items()]

    def _problem(self, facts: LetterFacts) -> str:
        try:
            text = self._template.render(letter_values(facts))
            lacking = self._pdf.lacking(text) if self._pdf else frozenset()
        except UnusableTemplate as error:
            return f"{self._file}:{error.line}: {error.message}"
        except CannotPrint as error:
            return error.message
        if lacking:
            signs = "a character" if len(lacking) == 1 else f"{len(lacking)} characters"
            return (
                f"no font here has {signs} of the letter. Name one that has, beside others, with --font FILE"
            )
        return ""

    def made(self, facts: LetterFacts) -> bytes:
        """The letter.

        Raises:
            RunStopped: it cannot be made.
        """
        try:
            text = self._template.render(letter_values(facts))
            return text.encode() if self._pdf is None else self._pdf.printed(text)
        except (UnusableTemplate, CannotPrint) as error:
            raise RunStopped(f"{self._file}:{error.line}: {error.message}") from error
