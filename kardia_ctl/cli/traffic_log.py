"""The log of requests: KARDIA_LOG=info or debug, to stderr or to ``--log-file``."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from kardia_ctl import __version__
from kardia_ctl.cli.environment import given
from kardia_ctl.cli.naming import names_for_everybody
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.escape import escape

if TYPE_CHECKING:
    from kardia_ctl.api.http.sent_request import RequestLog

_FIRST: Final = "# kardia-ctl log\n"
"""The first line of a log: a file that begins otherwise is somebody else's."""

PRIVATE: Final = ".kardia"


class LogLevel(StrEnum):
    """How much of each request is logged."""

    INFO = "info"
    DEBUG = "debug"


def log_level() -> LogLevel | None:
    """What KARDIA_LOG asks for; None where it is not set.

    Raises:
        RunStopped: it has another value.
    """
    text = given(os.environ, "KARDIA_LOG").lower()
    if not text:
        return None
    try:
        return LogLevel(text)
    except ValueError:
        raise RunStopped("KARDIA_LOG has an unknown value: set it to info or debug, or unset it") from None


@contextmanager
def request_log(file: Path | None) -> "Iterator[RequestLog | None]":
    """What logs each request; None where nobody asked. A file without KARDIA_LOG has the level info.

    Raises:
        RunStopped: the file cannot be written or is no log of ours, or KARDIA_LOG has an unknown value.
    """
    level = log_level() or LogLevel.INFO
    is_detailed = level is LogLevel.DEBUG
    if file is not None:
        with _opened(file) as stream:
            _write(stream, f"kardia-ctl {__version__}")
            yield lambda request: _write(stream, f"{level.upper()} {request.line(details=is_detailed)}")
    elif log_level() is not None:
        yield lambda request: print_message(
            f"{_moment()} {level.upper()} {request.line(details=is_detailed)}"
        )
    else:
        yield None


def _write(stream: IO[str], line: str) -> None:
    """Append a line. Whoever cannot log goes on: an apply must not end because a disk is full."""
    try:
        stream.write(f"{_moment()} {escape(names_for_everybody().text(line))}\n")
        stream.flush()
    except OSError:
        return


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _opened(file: Path) -> IO[str]:
    if PRIVATE in (place.name for place in file.resolve().parents):
        raise RunStopped(f"--log-file {file} is in {PRIVATE}, which holds keys and state. Name another file")
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    with ExitStack() as unless_it_is_a_log:
        try:
            stream = os.fdopen(os.open(file, flags, 0o600), "a+", encoding="utf-8")
            unless_it_is_a_log.callback(stream.close)
            stream.seek(0)
            begins = stream.read(len(_FIRST))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no log"
            raise RunStopped(f"--log-file {file}: {reason}") from error
        if begins and begins != _FIRST:
            raise RunStopped(f"--log-file {file} exists and is no log of kardia-ctl. Name another file")
        os.fchmod(stream.fileno(), 0o600)
        if not begins:
            stream.write(_FIRST)
        unless_it_is_a_log.pop_all()
    return stream
