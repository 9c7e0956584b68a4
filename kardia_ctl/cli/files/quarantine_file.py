"""Quarantined rows of cohorts: written to a file beside their source, and reported on stderr."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.outputs import starts_with
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.csv_guard import REJECTED_COLUMNS
from kardia_ctl.model.configuration import Configuration, Quarantine
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.files.run_files import quarantine_csv
from kardia_ctl.render.text import count_of

_OURS: Final = starts_with(",".join(REJECTED_COLUMNS))
"""An existing file of quarantined rows may be replaced by another."""


def _report_error(line: str) -> None:
    print_message(f"Error: {line}")


def write_quarantine(configuration: Configuration, report: Callable[[str], None] = _report_error) -> bool:
    """Write the file of every cohort with bad rows, and remove the files that are out of date.

    A file that cannot be written ends nothing: the problems are on stderr, and the exit code is 1 anyway.

    Returns:
        Whether any row is quarantined.
    """
    for quarantine in configuration.quarantines:
        try:
            _write(quarantine)
        except (RunStopped, OSError) as error:
            print_message(f"Warning: {error}")
    bad = [quarantine for quarantine in configuration.quarantines if quarantine.rows]
    for quarantine in bad:
        were = "was" if len(quarantine.rows) == 1 else "were"
        report(f"{_bad_rows(quarantine)} and {were} quarantined; see {quarantine.target.name} beside it")
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


def _write(quarantine: Quarantine) -> None:
    target = quarantine.target
    if (target.exists() or target.is_symlink()) and not _is_ours(target):
        raise RunStopped(f"{target} is not a quarantine file and was not changed. Rename it")
    if quarantine.rows:
        write_private(target, quarantine_csv(quarantine).encode("utf-8", "backslashreplace"), _OURS)
    else:
        target.unlink(missing_ok=True)


def _is_ours(target: Path) -> bool:
    if target.is_symlink() or not target.is_file():
        return False
    with target.open("rb") as stream:
        return _OURS(stream.read(200))
