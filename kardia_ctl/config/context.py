"""The context of one ``load``: the files read so far, and their problems."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final

from kardia_ctl.config.content_digests import ContentDigests, ContentHash
from kardia_ctl.config.encryption.plain_texts import PlainTexts, is_age
from kardia_ctl.config.source_files import (
    CHANGED,
    COHORT_LIMIT,
    FileStamp,
    InvalidContent,
    UnusableFile,
    chunks,
    content,
    decoded,
    inside,
    stamp,
)
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import fault
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.dialects import V1, Capabilities
from kardia_ctl.model.source import Problem, Source, by_place

EQUAL_WARNINGS: Final = 20
"""How many equal warnings are printed individually."""


@dataclass(slots=True)
class LoadContext:
    """Collects problems, warnings and the content that the digest covers.

    ``root`` is the real directory of kardia.yaml, ``shown`` the same directory as the user wrote it,
    ``environ`` the environment for ``${VAR}``, ``capabilities`` those of the dialect, ``latest_birth`` the
    last day that may be a birth date; empty for no bound. ``now`` is the moment (Unix seconds) that decides
    which periods have ended; None when none has. ``quarantined`` has an entry for each file that quarantines
    bad rows: their problems by line. ``edited`` has what is read in place of some files, by their paths from
    ``root``. ``texts`` opens encrypted files. ``people`` are the files that declare patients or departures.
    """

    root: Path
    shown: Path
    environ: Mapping[str, str]
    capabilities: Capabilities = V1
    latest_birth: str = ""
    now: float | None = None
    edited: Mapping[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    substituted: dict[str, str] = field(default_factory=dict)
    quarantined: dict[str, dict[int, list[Problem]]] = field(default_factory=dict)
    digests: ContentDigests = field(default_factory=ContentDigests)
    texts: PlainTexts = field(default_factory=PlainTexts)
    people: set[PurePosixPath] = field(default_factory=set)
    _warned: Counter[str] = field(default_factory=Counter)
    _order: dict[str, int] = field(default_factory=dict)
    _users: dict[Path, Source] = field(default_factory=dict)
    _stamps: dict[str, FileStamp] = field(default_factory=dict)

    def problem(self, source: Source, message: str, remedy: str = "", address: Address | None = None) -> None:
        """Add a problem."""
        self.problems.append(Problem(source, message, remedy, address))

    def warn(self, text: str, source: Source, address: Address | None = None) -> None:
        """Add a warning. Of equal warnings, the first ``EQUAL_WARNINGS`` are kept and the others counted."""
        self._warned[text] += 1
        if self._warned[text] <= EQUAL_WARNINGS:
            self.warnings.append(f"{source}: {f'{address}: ' if address else ''}{text}")

    def sorted_warnings(self) -> tuple[str, ...]:
        """All warnings, with how many more there are of each kind."""
        more = [
            f"{text}: {count - EQUAL_WARNINGS:,} more"
            for text, count in self._warned.items()
            if count > EQUAL_WARNINGS
        ]
        return (*sorted(self.warnings, key=by_place), *sorted(more))

    def row_problem(self, source: Source, message: str, remedy: str, address: Address | None) -> None:
        """Report a problem of a patient; if its file quarantines bad rows, quarantine its row instead.

        ``source`` must be in the line that the patient begins in.
        """
        lines = self.quarantined.get(source.file)
        if lines is None:
            self.problem(source, message, remedy, address)
            return
        problem = Problem(source, message, remedy, address)
        problems = lines.setdefault(source.line, [])
        if problem not in problems:
            problems.append(problem)

    def unusable(self, source: Source, error: UnusableFile) -> None:
        """Report why a file cannot be used, at the place that names it."""
        self.problem(source, error.message, error.remedy)

    def substitute(self, name: str, value: str, *, declares: bool) -> None:
        """Record an environment value that was substituted.

        ``declares`` is False for the state URL: it does not declare anything in Kardia, and its password
        must not be in a digest that others can read.
        """
        self.substituted[name] = value
        if declares:
            self.digests.add_value(name, value)

    def name(self, relative: PurePosixPath) -> str:
        """The name of a file in sources: its path as the user would write it."""
        return str(self.shown / relative)

    def begin(self, main: PurePosixPath, here: Source) -> None:
        """Record the first file; it may be a link to anywhere, because the user named it."""
        self._users[(self.root / main).resolve()] = here

    def first_use(self, relative: PurePosixPath, by: Source) -> bool:
        """Whether this file is not used yet, under any of its names; reports a problem if it is.

        Raises:
            UnusableFile: the file is outside the configuration's directory.
        """
        real = inside(self.root, self.root / relative)
        if earlier := self._users.get(real):
            self.problem(by, f"{relative} is already used at {earlier}", "Name it once")
            return False
        self._users[real] = by
        return True

    def files(self) -> tuple[Path, ...]:
        """The files that are used, each by its real path."""
        return tuple(self._users)

    def plain_people(self) -> tuple[Path, ...]:
        """The files that declare patients or departures in plain text, sorted."""
        plain = (relative for relative in sorted(self.people) if not self.texts.are_sealed(relative))
        return tuple(self.root / relative for relative in plain)

    def check_unchanged(self) -> None:
        """Report files that changed since they were read: together they were never one configuration."""
        for relative, read in self._stamps.items():
            if stamp(self.root / relative) != read:
                self.problem(Source(self.name(PurePosixPath(relative)), 1), *CHANGED)

    def is_used(self, file: Path) -> bool:
        """Whether the configuration reads this file."""
        return file.resolve() in self._users

    def read(self, relative: PurePosixPath, limit: int) -> tuple[bytes, str] | None:
        """A file's bytes and text; None, and a problem in the file itself, when they cannot be had.

        Raises:
            UnusableFile: the file cannot be read.
        """
        shown = self.name(relative)
        self._order.setdefault(shown, len(self._order))
        try:
            data = b"".join(self._plain(relative, self._whole(relative, limit), limit, limit))
        except InvalidContent as error:
            self.unusable(Source(shown, error.line, error.column), error)
            return None
        read = ContentHash()
        read.update(data)
        self.digests.add_file(relative.as_posix(), read)
        try:
            return data, decoded(data)
        except UnusableFile as error:
            self.unusable(Source(shown, error.line, error.column), error)
            return None

    def _whole(self, relative: PurePosixPath, limit: int) -> Iterator[bytes]:
        """The bytes of a file as it is stored: of an encrypted one, in ASCII, a third more than its text."""
        stored = limit * 3 // 2 if is_age(relative) else limit
        yield content(self.root / relative, stored, self._stamped(relative))

    def chunks(self, relative: PurePosixPath, size: int) -> Iterator[bytes]:
        """A cohort's bytes in chunks, without encryption; the digest covers them once all are read.

        Raises:
            UnusableFile: the file cannot be read, or changed since it was first read.
        """
        self._order.setdefault(self.name(relative), len(self._order))
        read = ContentHash()
        stored = chunks(self.root / relative, COHORT_LIMIT, size, self._stamped(relative))
        for data in self._plain(relative, stored, size, COHORT_LIMIT):
            read.update(data)
            yield data
        if not self.digests.add_file(relative.as_posix(), read):
            raise UnusableFile(*CHANGED)

    def _plain(
        self, relative: PurePosixPath, stored: Iterator[bytes], size: int, limit: int
    ) -> Iterator[bytes]:
        """What is read in place of a file, in pieces of ``size``, or the plain text of what is ``stored``."""
        if (data := self.edited.get(relative.as_posix())) is not None:
            return (data[begin : begin + size] for begin in range(0, len(data), size))
        return self.texts.open(relative, stored, limit)

    def _stamped(self, relative: PurePosixPath) -> Callable[[FileStamp], None]:
        return lambda read: self._stamps.update({relative.as_posix(): read})

    @contextmanager
    def opened(self, relative: PurePosixPath) -> Iterator[IO[bytes]]:
        """A cohort's file for a reader that needs random access; the digest covers it.

        Raises:
            UnusableFile: as ``chunks``; or it is encrypted, and larger than what is held in memory.
        """
        held = self.texts.held(relative, self.chunks(relative, 1 << 20))
        if held is not None:
            yield held
            return
        try:
            stream = (self.root / relative).open("rb")
        except OSError as error:
            raise UnusableFile("the file cannot be opened", "Check its permissions") from error
        with stream:
            yield stream

    def sorted_problems(self) -> list[Problem]:
        """All problems in the order of files, lines and columns."""
        return self.sorted(self.problems)

    def all_problems(self) -> list[Problem]:
        """The problems, with those of quarantined rows: where nothing proceeds, both are to be mended."""
        rows = [problem for lines in self.quarantined.values() for row in lines.values() for problem in row]
        return self.sorted([*self.problems, *rows])

    def sorted(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems in the order of files, lines and columns."""

        def place(problem: Problem) -> tuple[int, int, int, str]:
            source = problem.source
            return self._order.get(source.file, 0), source.line, source.column, problem.message

        return sorted(problems, key=place)


def address_of(mrn: object) -> Address | None:
    """The address of a patient; None without a usable mrn, such as one that a program has spoiled.

    Where columns are swapped, an mrn may be an e-mail address, which no message may show.
    """
    if not isinstance(mrn, str) or not 0 < len(mrn) <= 200 or "@" in mrn or fault(TextFormat.IDENTIFIER, mrn):
        return None
    return patient_address(mrn)
