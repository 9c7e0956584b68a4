"""A signal before a command begins, or once it has ended, is reported as any other: without a traceback."""

import subprocess
import sys

import pytest

_PROGRAM = """
import os, signal, sys
from kardia_ctl.cli import main, process
def interrupted(*_):
    os.kill(os.getpid(), getattr(signal, sys.argv.pop()))
    return 0
if "BEFORE" in sys.argv:
    process.protect_process = interrupted
else:
    main.run = interrupted
sys.argv.remove(sys.argv[-2])
main.main()
"""


@pytest.mark.parametrize("moment", ["BEFORE", "AFTER"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_outside_of_a_command_is_reported_in_one_line(moment: str, name: str) -> None:
    words = [sys.executable, "-c", _PROGRAM, "validate", "nowhere", moment, name]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "Error: interrupted. Nothing more was sent.\n"
    assert ended.stdout == ""
