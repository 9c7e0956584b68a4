"""Rows that cohorts set aside: written beside their source, said on stderr, and told by the exit code."""

from collections.abc import Callable
from pathlib import Path

from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.model.configuration import Configuration, Rejected
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.files.run_files import REJECTED_COLUMNS, rejected_file
from kardia_ctl.render.text import count_of


def _say(line: str) -> None:
    print_message(f"Error: {line}")


def set_aside(configuration: Configuration, tell: Callable[[str], None] = _say) -> bool:
    """Write the file of every cohort with bad rows, and remove those that are out of date.

    A file that cannot be written ends nothing: the problems are on stderr, and the exit code is 1 anyway.

    Returns:
        Whether any row was set aside.
    """
    for rejected in configuration.rejected:
        try:
            _keep(rejected)
        except (RunStopped, OSError) as error:
            print_message(f"Warning: {error}")
    for rejected in configuration.rejected:
        if rejected.rows:
            tell(rejected_line(rejected))
    return any(rejected.rows for rejected in configuration.rejected)


def rejected_line(rejected: Rejected) -> str:
    """Why the exit code is 1, for whoever keeps stderr alone."""
    count, name = count_of(len(rejected.rows), "row"), rejected.target.name
    return (
        f"{rejected.source}: {count} of the cohort {rejected.cohort} cannot be used and "
        f"{'was' if len(rejected.rows) == 1 else 'were'} set aside; {name} beside it says why"
    )


def warn_of_rejected(configuration: Configuration) -> None:
    """Say whom the counts leave out. Nothing is written."""
    for rejected in configuration.rejected:
        if rejected.rows:
            count = count_of(len(rejected.rows), "row")
            print_message(
                f"Warning: {rejected.source}: {count} of the cohort {rejected.cohort} cannot be used and "
                "are not counted; validate says why"
            )


def _keep(rejected: Rejected) -> None:
    target = rejected.target
    if (target.exists() or target.is_symlink()) and not _is_ours(target):
        raise RunStopped(f"{target} is not a file of rejected rows, and was left alone. Rename it")
    if rejected.rows:
        write_private(target, rejected_file(rejected).encode("utf-8", "backslashreplace"))
    else:
        target.unlink(missing_ok=True)


def _is_ours(target: Path) -> bool:
    if target.is_symlink() or not target.is_file():
        return False
    with target.open("rb") as stream:
        return stream.read(200).startswith(",".join(REJECTED_COLUMNS).encode())
