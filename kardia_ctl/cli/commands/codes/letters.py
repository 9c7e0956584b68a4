"""``kardia-ctl letters``."""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.commands.codes.choice import CodeChoice, choice_options
from kardia_ctl.cli.environment import is_own_terminal
from kardia_ctl.cli.files.code_file import form_of
from kardia_ctl.cli.files.existing_codes import code_rows
from kardia_ctl.cli.files.tracked_file import warn_if_tracked
from kardia_ctl.cli.letters.letter_options import LetterOptions, is_letter_table, letter_options
from kardia_ctl.cli.options import FILE, path_argument
from kardia_ctl.cli.output.console import print_line, print_message
from kardia_ctl.cli.outputs import Output, check_outputs, own_stream
from kardia_ctl.cli.private_files import resolved, write_private
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.operations.codes.letter_facts import CodeRow, Letters, letters_of
from kardia_ctl.render.letters.letter_values import letter_table
from kardia_ctl.render.text import count_of
from kardia_ctl.timing import system_instant

_SHOWN: Final = 5


@click.command("letters")
@path_argument
@click.option(
    "--codes",
    "codes",
    type=FILE,
    required=True,
    metavar="FILE",
    help="The file of codes that apply --codes-out or kardia-ctl codes wrote.",
)
@letter_options
@choice_options
def command(path: Path, codes: Path, **options: Any) -> int:
    """Write a letter for each patient who has a code, from a template. Sends no request.

    PATH is a configuration file, or a directory that holds kardia.yaml (default: this directory).

    The template is Jinja2 and names what is declared: mrn, firstname, lastname, email, dob, sex, cohort; of
    the file of codes: code, template, issued, or codes for a patient with several; password. A name that a
    patient does not have is an error, and then no letter is written. LETTER.md.j2 makes Markdown, which --pdf
    prints as PDF; LETTER.html.j2 makes HTML, LETTER.txt.j2 text.

    Letters are readable only by you, and are named by mrn, never by a person's name. No file is replaced but
    a letter that is still as kardia-ctl wrote it.
    """
    choice = CodeChoice(options.pop("mrns"), options.pop("targets"), options.pop("cohort"))
    wanted = LetterOptions(**options)
    wanted.check()
    configuration = read_configuration(path, system_instant())
    for warning in configuration.warnings:
        print_message(f"Warning: {warning}")
    _check_places(configuration, codes, wanted)
    choice = choice.meant(configuration.desired, Keys(configuration.root / PRIVATE, os.environ))
    mrns = choice.mrns_in(configuration.desired)
    letters = letters_of(configuration.desired, mrns, _rows(codes))
    _report_others(letters)
    if not letters.facts:
        raise RunStopped(
            f"{codes} has no code of a patient who is declared here: there is no letter to write"
        )
    return _write_table(letters, wanted) if wanted.csv else _write_letters(letters, wanted)


def _rows(codes: Path) -> Iterator[CodeRow]:
    for cells in code_rows(codes, form_of(codes)):
        fields = ("mrn", "code", "template", "issued", "password")
        yield CodeRow(**{name: cells.get(name, "") for name in fields})


def _check_places(configuration: Configuration, codes: Path, wanted: LetterOptions) -> None:
    """Refuse outputs that would overwrite something, or show names and codes to others."""
    private = configuration.root / PRIVATE
    inputs = [*configuration.sources, codes, *filter(None, (wanted.template,))]
    if wanted.csv is not None:
        if own_stream(wanted.csv):
            raise RunStopped("a table of names and codes is never printed: name a file with --csv FILE")
        check_outputs([Output("--csv", wanted.csv, is_letter_table)], inputs, private)
    if wanted.out is not None and {private.resolve()} & {resolved(wanted.out), *resolved(wanted.out).parents}:
        raise RunStopped(f"--out {wanted.out} is in {private}, which holds keys and state. Choose another")
    warn_if_tracked(wanted.csv or wanted.out)


def _report_others(letters: Letters) -> None:
    """Say for whom there is no letter, and what of the file is about nobody."""
    if letters.without:
        print_message(
            f"Warning: no code in the file for {count_of(len(letters.without), 'patient')}: "
            f"{_places(letters.without)}. kardia-ctl codes --missing fetches what was issued"
        )
    if letters.unknown:
        print_message(
            f"Warning: the file has codes of {count_of(len(letters.unknown), 'patient')} who "
            f"{'is' if len(letters.unknown) == 1 else 'are'} not declared here; there is no letter for them"
        )
    if letters.outdated:
        print_message(
            "Warning: no letter has the codes of templates that are not declared any more: "
            f"{_places(letters.outdated)}"
        )


def _places(patients: Sequence[DesiredPatient]) -> str:
    """Where patients are declared; on a person's own terminal with their addresses."""
    is_shown = is_own_terminal(sys.stderr)
    named = [
        f"{patient.file}:{patient.line}" + (f" ({patient_address(patient.mrn)})" if is_shown else "")
        for patient in patients[:_SHOWN]
    ]
    return ", ".join(named) + (", …" if len(patients) > _SHOWN else "")


def _write_table(letters: Letters, wanted: LetterOptions) -> int:
    table = letter_table(letters.facts, wanted.separator, has_mark=wanted.bom)
    if wanted.csv is not None:
        write_private(wanted.csv, table.encode(), is_letter_table)
    print_line(f"Wrote {wanted.csv}: {count_of(len(letters.facts), 'patient')}.")
    return 0


def _write_letters(letters: Letters, wanted: LetterOptions) -> int:
    printer = wanted.printer()
    if problems := printer.problems(letters.facts):
        for problem in problems:
            print_message(f"Error: {problem.message}: {_places(problem.patients)}")
        print_message("No letter was written.")
        return 1
    from kardia_ctl.cli.letters.letter_directory import LetterDirectory, letter_names

    names = letter_names((facts.patient.mrn for facts in letters.facts), printer.suffix)
    directory = LetterDirectory(wanted.directory, names.values())
    count = directory.write(
        (names[facts.patient.mrn], partial(printer.made, facts)) for facts in letters.facts
    )
    print_line(f"Wrote {count_of(count, 'letter')} into {wanted.directory}.")
    return 0
