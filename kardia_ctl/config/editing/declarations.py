"""Which file declares what: the YAML files and cohorts of a configuration, by the names of their files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from kardia_ctl.config import sections
from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.document import YamlFile, cohorts, read_yaml_file
from kardia_ctl.config.encryption.plain_texts import PlainTexts, Unlocking
from kardia_ctl.config.loader import included_files, main_file
from kardia_ctl.config.source_files import CHANGED, COHORT_LIMIT, FileStamp, UnusableFile, content
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.source import PartKind, Source


@dataclass(frozen=True, slots=True, repr=False)
class FileBytes:
    """A file as it was read: real path, path from the configuration's directory, plain text, stamp."""

    path: Path
    relative: PurePosixPath
    data: bytes
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class Declarations:
    """The YAML files and cohorts by the names of their files in sources; ``main`` is that of kardia.yaml."""

    context: LoadContext
    main: str
    yaml_files: Mapping[str, PurePosixPath]
    cohorts: Mapping[str, Cohort]
    digests: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> FileBytes:
        """A file's bytes, which are those that the configuration was read from.

        Raises:
            UnusableFile: it cannot be read, or changed since then.
        """
        relative = self.yaml_files[name] if name in self.yaml_files else self.cohorts[name].source
        stamps: list[FileStamp] = []
        path = (self.context.root / relative).resolve()
        stored = content(path, COHORT_LIMIT, stamps.append)
        data = b"".join(self.context.texts.open(relative, (stored,), COHORT_LIMIT))
        if hashlib.sha256(data).digest() != self.digests.get(relative.as_posix()):
            raise UnusableFile(*CHANGED)
        return FileBytes(path, relative, data, stamps[0])

    def is_sealed(self, relative: PurePosixPath) -> bool:
        """Whether a file that was read is encrypted."""
        return self.context.texts.are_sealed(relative)


def read_declarations(
    path: Path,
    environ: Mapping[str, str],
    configuration: Configuration,
    unlocking: Unlocking | None = None,
) -> Declarations:
    """The declarations of a configuration that was read from ``path`` before.

    Raises:
        UnusableFile: kardia.yaml cannot be read any more.
    """
    main = main_file(path)
    context = LoadContext(main.parent.resolve(), main.parent, environ, texts=PlainTexts(unlocking))
    relative = PurePosixPath(main.name)
    context.begin(relative, Source(context.name(relative), 1, 1))
    yaml_file = read_yaml_file(relative, context, included=False)
    if yaml_file is None:
        raise UnusableFile(*CHANGED)
    context.capabilities = sections.capabilities(yaml_file)
    files: list[YamlFile] = [yaml_file, *included_files(yaml_file, context)]
    return Declarations(
        context,
        yaml_file.document.file,
        {file.document.file: file.relative for file in files},
        {context.name(cohort.source): cohort for file in files for cohort in cohorts(file, context)},
        {part.name: part.content for part in configuration.parts if part.kind is PartKind.FILE},
    )
