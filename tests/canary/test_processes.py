"""The installed command as a process: readers that go, signals, limits, directories that others own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.server import serving
from tests.canary.desk import in_memory
from tests.paths import ROOT

PEOPLE: Final = 24
_AS_NOBODY: Final = """
import os, sys
from kardia_ctl.api import client
from kardia_ctl.cli.main import main
from kardia_ctl.cli.commands import plan, state, codes
from kardia_ctl.cli.commands.apply import command
import kardia_ctl.state.sqlite.sqlite_store, kardia_ctl.render.plan.terraform_json
import jsonschema, httpx, anyio._backends._asyncio

if os.geteuid() == 0:  # root may write everywhere; what belongs to Python may be root's alone
    os.setgid(65534)
    os.setuid(65534)
main(sys.argv[1:])
"""
_LIMITED: Final = """
import resource, sys
from kardia_ctl.cli.main import main

largest = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
main(sys.argv[1:])
"""
_CRASHING: Final = """
import sys
from kardia_ctl.operations import plan
from kardia_ctl.cli.main import main

def make_plan(question):
    raise RuntimeError(f"what is it with {[one.email for one in question.desired.patients.values()]}?")

plan.make_plan = make_plan
main(sys.argv[1:])
"""


@dataclass
class Site:
    """A clinic on disk, and its account on a loopback port that takes its time."""

    path: Path
    account: Account
    environ: dict[str, str]

    def start(self, *words: str, code: str = "", **options: Any) -> subprocess.Popen[str]:
        command = Path(sys.executable).with_name("kardia-ctl")
        line = [sys.executable, "-c", code] if code else [str(command)]
        given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT} | options
        return subprocess.Popen([*line, *words], text=True, env=self.environ, **given)

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        with self.start(*words, **options) as process:
            out, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def apply(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("apply", str(self.path), "--auto-approve", *words)

    def until(self, created: int) -> None:
        """Wait until so many patients are there."""
        deadline = time.monotonic() + 30
        while len(self.account.patients.all()) < created:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def recorded(self) -> set[str]:
        listed = self.run("state", "list", str(self.path), "--show-phi").stdout.splitlines()
        known = (line for line in listed if not line.endswith("(in doubt)"))
        return {line.removeprefix("patient/") for line in known if line.startswith("patient/")}

    def created(self) -> set[str]:
        mrns = [one.mrn for one in self.account.patients.all()]
        assert len(mrns) == len(set(mrns))
        return set(mrns)

    def is_made_good(self) -> None:
        """The next apply does the rest, and then there is nothing left to do."""
        ran = self.apply()
        assert ran.returncode == 0, ran.stderr
        assert len(self.created()) == PEOPLE
        again = self.run("plan", str(self.path), "--detailed-exitcode")
        assert (again.returncode, again.stderr) == (0, "")


@contextmanager
def opened(latency: float) -> Iterator[Site]:
    people = "".join(
        f"  - {{mrn: P-{number}, dob: 19{number + 40}-05-17, email: p{number}@example.com}}\n"
        for number in range(PEOPLE)
    )
    with in_memory() as place, Account(seed=7) as account:
        place.chmod(0o755)
        (place / "clinic").mkdir()
        (place / "clinic" / "kardia.yaml").write_text(f"version: 1\npatients:\n{people}")
        with serving(create_app(account, faults=Faults(latency=(latency, latency)))) as url:
            environ = {**os.environ, "KARDIA_ENDPOINT": url, "KARDIA_API_KEY": API_KEY}
            for name in (
                "KARDIA_DEBUG",
                "KARDIA_STATE_KEY",
                "KARDIA_STATE_ENCRYPTION_KEY",
                "KARDIA_PLAN_KEY",
            ):
                environ.pop(name, None)
            yield Site(place / "clinic", account, environ)


@pytest.fixture
def site() -> Iterator[Site]:
    with opened(0.0) as found:
        yield found


@pytest.fixture
def slow() -> Iterator[Site]:
    with opened(0.1) as found:
        yield found


def test_readers_that_leave_in_the_middle_lose_nothing(slow: Site) -> None:
    words = ("apply", str(slow.path), "--auto-approve", "--parallelism", "4")
    with slow.start(*words, stderr=subprocess.DEVNULL) as process:
        slow.until(4)
        assert process.stdout
        process.stdout.close()
        process.wait(timeout=60)
    assert process.returncode in (0, 1)
    assert len(slow.created()) == PEOPLE
    assert slow.recorded() == slow.created()
    slow.is_made_good()


def test_sigterm_that_nobody_reads_about_loses_nothing(slow: Site) -> None:
    """As when a CI runner is cancelled: its pipes are gone, and then it is stopped."""
    results = slow.path.parent / "results.csv"
    words = ("apply", str(slow.path), "--auto-approve", "--parallelism", "2", "--results", str(results))
    with slow.start(*words) as process:
        slow.until(3)
        for stream in (process.stdout, process.stderr):
            assert stream
            stream.close()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert process.returncode == 1
    assert 3 <= len(slow.created()) < PEOPLE
    assert slow.recorded() == slow.created()
    assert results.read_text().count(",done,") == len(slow.created())
    slow.is_made_good()


def test_sigterm_in_the_middle_is_a_report_and_exit_code_1(slow: Site) -> None:
    with slow.start("apply", str(slow.path), "--auto-approve", "--parallelism", "2") as process:
        slow.until(3)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Apply incomplete:" in out
    assert "stopped by SIGTERM" in err + out
    assert "Traceback" not in err
    assert slow.recorded() == slow.created()
    slow.is_made_good()


def _nobody_can_read(path: Path) -> bool:
    """Whether root's tests run from a place that another user cannot enter."""
    return any(not folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


@pytest.mark.skipif(
    os.geteuid() == 0 and _nobody_can_read(Path(sys.prefix).resolve()),
    reason="another user cannot read the Python that runs these tests",
)
def test_a_state_that_others_own_is_read_for_a_plan_and_refused_for_an_apply(site: Site) -> None:
    assert site.apply().returncode == 0
    state = site.path / ".kardia"
    kept = {file: file.read_bytes() for file in state.iterdir()}
    for file in kept:
        file.chmod(0o444)
    state.chmod(0o555)
    before = len(site.account.requests.all())
    applied = site.run("apply", str(site.path), "--auto-approve", code=_AS_NOBODY)
    assert applied.returncode == 1
    assert applied.stderr.startswith(f"Error: locking the state {state / 'state.db'}: Permission denied. ")
    assert len(applied.stderr.splitlines()) == 1
    assert len(site.account.requests.all()) == before
    forgotten = site.run("state", "forget", "patient/P-1", str(site.path), "--auto-approve", code=_AS_NOBODY)
    assert (forgotten.returncode, len(forgotten.stderr.splitlines())) == (1, 1)
    planned = site.run("plan", str(site.path), "--detailed-exitcode", code=_AS_NOBODY)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert {file: file.read_bytes() for file in state.iterdir()} == kept
    state.chmod(0o755)


@pytest.mark.parametrize("largest", [0, 4_000, 40_000, 60_000])
def test_a_file_that_may_not_grow_is_one_line_and_loses_nothing(site: Site, largest: int) -> None:
    """The kernel itself writes short, and then not at all: nothing stands between."""

    ran = site.run(str(largest), "apply", str(site.path), "--auto-approve", code=_LIMITED)
    errors = [line for line in ran.stderr.splitlines() if line.startswith("Error: ")]
    assert (ran.returncode, len(errors)) == (1, 1), ran.stderr
    assert str(site.path / ".kardia") in errors[0]
    assert "Internal error" not in ran.stderr
    assert site.recorded() <= site.created()
    site.is_made_good()


def test_a_crash_of_the_process_is_one_line_unless_a_traceback_is_asked_for(site: Site) -> None:
    ran = site.run("plan", str(site.path), code=_CRASHING)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)
    assert "Internal error (RuntimeError" in ran.stderr
    assert "@example.com" not in ran.stderr
    site.environ["KARDIA_DEBUG"] = "1"
    with site.start("plan", str(site.path), code=_CRASHING) as process:
        _, err = process.communicate(timeout=60)
    assert "Traceback" in err
    assert process.returncode == 1
