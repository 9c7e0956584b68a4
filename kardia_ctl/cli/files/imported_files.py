"""The files of an import: their names, which nothing has yet, and their contents."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final

from kardia_ctl.cli.files.new_files import NewFile
from kardia_ctl.config.encryption.age import encrypted_pieces
from kardia_ctl.config.encryption.age_header import SUFFIX
from kardia_ctl.config.writing.csv_rows import csv_rows, fit_csv
from kardia_ctl.config.writing.yaml_text import commented, patient_entry, quoted
from kardia_ctl.model.results import ImportedFile, LeftOut
from kardia_ctl.planning.live.declarable import IMPORTED
from kardia_ctl.planning.live.importable import CODES, Importable

STEM: Final = "imported"
"""How the names of imported files, and of an imported cohort, begin."""

_HEAD: Final = "# Imported from Kardia by kardia-ctl import. From here on it is yours to edit.\npatients:\n"
_LARGEST: Final = 12 << 20
"""Characters of a YAML file, of which up to 64 MiB are read."""
_ROWS: Final = 1000
"""Rows of CSV that are written at once."""
_NUMBERED: Final = re.compile(rf"{STEM}(?:-([1-9][0-9]{{0,8}}))?(?:\.[^/]*)?", re.IGNORECASE)


@dataclass(slots=True)
class ImportedFiles:
    """Makes the files of one import in a directory, for the recipients if any. ``made`` are those so far."""

    directory: Path
    importable: Importable
    recipients: tuple[str, ...] = ()
    made: list[ImportedFile] = field(default_factory=list)

    def as_yaml(self, split: int, *, several: bool) -> Iterator[NewFile]:
        """YAML files of at most ``split`` patients each; ``several`` says that there may be more than one."""
        names = _names(self.directory, several=several)
        entries, size = list[str](), 0
        for values in self.importable:
            entry = _entry(values)
            if entries and (len(entries) == split or size + len(entry) > _LARGEST):
                yield self._yaml(next(names), entries)
                entries, size = [], 0
            entries.append(entry)
            size += len(entry)
        if entries:
            yield self._yaml(next(names), entries, self.importable.left_out)

    def as_cohort(self, name: str) -> Iterator[NewFile]:
        """A CSV file, and a YAML file for patients whose values are not safe in one."""
        unfit: list[Mapping[str, str]] = []
        path = self.directory / f"{name}.csv"
        rows = self._fitting(unfit)
        if first := list(islice(rows, _ROWS)):
            yield self._stored(path, self._csv(path, first, rows))
        if unfit:
            entries = [_entry(values) for values in unfit]
            yield self._yaml(path.with_suffix(".yaml"), entries, self.importable.left_out)

    def _fitting(self, unfit: list[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
        every = iter(self.importable)
        while some := list(islice(every, _ROWS)):
            if fit_csv(some):  # all but a few do, and many together take little time
                yield from some
                continue
            for values in some:
                if fit_csv([values]):
                    yield values
                else:
                    unfit.append(values)

    def _csv(
        self, path: Path, rows: list[Mapping[str, str]], others: Iterator[Mapping[str, str]]
    ) -> Iterator[str]:
        columns = (*IMPORTED, CODES) if self.importable.codes else IMPORTED
        yield ",".join(columns) + "\n"
        count = 0
        while rows:
            count += len(rows)
            yield csv_rows(columns, rows)
            rows = list(islice(others, _ROWS))
        self.made.append(ImportedFile(self._name(path), count))

    def _yaml(self, path: Path, entries: Sequence[str], left_out: Sequence[LeftOut] = ()) -> NewFile:
        self.made.append(ImportedFile(self._name(path), len(entries)))
        return self._stored(path, chain((_HEAD, "".join(entries)), map(_stanza, left_out)))

    def _stored(self, path: Path, texts: Iterable[str]) -> NewFile:
        """A file as it is stored: every one goes through here.

        Raises:
            RunStopped: it is to be encrypted, and cannot be.
        """
        pieces = (text.encode() for text in texts)
        if not self.recipients:
            return NewFile(path, pieces)
        return NewFile(self._name(path), encrypted_pieces(pieces, self.recipients))

    def _name(self, path: Path) -> Path:
        return path.with_name(path.name + SUFFIX) if self.recipients else path


def _entry(values: Mapping[str, str]) -> str:
    if CODES not in values:
        return patient_entry(values)
    others = {name: value for name, value in values.items() if name != CODES}
    return patient_entry(others, [f"{CODES}: [{quoted(values[CODES])}]"])


def _stanza(left_out: LeftOut) -> str:
    """Who was left out, as comments: what could be declared, to be completed by a person."""
    entry = patient_entry({**left_out.values, "id": left_out.live.id.replace("$", "$$")})
    return commented(f"{left_out.reason}. {left_out.remedy}:\n{entry}")


def _names(directory: Path, *, several: bool) -> Iterator[Path]:
    """Names that no file in the directory has, in any form."""
    last = _last_number(directory)
    if not last and not several:
        yield directory / f"{STEM}.yaml"
    while True:
        last += 1
        yield directory / f"{STEM}-{last}.yaml"


def free_cohort(directory: Path, taken: Iterable[str]) -> str:
    """A name for a cohort that neither a cohort nor a file in the directory has."""
    numbers = [_number(name) for name in taken]
    last = max(_last_number(directory), *numbers, 0)
    return f"{STEM}-{last + 1}" if last else STEM


def _last_number(directory: Path) -> int:
    """The highest number of an imported file; one without a number counts as the first."""
    names = [path.name for path in directory.iterdir()] if directory.is_dir() else []
    return max(map(_number, names), default=0)


def _number(name: str) -> int:
    found = _NUMBERED.fullmatch(name)
    return 0 if found is None else int(found[1] or 1)
