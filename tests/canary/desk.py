"""The command over an account inside this process: no port, no thread, a clock that is told."""

import asyncio
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest

from kardia_ctl.api import client as session
from kardia_ctl.cli.main import run
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import Faults
from tests.paths import CLINIC

ENDPOINT: Final = "https://api.example.com"
_OURS: Final = (
    "KARDIA_STATE_KEY",
    "KARDIA_STATE_ENCRYPTION_KEY",
    "KARDIA_PLAN_KEY",
    "KARDIA_DEBUG",
    "NO_COLOR",
    "CI",
)


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        return self.out + self.err


@dataclass
class InnerDesk:
    """A directory with a configuration, an account, and the command.

    ``wire`` is what the client speaks to instead of a network: the account, until a test puts something else
    there. Nothing really sleeps: ``clock`` is moved on.
    """

    path: Path
    account: Account
    clock: ManualClock
    wire: httpx.AsyncBaseTransport

    def run(self, *arguments: str) -> Ran:
        kept = sys.stdout, sys.stderr
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        sys.stdout, sys.stderr = out, err
        try:
            code = run([*arguments])
        finally:
            sys.stdout, sys.stderr = kept
        return Ran(code, _written(out), _written(err))

    def plan(self, *arguments: str) -> Ran:
        return self.run("plan", str(self.path), *arguments)

    def apply(self, *arguments: str) -> Ran:
        return self.run("apply", str(self.path), "--auto-approve", *arguments)

    @property
    def state(self) -> Path:
        return self.path / ".kardia" / "state.db"

    def lose_state(self) -> None:
        shutil.rmtree(self.state.parent, ignore_errors=True)

    def serve(self, faults: Faults | None = None) -> None:
        """Let the account answer, with these faults."""
        app = create_app(self.account, None, faults, sleep=self.clock.sleep)
        self.wire = httpx.ASGITransport(app)

    def sent(self, method: str) -> int:
        """How many requests of a method the account has seen."""
        return len(self.account.requests.all(method=method))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


@contextmanager
def inner_desk(path: Path, configuration: str | None = None) -> Iterator[InnerDesk]:
    """A desk at ``path``; a copy of the tests' clinic unless another configuration is given."""
    if configuration is None:
        shutil.copytree(CLINIC, path)
    else:
        path.mkdir()
        (path / "kardia.yaml").write_text(configuration, encoding="utf-8")
    clock = ManualClock()
    with pytest.MonkeyPatch.context() as patch, Account(now=clock, seed=7) as account:
        desk = InnerDesk(path, account, clock, httpx.ASGITransport(create_app(account)))
        _tell_time(patch, clock)
        patch.setattr(session, "open_session", partial(_over, desk, session.open_session))
        for name in _OURS:
            patch.delenv(name, raising=False)
        patch.setenv("KARDIA_ENDPOINT", ENDPOINT)
        patch.setenv("KARDIA_API_KEY", API_KEY)
        yield desk


def _tell_time(patch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    patch.setattr("kardia_ctl.timing.time", SimpleNamespace(time=clock))
    patch.setattr("kardia_ctl.timing.uptime", clock)
    patch.setattr("kardia_ctl.timing.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": clock.sleep}))


def _over(desk: InnerDesk, open_session: Any, endpoint: str, key: str, **options: Any) -> Any:
    """A session over the desk's wire, whatever the command would have opened."""
    told = {"http_transport": desk.wire, "sleep": desk.clock.sleep, "rng": Random(7), "now": desk.clock}
    return open_session(endpoint, key, **(options | told))


def files_below(directory: Path) -> Iterator[Path]:
    """Every file in a directory and below it."""
    for place, _, names in os.walk(directory):
        yield from (Path(place, name) for name in names)


@contextmanager
def in_memory() -> Iterator[Path]:
    """A directory that needs no disk, where there is such a place: commits are many, and a disk is slow."""
    shared = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=shared if os.access(shared, os.W_OK) else None))
    yield place
    shutil.rmtree(place)
