"""What an import is to write, and where: the options, checked before a request is sent."""

import os
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.files.edited_configuration import cohorts_of
from kardia_ctl.cli.files.imported_files import free_cohort
from kardia_ctl.config.encryption.age_header import SUFFIX
from kardia_ctl.config.source_files import UnusableFile, inside, lexical
from kardia_ctl.model.errors import RunStopped

SPLIT: Final = 5000
"""Patients in one YAML file, unless --split says otherwise: about 1 MB."""


class ImportFormat(StrEnum):
    """The form of the files that an import writes."""

    YAML = "yaml"
    CSV = "csv"


_DIRECTORIES: Final = {ImportFormat.YAML: "patients", ImportFormat.CSV: "cohorts"}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PART: Final = re.compile(r"[^.*?\[\]{}\\][^*?\[\]{}\\]*")
"""A part of a directory's name that means the same in a pattern, and is not hidden."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of one import. ``into`` is relative to kardia.yaml."""

    form: ImportFormat = ImportFormat.YAML
    split: int | None = None
    into: str | None = None
    cohort: str | None = None
    codes: str | None = None
    adopt: bool = False
    sanitize: bool = False
    accept_unknown_team: bool = False


def main_file(workspace: Workspace) -> Path:
    """The configuration's own file."""
    return workspace.configuration.sources[0]


def shown_path(workspace: Workspace, file: Path) -> Path:
    """A file of the configuration by its name as the user would write it."""
    shown = workspace.path if workspace.path.is_dir() else workspace.path.parent
    return shown / file.relative_to(workspace.configuration.root)


def checked_options(workspace: Workspace, wanted: ImportOptions) -> ImportOptions:
    """The options with their defaults, of a configuration that can take an import.

    Raises:
        RunStopped: they contradict each other or the configuration, or the account shows no patients.
    """
    if not workspace.capabilities.shows_patients:
        raise RunStopped(
            f"the {workspace.capabilities.dialect} API shows no patients: nothing can be imported. Declare "
            "the participants: a create of one who exists is answered with 409, and adopts them"
        )
    if wanted.sanitize:
        return _sanitizing(workspace, wanted)
    if rows := workspace.configuration.desired.quarantined_without_mrn:
        raise RunStopped(
            f"{rows} quarantined rows have no usable mrn: a live patient may be declared in one. Correct "
            "them first"
        )
    if wanted.split is not None and wanted.form is not ImportFormat.YAML:
        raise RunStopped("--split is for YAML files: a cohort is one CSV file")
    if wanted.cohort is not None and wanted.form is not ImportFormat.CSV:
        raise RunStopped("--cohort is the name of a CSV file's cohort: add --format csv")
    into = _directory(workspace, wanted.into or _DIRECTORIES[wanted.form])
    cohort = _cohort(workspace, wanted, into) if wanted.form is ImportFormat.CSV else None
    return replace(wanted, into=into, cohort=cohort, split=wanted.split or SPLIT)


def _sanitizing(workspace: Workspace, wanted: ImportOptions) -> ImportOptions:
    if wanted.adopt or wanted.split or wanted.cohort or wanted.codes or wanted.form is not ImportFormat.YAML:
        raise RunStopped("--sanitize writes an invented account and no configuration: give it --into alone")
    from kardia_ctl.operations.importing.invented_account import FILE

    into = _directory(workspace, wanted.into or "twin")
    twin = workspace.configuration.root / into / FILE
    if os.path.lexists(twin):
        raise RunStopped(
            f"{shown_path(workspace, twin)} is there already. Remove it, or name another directory with "
            "--into"
        )
    return replace(wanted, into=into)


def _directory(workspace: Workspace, into: str) -> str:
    """The directory relative to kardia.yaml, in which its patterns find files."""
    root = workspace.configuration.root
    try:
        found = lexical(PurePosixPath(), into)
        inside(root.resolve(), root / found)
    except UnusableFile as error:
        raise RunStopped(f"--into {into}: {error.message}. Name one below that of kardia.yaml") from error
    if PRIVATE in found.parts or not all(map(_PART.fullmatch, found.parts)):
        raise RunStopped(
            f"--into {into}: kardia.yaml includes no files of a directory that is hidden, or whose name has "
            "a sign of patterns (* ? [ ]). Choose another"
        )
    if (root / found).exists() and not (root / found).is_dir():
        raise RunStopped(f"--into {into}: it is no directory. Choose another name")
    return found.as_posix()


def _cohort(workspace: Workspace, wanted: ImportOptions, into: str) -> str:
    desired = workspace.configuration.desired
    directory = workspace.configuration.root / into
    taken = {patient.cohort for patient in desired.patients.values()} | {*cohorts_of(main_file(workspace))}
    if wanted.cohort is None:
        return free_cohort(directory, taken)
    if not _NAME.fullmatch(wanted.cohort):
        raise RunStopped("--cohort: use letters, digits, dots, dashes and underscores: it names a file too")
    if wanted.cohort in taken:
        raise RunStopped(f"--cohort {wanted.cohort}: there is a cohort of this name. Choose another")
    for name in ("csv", "yaml", f"csv{SUFFIX}", f"yaml{SUFFIX}"):
        path = directory / f"{wanted.cohort}.{name}"
        if path.exists():
            raise RunStopped(
                f"--cohort {wanted.cohort}: {path} exists and was not changed. Choose another name"
            )
    return wanted.cohort
