"""The options of ``kardia-ctl letters``: what is written, and how."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kardia_ctl.cli.letters.fonts import fonts_for
from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.config.cohorts.cohort import DELIMITERS
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.letters.letter_values import COLUMNS

if TYPE_CHECKING:
    from kardia_ctl.cli.letters.letter_printer import LetterPrinter
    from kardia_ctl.render.letters.letter_pdf import PdfForm

letter_options: Final = Options(
    click.option(
        "--template", type=FILE, metavar="FILE", help="The letter as a Jinja2 template: NAME.md.j2."
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Write the letters into this directory, one for each patient.",
    ),
    click.option("--pdf", is_flag=True, help="Print the letters as PDF (needs the extra letters)."),
    click.option(
        "--font",
        "fonts",
        type=FILE,
        multiple=True,
        metavar="FILE",
        help="With --pdf: this font, then the next for what it lacks (default: this machine's).",
    ),
    click.option(
        "--paper", type=click.Choice(["a4", "letter"]), default="a4", show_default=True, help="With --pdf."
    ),
    click.option(
        "--csv", type=FILE, metavar="FILE", help="Write names and codes as a table for a mail merge instead."
    ),
    click.option(
        "--delimiter",
        default=",",
        show_default=True,
        metavar="CHAR",
        help="With --csv: one character, or tab.",
    ),
    click.option("--bom", is_flag=True, help="With --csv: begin with a byte order mark, which Excel needs."),
)
"""What is written, and how."""


@dataclass(frozen=True, slots=True)
class LetterOptions:
    """The options of one run."""

    template: Path | None = None
    out: Path | None = None
    pdf: bool = False
    fonts: tuple[Path, ...] = ()
    paper: str = "a4"
    csv: Path | None = None
    delimiter: str = ","
    bom: bool = False

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            RunStopped: they do, or one is missing.
        """
        if (self.csv is None) == (self.template is None):
            raise RunStopped(
                "name a template and a directory (--template FILE --out DIR), or a table (--csv FILE)"
            )
        if (self.out is None) != (self.template is None):
            raise RunStopped("--template FILE and --out DIR belong together")
        if self.csv is None and (self.bom or self.delimiter != ","):
            raise RunStopped("--delimiter and --bom are for --csv FILE")
        if not self.pdf and self.fonts:
            raise RunStopped("--font is for --pdf")
        if len(self.separator) != 1 or self.separator.isalnum() or self.separator in "\"'\r\n ":
            raise RunStopped("--delimiter is one character that is no letter, digit or quote, or tab")

    @property
    def separator(self) -> str:
        """The character between two cells."""
        return DELIMITERS.get(self.delimiter, self.delimiter)

    @property
    def directory(self) -> Path:
        """The directory of the letters."""
        return self.out or Path()

    def printer(self) -> "LetterPrinter":
        """What makes the letters.

        Raises:
            RunStopped: the template cannot be used, or there is no font, or the extra is not installed.
        """
        from kardia_ctl.cli.letters.letter_printer import LetterPrinter

        return LetterPrinter(self.template or Path(), self._pdf() if self.pdf else None)

    def _pdf(self) -> "PdfForm":
        try:
            from kardia_ctl.render.letters.letter_pdf import PdfForm
        except ImportError as error:
            raise RunStopped(
                f"letters as PDF need {error.name}, which is not installed: pip install 'kardia-ctl[letters]'"
            ) from error
        return PdfForm(fonts_for(self.fonts), self.paper)


def is_letter_table(head: bytes) -> bool:
    """Whether a file is a table of letters, which may be replaced."""
    first = head.decode("utf-8-sig", "replace").partition("\n")[0].rstrip("\r")
    return first == first[3:4].join(COLUMNS)
