"""The real command as a process against a sandbox on a port, with a terminal where one matters."""

import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Intent
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.faults.faults import Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from kardia_ctl.state.open import open_store
from tests.terminals import LONGEST, read_to_end, read_until

KARDIA_CTL: Final = (sys.executable, "-m", "kardia_ctl")
Process = subprocess.Popen[bytes]

_STARTER: Final = "version: 1\ncohorts: {c: {source: c.csv}}\n"


@dataclass
class Site:
    """A configuration of some patients, and the environment that leads to a sandbox."""

    path: Path
    account: Account
    environ: dict[str, str]
    started: list[Process] = field(default_factory=list)

    def start(
        self,
        *words: str,
        shell: str = '"$@"',
        command: Sequence[str] = KARDIA_CTL,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        session: bool = False,
    ) -> Process:
        """Start the command in the configuration's directory.

        ``shell`` is what a shell executes, where the command is "$@": it may ignore a signal first, or close
        a stream.
        """
        *before, last = shell.split("; ")
        line = "; ".join([*before, f"exec {last}"])
        process = subprocess.Popen(
            ["sh", "-c", line, "sh", *command, *words],
            cwd=self.path,
            env=self.environ,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            start_new_session=session,
        )
        self.started.append(process)
        return process

    def run(self, *words: str, **options: Any) -> tuple[int, str, str]:
        """Run the command to its end: its exit code and what it printed."""
        return ended(self.start(*words, **options))

    def posts(self) -> int:
        """How many POSTs the sandbox has answered."""
        return sum(1 for request in self.account.requests.all() if request.method == "POST")

    def live(self) -> int:
        """How many patients the account has."""
        return len(list(self.account.patients.all()))

    @property
    def store(self) -> Store:
        """The configuration's state."""
        return open_store("sqlite:///.kardia/state.db", self.path, "default")

    def intents(self) -> list[Intent]:
        """The requests in doubt."""
        return list(self.store.load().intents.values())


def until(condition: Callable[[], object], process: Process | None = None) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: it does not come, or the process ended first.
    """
    end = time.monotonic() + LONGEST
    while not condition():
        assert process is None or process.poll() is None, "it ended before"
        assert time.monotonic() < end, "it never happens"
        time.sleep(0.02)


def ended(process: Process) -> tuple[int, str, str]:
    """Wait for the end of a process: its exit code and what it printed."""
    out, err = process.communicate(timeout=LONGEST)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


@contextmanager
def site(
    path: Path, *, count: int = 12, faults: Mapping[str, Any] | None = None, yaml: str = _STARTER
) -> Iterator[Site]:
    """A configuration of ``count`` patients, and a sandbox with faults."""
    clinic = path / "clinic"
    clinic.mkdir()
    (clinic / "kardia.yaml").write_text(yaml)
    rows = (f"S-{n:04},19{n % 90 + 10}-02-03,s{n}@example.com,Ann{n},Lee{n}\n" for n in range(count))
    (clinic / "c.csv").write_text("mrn,dob,email,firstname,lastname\n" + "".join(rows))
    kept = {name: value for name, value in os.environ.items() if not re.match("KARDIA_|CI$|NO_COLOR$", name)}
    with Account() as account:
        rules = Faults.from_mapping(json.loads(json.dumps(faults or {})))
        with serving(create_app(account, Quirks(), rules)) as url:
            environ = kept | {"KARDIA_ENDPOINT": url, "KARDIA_API_KEY": API_KEY, "TERM": "xterm"}
            found = Site(clinic, account, environ)
            try:
                yield found
            finally:
                for process in found.started:
                    process.kill()
                    process.communicate(timeout=LONGEST)


@dataclass
class Terminal:
    """A terminal with a command in it."""

    process: Process
    master: int
    slave: int
    text: bytes = b""

    def read_until(self, text: str) -> None:
        """Read until a text appears."""
        self.text = read_until(self.master, text, self.text)

    def type(self, text: bytes) -> None:
        """Type on the keyboard; 03 is Ctrl-C, 04 Ctrl-D."""
        os.write(self.master, text)

    def end(self) -> int:
        """Read what is left. Returns the exit code."""
        os.close(self.slave)
        self.text = read_to_end(self.master, self.text)
        return self.process.wait(timeout=LONGEST)

    def hang_up(self) -> None:
        """Close the terminal, as when its window is closed or the connection is lost."""
        os.close(self.master)
        os.close(self.slave)


def in_terminal(place: Site, *words: str, command: Sequence[str] = KARDIA_CTL) -> Terminal:
    """Start the command in a terminal of its own, which the command's session controls."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    shell = f'"$@" <>{name} >{name} 2>{name}'
    process = place.start(*words, shell=shell, command=command, session=True)
    return Terminal(process, master, slave)
