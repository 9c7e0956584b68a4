"""Whole processes: what a person waits for, imports and all, and the memory that the machine has to give."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kardia_ctl.sandbox.data.invented import API_KEY

SCRIPT: Final = str(Path(sys.executable).with_name("kardia-ctl"))
"""The installed command of the environment that runs the benchmarks."""
PROGRAMS: Final = Path(__file__).parent / "programs"
"""What runs beside kardia-ctl, each as a process of its own: a server, rivals and lower bounds."""
UNITS_OF_PEAK: Final = 1 if sys.platform == "darwin" else 1024
"""Bytes in one unit of getrusage's ru_maxrss."""


class BenchmarkError(Exception):
    """A process did not do what is measured, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end.

    Attributes:
        seconds: by the clock on the wall.
        cpu_seconds: spent by the process itself, in user and system mode; other processes disturb it less.
        peak_bytes: the most memory that it held (getrusage's ru_maxrss).
        code: its exit code.
        out: its standard output.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    code: int
    out: str


def run(arguments: Sequence[str], *, expect: str = "", codes: Sequence[int] = (0,)) -> Run:
    """Run a command line and measure it.

    Args:
        arguments: the command line.
        expect: what the output has to begin with.
        codes: the exit codes that count as success.

    Raises:
        BenchmarkError: the output or the exit code is another one.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(arguments, stdout=out, stderr=err, env=environment())
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = [_text_of(file.fileno()) for file in (out, err)]
    if child.returncode not in codes or not texts[0].startswith(expect):
        raise BenchmarkError(
            f"{_name(arguments)} exited {child.returncode}:\n{texts[0][:2000]}{texts[1][:2000]}"
        )
    peak = usage.ru_maxrss * UNITS_OF_PEAK
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak, child.returncode, texts[0])


def python(*arguments: str) -> list[str]:
    """A command line of the interpreter that runs the benchmarks."""
    return [sys.executable, *arguments]


def script(name: str, *arguments: str) -> list[str]:
    """A command line of one of ``PROGRAMS``. None is imported: this process has to stay small."""
    return python(str(PROGRAMS / name), *arguments)


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of every measured process: of kardia-ctl's variables none but the sandbox's key.

    None of Python's either: without PYTHONDONTWRITEBYTECODE, for one, every module is compiled once and not
    in every run, as on the machine of anybody who installed a package.
    """
    kept = {name: value for name, value in variables.items() if not name.startswith(("KARDIA_", "PYTHON"))}
    return {**kept, "KARDIA_API_KEY": API_KEY, "NO_COLOR": "1"}


def _text_of(descriptor: int) -> str:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")


def _name(arguments: Sequence[str]) -> str:
    return " ".join((Path(arguments[0]).name, *arguments[1:]))
