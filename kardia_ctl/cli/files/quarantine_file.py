"""Quarantined rows of cohorts: written to a file beside their source, and reported on stderr."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.config.encryption.age import encrypted
from kardia_ctl.config.encryption.age_header import SUFFIX, is_encrypted
from kardia_ctl.csv_guard import REJECTED_COLUMNS
from kardia_ctl.model.configuration import Configuration, Quarantine
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.files.run_files import quarantine_csv
from kardia_ctl.render.problems import problem_lines
from kardia_ctl.render.text import count_of


def _report_error(line: str) -> None:
    print_message(f"Error: {line}")


def write_quarantine(
    configuration: Configuration, report: Callable[[str], None] = _report_error, *, are_shown: bool = False
) -> bool:
    """Write the file of every cohort with bad rows, and remove the files that are out of date.

    A file that cannot be written ends nothing: the reasons are printed on stderr in its place, unless they
    ``are_shown`` already, and the exit code is 1 anyway.

    Returns:
        Whether any row is quarantined.
    """
    unwritten = []
    for quarantine in configuration.quarantines:
        try:
            _write(quarantine, configuration.recipients)
        except (RunStopped, OSError) as error:
            print_message(f"Warning: {error}")
            unwritten.append(quarantine)
    bad = [quarantine for quarantine in configuration.quarantines if quarantine.rows]
    for quarantine in bad:
        were = "was" if len(quarantine.rows) == 1 else "were"
        is_written = quarantine not in unwritten
        for line in () if is_written or are_shown else problem_lines(quarantine.problems):
            print_message(line)
        see = f"; see {quarantine.target.name} beside it" if is_written else ""
        report(f"{_bad_rows(quarantine)} and {were} quarantined{see}")
    return bool(bad)


def warn_of_quarantine(configuration: Configuration) -> None:
    """Warn about rows that no count includes. Writes no file."""
    for quarantine in configuration.quarantines:
        if quarantine.rows:
            print_message(
                f"Warning: {_bad_rows(quarantine)} and will not be counted; kardia-ctl validate says why"
            )


def _bad_rows(quarantine: Quarantine) -> str:
    count = count_of(len(quarantine.rows), "row")
    return f"{quarantine.source}: {count} of the cohort {quarantine.cohort} cannot be used"


def _write(quarantine: Quarantine, recipients: Sequence[str]) -> None:
    """Write the rows for the recipients, or in plain text without any; remove what an earlier run wrote."""
    target = quarantine.target
    if (target.exists() or target.is_symlink()) and not _is_ours(target):
        raise RunStopped(f"{target} is not a quarantine file and was not changed. Rename it")
    if quarantine.rows:
        form = quarantine.form
        text = ("\ufeff" if form.has_mark else "") + quarantine_csv(quarantine)
        data = text.encode(form.encoding, "backslashreplace")
        write_private(target, encrypted(data, recipients) if recipients else data, _head_of(target))
    else:
        target.unlink(missing_ok=True)
    other = target.with_suffix("") if recipients else target.with_name(target.name + SUFFIX)
    if _is_ours(other):
        other.unlink()


_OURS: Final = re.compile(
    rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?" + b"[^A-Za-z0-9]".join(map(str.encode, REJECTED_COLUMNS))
)
"""The beginning of such a file in any form, and in any encoding that holds letters as ASCII does."""


def _is_head(data: bytes) -> bool:
    """Whether a file begins as one of quarantined rows: it may be replaced by another."""
    return _OURS.match(data.replace(b"\0", b"")) is not None


def _head_of(target: Path) -> Callable[[bytes], bool]:
    """Decide by its first bytes whether a file of this name holds quarantined rows.

    Of an encrypted one no more is known than that it is encrypted.
    """
    return is_encrypted if target.suffix == SUFFIX else _is_head


def _is_ours(target: Path) -> bool:
    if target.is_symlink() or not target.is_file():
        return False
    with target.open("rb") as stream:
        return _head_of(target)(stream.read(400))
