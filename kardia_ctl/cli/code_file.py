"""Where issued codes go: a file that only its owner may read, or nowhere."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from kardia_ctl.cli.failure import refuse
from kardia_ctl.model.patient import IssuedCode
from kardia_ctl.render.files import codes_file


class CodeFile:
    """Appends each code as it is issued, so that a run that dies loses none of those before.

    A file that exists is appended to: codes that an earlier run wrote stay. ``file`` None drops the codes
    (``kardia-ctl codes`` asks for them again); ``-`` is stdout.
    """

    def __init__(self, file: Path | None) -> None:
        self.count = 0
        self.trouble = ""
        self._file = file
        self._stream = None if file is None else _open(file)
        self._empty = self._stream is not None and (self._stream is sys.stdout or self._stream.tell() == 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None and self._stream is not sys.stdout:
            with suppress(OSError):  # what could not be written was said when it was written
                self._stream.close()

    def add(self, code: IssuedCode) -> None:
        """Write one code through to the file.

        A file that cannot be written ends no run: the code is recorded as issued, and can be asked for again.
        ``trouble`` then holds the line to print.
        """
        self.count += 1
        if self._stream is None or self.trouble:
            return
        text = codes_file([code])
        try:
            self._stream.write(text if self._empty else text.partition("\n")[2])
            self._stream.flush()
        except OSError as error:
            self.trouble = (
                f"Error: {self._file} does not hold all codes: {error.strerror}; they were issued, and "
                "kardia-ctl codes asks for them again"
            )
        self._empty = False


def _open(file: Path) -> IO[str]:
    if str(file) == "-":
        return sys.stdout
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise refuse(f"{file} could not be opened for the codes: {error.strerror}") from error
    stream = os.fdopen(descriptor, "a", encoding="utf-8", newline="")
    stream.seek(0, os.SEEK_END)
    return stream
