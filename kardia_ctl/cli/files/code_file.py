"""Where issued codes go: a file that only its owner may read, or nowhere."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from kardia_ctl.cli.files.existing_codes import Held, held
from kardia_ctl.cli.files.passwords import makes_up_passwords
from kardia_ctl.cli.private_files import passes_on
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import Capabilities
from kardia_ctl.model.errors import NotExecuted, RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.plan import Plan
from kardia_ctl.render.files.code_rows import PASSWORD, CodeFormat, code_cells, code_line
from kardia_ctl.render.files.csv import csv_text

STDOUT: Final = Path("-")


class CodeFile:
    """Appends each code as it is issued, so that a run that dies loses none of those before.

    A file that exists is appended to: codes that an earlier run wrote stay, one that is handed out again is
    not written again, and the part of a row that a crash left is taken away. ``file`` None drops the codes
    (``kardia-ctl codes`` asks for them again); ``-`` is stdout, in the form ``form``. ``on_trouble`` hears
    the line to print when a row could not be written.
    """

    def __init__(
        self,
        file: Path | None,
        form: CodeFormat | None = None,
        *,
        passwords: bool = False,
        on_trouble: Callable[[str], None] | None = None,
    ) -> None:
        self.count = 0
        self.again = 0
        self.trouble = ""
        self._file = file
        self._form = form_of(file, form)
        self._on_trouble = on_trouble
        self._held = Held() if file in (None, STDOUT) else held(file, self._form)
        if passwords:
            self._make_room_for_passwords()
        self._stream = None if file is None else _open(file, self._held)
        self._begun = self._held.whole > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._form is CodeFormat.JSON and error is None:
            self._write("\n]\n" if self._begun else "[]\n")
        if self._stream is not None and self._stream is not sys.stdout:
            with suppress(OSError):  # what could not be written was said when it was written
                self._stream.close()

    def add(self, code: IssuedCode) -> None:
        """Write one code through to the file.

        A file that cannot be written ends no run by itself: the code is recorded as issued. ``trouble`` then
        holds the line to print. ``again`` counts those that were there already.
        """
        self.count += 1
        cells = code_cells(code, self._form)
        if self._file not in (None, STDOUT) and not self._held.add(cells):
            self.again += 1
            return
        line = code_line(cells, self._held.columns, self._form)
        self._write(self._before() + (line.rstrip("\n") if self._form is CodeFormat.JSON else line))
        self._begun = True

    def add_password(self, mrn: str, password: str, now: float) -> None:
        """Write a password that was made up, before it is sent: it is kept nowhere else.

        ``now`` is in Unix seconds.

        Raises:
            NotExecuted: it could not be written, so it must not be sent.
        """
        count = self.count
        self.add(IssuedCode(mrn, "", "", "", int(now), password))
        self.count = count
        if self.trouble:
            raise NotExecuted(f"{self._file} could not be written, so the user was not made")

    def _make_room_for_passwords(self) -> None:
        if not self._held.whole:
            self._held.columns = (*self._held.columns, PASSWORD)
        elif self._form is CodeFormat.CSV and PASSWORD not in self._held.columns:
            raise RunStopped(
                f"{self._file} has no column {PASSWORD}, and passwords are made up: name another file"
            )

    def _before(self) -> str:
        """What stands between what is there and the next row."""
        match self._form:
            case CodeFormat.CSV:
                return "" if self._begun else csv_text([self._held.columns])
            case CodeFormat.JSON:
                return ",\n" if self._begun else "[\n"
            case CodeFormat.NDJSON:
                return ""

    def _write(self, text: str) -> None:
        if self._stream is None or self.trouble:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self.trouble = f"Error: {self._file} does not hold all codes: {error.strerror}; " + (
                "they were issued, and kardia-ctl codes asks for them again"
                if self._on_trouble is None
                else "those that were issued are not shown again: kardia-ctl state list names them"
            )
            if self._on_trouble is not None:
                self._on_trouble(self.trouble)


def check_file(plan: Plan, desired: Desired, can: Capabilities, file: Path | None) -> None:
    """Refuse a run that would lose what is shown once: made up passwords, and codes where asking orders anew.

    Raises:
        RunStopped: there is no file for them.
    """
    if file is None and makes_up_passwords(plan, desired):
        raise RunStopped(
            "passwords are made up here (password: {generate: true}): name a file with --codes-out"
        )
    orders = any(
        change.address.kind is Kind.CONNECTION_CODE and change.action.writes for change in plan.changes
    )
    if file is None and orders and not can.repeats_codes:
        raise RunStopped(
            f"the {can.dialect} API shows a code once, when it is issued: name a file with --codes-out"
        )


def form_of(file: Path | None, form: CodeFormat | None = None) -> CodeFormat:
    """How a file is written: by its name, or on stdout as asked for.

    Raises:
        RunStopped: a file's name asks for what cannot be appended to.
    """
    if file in (None, STDOUT):
        return form or CodeFormat.CSV
    found = CodeFormat.of(file.name)
    if found is CodeFormat.JSON:
        raise RunStopped(
            f"{file}: one JSON array cannot take a code as it is issued and be whole after a crash; name it "
            f"{file.stem}.ndjson (one object a line)"
        )
    if form not in (None, found):
        raise RunStopped(f"--format {form} is for stdout: {file} is written as {found}, by its name")
    return found


def _open(file: Path, known: Held) -> IO[str]:
    if file == STDOUT:
        return sys.stdout
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if not passes_on(file):  # a pipe or a device is not ours alone
            os.fchmod(descriptor, 0o600)
        if os.fstat(descriptor).st_size > known.whole:
            os.truncate(descriptor, known.whole)
    except OSError as error:
        raise RunStopped(f"{file} could not be opened for the codes: {error.strerror}") from error
    stream = os.fdopen(descriptor, "a", encoding="utf-8", newline="")
    if not known.ended:
        stream.write("\n")
    return stream
