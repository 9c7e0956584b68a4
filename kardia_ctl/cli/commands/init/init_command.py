"""The command ``init``."""

import os
from collections.abc import Iterable
from pathlib import Path

import click

from kardia_ctl.cli.account.git_index import repository_of
from kardia_ctl.cli.commands.init.starting_files import (
    StartingFile,
    first_files,
    github_files,
    gitlab_files,
    pre_commit_files,
    starter,
)
from kardia_ctl.cli.output.console import print_line, print_message, print_notice
from kardia_ctl.model.errors import RunStopped


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--github", is_flag=True, help="Write workflows for GitHub Actions: review, apply, drift.")
@click.option("--gitlab", is_flag=True, help="Write jobs for GitLab CI: review, apply, drift.")
@click.option("--pre-commit", is_flag=True, help="Write a hook of pre-commit that validates.")
def command(directory: Path, *, github: bool, gitlab: bool, pre_commit: bool) -> None:
    """Write a first kardia.yaml, and a .gitignore for keys and state, into DIRECTORY (default: here).

    No file that exists is changed. With --github, --gitlab or --pre-commit a kardia.yaml that exists is fine:
    these recipes go to the top of the git repository around DIRECTORY, where CI systems look for them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    top, inner = _repository(directory)
    recipes = [
        file
        for asked, files in ((github, github_files), (gitlab, gitlab_files), (pre_commit, pre_commit_files))
        if asked
        for file in files(inner)
    ]
    file = directory / "kardia.yaml"
    is_new = _created(file, starter())
    if not is_new and not recipes:
        raise RunStopped(f"{file} already exists and was not changed")
    if is_new:
        _write(directory, first_files())
    written = _write(top, {one.name: one for one in recipes}.values())
    if is_new:
        print_line(f"Wrote {file}. Edit it, then: kardia-ctl plan {directory} --sandbox")
    for name in written:
        print_line(f"Wrote {name}")


def _repository(directory: Path) -> tuple[Path, str]:
    """The top of the repository around a directory, as seen from here, and the directory's path in it."""
    top, place = repository_of(directory), directory.resolve()
    if top is None or top == place:
        return directory, "."
    return Path(os.path.relpath(top)), place.relative_to(top).as_posix()


def _write(directory: Path, files: Iterable[StartingFile]) -> list[Path]:
    """Write the files that do not exist, and report the others."""
    written = []
    for one in files:
        file = directory / one.name
        file.parent.mkdir(parents=True, exist_ok=True)
        if _created(file, one.text):
            written.append(file)
        elif not _holds(file, one.text):
            print_message(f"Warning: {file} already exists and was not changed.")
            print_notice(f"{one.otherwise}\n")
    return written


def _holds(file: Path, text: str) -> bool:
    """Whether a file is there as it would be written."""
    try:
        return file.read_bytes() == text.encode()
    except OSError:
        return False


def _created(file: Path, text: str) -> bool:
    """Create a file, unless its name exists, be it as a link that leads nowhere."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        return False
    return True
