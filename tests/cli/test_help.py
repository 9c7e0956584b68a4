"""The end of a process: everything is written out, and nothing is said about a stream that is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

LEAVE = "import sys; from kardia_ctl.cli import main; {}; main.run = lambda _: {}; main.main()"


def leave(stdout: int, code: int, before: str = "print('what waits', end='')") -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process whose ``run`` ends with ``code``."""
    ran = subprocess.run(
        [sys.executable, "-E", "-c", LEAVE.format(before, code)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout or "", ran.stderr


@pytest.mark.parametrize("code", [0, 1, 2])
def test_what_waits_is_written_out_before_the_process_ends(code: int) -> None:
    assert leave(subprocess.PIPE, code) == (code, "what waits", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full disk to write to")
@pytest.mark.parametrize(("code", "exit_code"), [(0, 1), (2, 2)])
def test_what_cannot_be_written_out_is_no_success(code: int, exit_code: int) -> None:
    with Path("/dev/full").open("w") as full:
        assert leave(full.fileno(), code) == (exit_code, "", "")


def test_a_stream_that_was_never_open_is_left_alone() -> None:
    assert leave(subprocess.PIPE, 0, "sys.stdout = None") == (0, "", "")
