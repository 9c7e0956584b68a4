"""What every test may use."""

import asyncio
import gc
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn.server
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Under CI apply refuses a new local state: a test that is about that sets CI itself. What only a CI system
# must have (a browser, poppler, curl) asks for this variable instead.
if os.environ.get("CI"):
    os.environ["TESTS_IN_CI"] = os.environ.pop("CI")

# Whoever starts the tests may ignore signals, as nohup and a shell's background jobs do, and every process
# that a test starts would inherit that: its commands are to hear them.
if threading.current_thread() is threading.main_thread():
    for _number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(_number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

# No test reads the keyring of whoever runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

# Python compiles a module once, for this process and for the commands that tests start, also where the
# environment says otherwise: several hundred commands would compile the whole program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30


def _is_quick(place: Path) -> bool:
    """Whether a directory is in memory, has room for the whole suite, and lets programs be executed."""
    with suppress(OSError):
        found = os.statvfs(place)
        executable = not found.f_flag & getattr(os, "ST_NOEXEC", 0)
        return executable and found.f_bavail * found.f_frsize > _ROOM and os.access(place, os.W_OK | os.X_OK)
    return False


# State is written through to the disk before each request. A disk takes milliseconds for that, memory
# nothing, and the calls are the same.
if sys.platform == "linux" and "TMPDIR" not in os.environ and _is_quick(_MEMORY):
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # whoever asked before


class _Prompt:
    """``asyncio`` as uvicorn's server sees it: its pauses, 0.1 s each, take a tenth of that.

    A server ends two or three pauses after it was told to, and more than a thousand tests end one.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


vars(uvicorn.server)["asyncio"] = _Prompt()


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests are about something else than pseudonyms: their commands print addresses as they are.

    tests/canary, and the tests of names, have a fixture of this name that does nothing.
    """
    monkeypatch.setattr("kardia_ctl.cli.naming.is_own_terminal", lambda _: True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """``-n auto``: two workers for each processor, because tests of signals and retries mostly wait."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return max(1, len(os.sched_getaffinity(0)) * 2) if sys.platform == "linux" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: nearly all that is made stays, and is set aside then.

    The tests look for it seldom, which takes a fifth off a simulated story.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="Write the golden files of the cases anew instead of comparing with them.",
    )
