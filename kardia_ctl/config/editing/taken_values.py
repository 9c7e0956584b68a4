"""Takes live values into the files that declare them, and reads the result before anybody writes it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from kardia_ctl.config.editing.declarations import Declarations, FileBytes, read_declarations
from kardia_ctl.config.editing.encoded_text import ByteEdit, NotEditable, TextEdit, edited
from kardia_ctl.config.editing.file_editors import FileEditor, YamlEditor, cohort_editor
from kardia_ctl.config.editing.live_values import LiveValue, NotTaken
from kardia_ctl.config.editing.proof import refuted
from kardia_ctl.config.encryption import age
from kardia_ctl.config.encryption.plain_texts import Unlocking, is_age
from kardia_ctl.config.source_files import FileStamp, UnusableFile
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Source

_NOT_SET: Final = (
    "it is not set in Kardia, and an empty value cannot be declared",
    "Remove it from the file by hand, list it under ignore_changes, or enter it in Kardia",
)
_NO_READERS: Final = (
    "the file is encrypted, and kardia.yaml does not say for whom to encrypt it again",
    "Declare recipients: [age1…], or edit it with kardia-ctl encrypt --edit FILE",
)
_OF_SOPS: Final = "the file is encrypted with SOPS", "Write the value there with sops edit FILE"
_NO_PATCH: Final = "the file is encrypted, and a patch would be of its plain text", "Leave --patch out"


@dataclass(frozen=True, slots=True, repr=False)
class EditedFile:
    """A file with its edits. ``name`` is the file as the user would write it, ``before`` its plain text.

    ``recipients`` are whom it is encrypted for; empty for a plain file.
    """

    name: str
    path: Path
    relative: PurePosixPath
    before: bytes
    edits: tuple[ByteEdit, ...]
    stamp: FileStamp
    recipients: tuple[str, ...] = ()

    @property
    def after(self) -> bytes:
        """The plain text of the file once it is edited."""
        return edited(self.before, self.edits)

    def stored(self) -> bytes:
        """What is to be written: the text, or its encryption.

        Raises:
            RunStopped: a recipient is not valid.
        """
        return age.encrypted(self.after, self.recipients) if self.recipients else self.after


@dataclass(frozen=True, slots=True, repr=False)
class TakenValues:
    """The files to write, the values that are then in them, and those that cannot be taken."""

    files: tuple[EditedFile, ...] = ()
    taken: tuple[LiveValue, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()


def take_values(
    path: Path,
    environ: Mapping[str, str],
    now: Instant,
    configuration: Configuration,
    values: Iterable[LiveValue],
    unlocking: Unlocking | None = None,
    *,
    in_patch: bool = False,
) -> TakenValues:
    """Edit the files that declare some values, in memory.

    The configuration is read again with the edited files: what is not read exactly as meant is not taken, nor
    is anything that the configuration's own rules refuse.

    Args:
        path: Where the configuration was read from.
        environ: The environment that it was read with.
        now: The moment that it was read at.
        configuration: What was read.
        values: The live values to take.
        unlocking: Opens encrypted files.
        in_patch: The result is to be a patch, which encrypted files cannot have.

    Raises:
        ConfigurationError, UnusableFile: kardia.yaml cannot be read any more.
    """
    declared = read_declarations(path, environ, configuration, unlocking)
    remaining, not_taken = list(values), list[NotTaken]()
    while remaining:
        files, refused = _edit_all(declared, configuration, remaining, in_patch=in_patch)
        remaining = _without(remaining, refused)
        not_taken += refused
        contents = {file.relative.as_posix(): file.after for file in files}
        refused = (
            refuted(path, environ, now, configuration, contents, remaining, unlocking) if remaining else []
        )
        if not refused:
            return TakenValues(tuple(files), tuple(remaining), tuple(not_taken))
        remaining = _without(remaining, refused)
        not_taken += refused
    return TakenValues(not_taken=tuple(not_taken))


def _without(values: Sequence[LiveValue], refused: Iterable[NotTaken]) -> list[LiveValue]:
    gone = {(refusal.value.address, refusal.value.attribute) for refusal in refused}
    return [value for value in values if (value.address, value.attribute) not in gone]


def _edit_all(
    declared: Declarations,
    configuration: Configuration,
    values: Iterable[LiveValue],
    *,
    in_patch: bool,
) -> tuple[list[EditedFile], list[NotTaken]]:
    by_file: defaultdict[str, list[tuple[LiveValue, Source]]] = defaultdict(list)
    for value in values:
        source = _source(value, declared, configuration)
        by_file[source.file].append((value, source))
    files, not_taken = list[EditedFile](), list[NotTaken]()
    for name, placed in sorted(by_file.items()):
        try:
            file, refused = _edit_file(name, declared, placed)
            if declared.is_sealed(file.relative):
                file = _sealed(file, configuration, in_patch=in_patch)
        except UnusableFile as error:
            not_taken += [NotTaken(value, error.message, error.remedy, source) for value, source in placed]
            continue
        not_taken += refused
        files += [file] if file.edits else []
    return files, not_taken


def _source(value: LiveValue, declared: Declarations, configuration: Configuration) -> Source:
    """The line in which the patient of a value begins; with a column, where a value of kardia.yaml stands."""
    desired = configuration.desired
    if value.address.kind is Kind.PATIENT:
        patient = desired.patients[value.address.names[0]]
        cohort = declared.cohorts.get(patient.file)
        override = cohort.overrides.get(patient.mrn) if cohort else None
        if override is not None and value.attribute in override.values:
            return override.place(value.attribute)
        return Source(patient.file, patient.line)
    places = (setting.source for setting in desired.settings if setting.address == value.address)
    return next(filter(None, places), Source(declared.main, 1))


def _edit_file(
    name: str, declared: Declarations, placed: Sequence[tuple[LiveValue, Source]]
) -> tuple[EditedFile, list[NotTaken]]:
    """One file with the edits that it allows.

    Raises:
        UnusableFile: it cannot be read, changed meanwhile, or cannot be edited at all.
    """
    read = declared.read(name)
    editor = _editor(name, declared, read, {source.line for _, source in placed})
    edits, refused = list[TextEdit](), list[NotTaken]()
    for value, source in placed:
        if not value.value:
            refused.append(NotTaken(value, *_NOT_SET, source))
            continue
        try:
            edits.append(editor.edit(value, source))
        except NotEditable as error:
            refused.append(NotTaken(value, error.message, error.remedy, source))
    changes = editor.text.in_bytes(edits)
    return EditedFile(name, read.path, read.relative, read.data, changes, read.stamp), refused


def _sealed(file: EditedFile, configuration: Configuration, *, in_patch: bool) -> EditedFile:
    """An encrypted file that is encrypted again once it is edited.

    Raises:
        NotEditable: it cannot be.
    """
    if not is_age(file.relative):
        raise NotEditable(*_OF_SOPS)
    if in_patch or not configuration.recipients:
        raise NotEditable(*(_NO_PATCH if in_patch else _NO_READERS))
    return replace(file, recipients=configuration.recipients)


def _editor(name: str, declared: Declarations, read: FileBytes, lines: Collection[int]) -> FileEditor:
    if name in declared.yaml_files:
        return YamlEditor(read.data, name)
    context = replace(declared.context, edited={read.relative.as_posix(): read.data})
    return cohort_editor(read.data, declared.cohorts[name], context, lines)
