"""The file of issued codes, which only its owner may read."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from kardia_ctl.cli.environment import is_ci
from kardia_ctl.cli.files.appended_file import (
    STDOUT,
    append_after,
    check_place,
    closed_on_error,
    open_to_append,
)
from kardia_ctl.cli.files.existing_codes import ExistingCodes, read_existing
from kardia_ctl.cli.files.passwords import generates_passwords
from kardia_ctl.cli.files.tracked_file import warn_if_tracked
from kardia_ctl.cli.outputs import Output, own_stream
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import Capabilities
from kardia_ctl.model.errors import NotExecuted, RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.model.plan import Plan
from kardia_ctl.render.files.code_rows import PASSWORD, CodeFormat, code_cells, code_line
from kardia_ctl.render.files.csv import csv_text


class CodeFile:
    """Appends each code as it is issued, so that a run that dies loses none of them.

    An existing file keeps the codes of earlier runs. A code that it already holds is not written again, and
    part of a row that a crash left is removed. With ``file`` None the codes are not written:
    ``kardia-ctl codes`` fetches them again. ``-`` is stdout, in the format ``form``. ``on_error`` is called
    with the error line when a row could not be written.

    Attributes:
        count: The codes received.
        again: Of those, the codes that the file already held.
        error: The error line when a row could not be written; empty otherwise.
    """

    def __init__(
        self,
        file: Path | None,
        form: CodeFormat | None = None,
        *,
        passwords: bool = False,
        on_error: Callable[[str], None] | None = None,
    ) -> None:
        self.count = 0
        self.again = 0
        self.error = ""
        self._file = file
        warn_if_tracked(None if file == STDOUT else file)
        self._form = form_of(file, form)
        self._on_error = on_error
        self._existing = ExistingCodes()
        self._stream = None if file is None else open_to_append(file)
        if file not in (None, STDOUT) and self._stream is not None:
            with closed_on_error(self._stream):
                self._existing = read_existing(file, self._form)
                if passwords:
                    self._make_room_for_passwords()
                append_after(
                    self._stream, file, self._existing.complete_bytes, newline=self._existing.newline
                )
        elif passwords:
            self._make_room_for_passwords()
        self._begun = self._existing.complete_bytes > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._form is CodeFormat.JSON and error is None:
            self._write("\n]\n" if self._begun else "[]\n")
        if self._stream is not None and self._stream is not sys.stdout:
            with suppress(OSError):  # _write has reported what could not be written
                self._stream.close()

    def add(self, code: IssuedCode) -> None:
        """Write one code through to the file.

        A file that cannot be written does not end a run by itself: the code is recorded as issued.
        """
        self.count += 1
        cells = code_cells(code, self._form)
        if self._file not in (None, STDOUT) and not self._existing.add(cells):
            self.again += 1
            return
        line = code_line(cells, self._existing.columns, self._form)
        self._write(self._before() + (line.rstrip("\n") if self._form is CodeFormat.JSON else line))
        self._begun = True

    def add_password(self, mrn: str, password: str, now: float) -> None:
        """Write a generated password before it is sent: it is stored nowhere else.

        ``now`` is in Unix seconds.

        Raises:
            NotExecuted: the password could not be written, so it must not be sent.
        """
        count = self.count
        self.add(IssuedCode(mrn, "", "", "", int(now), password))
        self.count = count
        if self.error:
            raise NotExecuted(f"{self._file} could not be written, so the user was not created")

    def _make_room_for_passwords(self) -> None:
        if not self._existing.complete_bytes:
            self._existing.columns = (*self._existing.columns, PASSWORD)
        elif self._form is CodeFormat.CSV and PASSWORD not in self._existing.columns:
            raise RunStopped(
                f"{self._file} has no column {PASSWORD} for generated passwords. Name another file"
            )

    def _before(self) -> str:
        """The text between the file's present end and the next row."""
        match self._form:
            case CodeFormat.CSV:
                return "" if self._begun else csv_text([self._existing.columns])
            case CodeFormat.JSON:
                return ",\n" if self._begun else "[\n"
            case CodeFormat.NDJSON:
                return ""

    def _write(self, text: str) -> None:
        if self._stream is None or self.error:
            return
        try:
            if self._file is not None:
                check_place(self._file, self._stream)
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self.error = f"Error: {self._file} could not be written and lacks codes: {error.strerror}. " + (
                "They were issued; kardia-ctl codes fetches them again"
                if self._on_error is None
                else "The API does not show issued codes again; kardia-ctl state list names them"
            )
            if self._on_error is not None:
                self._on_error(self.error)


def check_not_printed(file: Path) -> None:
    """Refuse codes on an output that a CI system keeps as a log.

    Raises:
        RunStopped: this is a CI job, and the file is one of its outputs.
    """
    if is_ci(os.environ) and (file == STDOUT or own_stream(file)):
        raise RunStopped(
            "in CI the output is a log, which others read: codes are never printed there. Name a file with "
            "--codes-out FILE"
        )


def codes_output(file: Path) -> Output:
    """The file of codes as an output, which is appended to.

    Raises:
        RunStopped: it holds something else, or is the log of a CI job.
    """
    check_not_printed(file)
    read_existing(file, form_of(file))
    return Output("--codes-out", file, lambda _: True)  # read to its end just now


def check_file(plan: Plan, desired: Desired, can: Capabilities, file: Path | None) -> None:
    """Refuse a run that would lose what is shown only once: generated passwords, and codes of the pro API.

    Raises:
        RunStopped: no file is named for them.
    """
    if file is None and generates_passwords(plan, desired):
        raise RunStopped(
            "passwords will be generated (password: {generate: true}). Name a file for them with --codes-out"
        )
    orders = any(
        change.address.kind is Kind.CONNECTION_CODE and change.action.writes for change in plan.changes
    )
    if file is None and orders and not can.repeats_codes:
        raise RunStopped(
            f"the {can.dialect} API shows a code only once, when it is issued. Name a file with --codes-out"
        )


def form_of(file: Path | None, form: CodeFormat | None = None) -> CodeFormat:
    """The format of a file, by its name; on stdout the requested one.

    Raises:
        RunStopped: the name asks for a format that cannot be appended to, or for another than ``form``.
    """
    if file in (None, STDOUT):
        return form or CodeFormat.CSV
    found = CodeFormat.of(file.name)
    if found is CodeFormat.JSON:
        raise RunStopped(
            f"{file}: a JSON array cannot be appended to code by code and survive a crash. Name it "
            f"{file.stem}.ndjson (one object a line)"
        )
    if form not in (None, found):
        raise RunStopped(f"--format {form} is only for stdout: the name of {file} asks for {found}")
    return found
