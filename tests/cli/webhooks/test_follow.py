"""``status --listen`` from end to end: the sandbox and the listener are processes that talk over loopback."""

import json
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from kardia_ctl.state.open import open_store
from tests.cli.output.emulator import screens
from tests.paths import CLINIC
from tests.terminals import read_until

COMMAND: Final = str(Path(sys.executable).with_name("kardia-ctl"))
KEY: Final = "sandbox-key"
PRO: Final = """\
version: 1
api: {dialect: pro}
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
patients:
  - {mrn: P-1, firstname: Pat, lastname: Example, codes: [one-year]}
  - {mrn: P-2, firstname: Kim, lastname: Example, codes: [one-year]}
"""


def until(found: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait for something to be there."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return value


@dataclass
class Listener:
    """A ``status --listen`` that runs."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def url(self) -> str:
        return str(until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.err.read_text())).group())

    def shows(self, text: str) -> None:
        until(lambda: text in self.out.read_text())

    def lines(self) -> list[str]:
        return self.out.read_text().splitlines()

    def post(self, body: bytes, path: str = "/") -> int:
        connection = HTTPConnection(str(urlsplit(self.url).netloc), timeout=10)
        connection.request("POST", path, body)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@dataclass
class Ward:
    """A sandbox on a port, a configuration that was applied to it, and the command."""

    path: Path
    environ: dict[str, str]
    stack: ExitStack
    listeners: list[Listener] = field(default_factory=list)

    def run(self, *words: str) -> str:
        ran = subprocess.run(
            [COMMAND, *words], env=self.environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def listen(self, *words: str, **options: Any) -> Listener:
        out, err = (self.path.parent / f"{name}-{len(self.listeners)}" for name in ("out", "err"))
        line = [COMMAND, "status", str(self.path), "--listen", "0", *words]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            given: dict[str, Any] = {"stdout": stdout, "stderr": stderr, "env": self.environ} | options
            process: subprocess.Popen[bytes] = subprocess.Popen(line, **given)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        self.listeners.append(Listener(process, out, err))
        return self.listeners[-1]

    def call_back(self, url: str, path: str = "/v1/callback") -> None:
        self.run("api", "PUT", path, "-f", f"url={url}", "--auto-approve", "--config", str(self.path))


@contextmanager
def ward(place: Path, configuration: str | None = None) -> Iterator[Ward]:
    path = place / "clinic"
    if configuration is None:
        shutil.copytree(CLINIC, path)
    else:
        path.mkdir()
        (path / "kardia.yaml").write_text(configuration)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KARDIA_")}
    environ |= {"KARDIA_API_KEY": KEY, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    environ.pop("CI", None)
    with ExitStack() as stack:
        url = place / "url"
        with url.open("wb") as stdout:
            line = [COMMAND, "sandbox", "serve", "--port", "0", "--empty"]
            sandbox = subprocess.Popen(line, stdout=stdout, stderr=subprocess.DEVNULL, env=environ)
        stack.callback(sandbox.wait)
        stack.callback(sandbox.kill)
        environ["KARDIA_ENDPOINT"] = until(lambda: url.read_text().strip())
        found = Ward(path, environ, stack)
        found.run("apply", str(path), "--auto-approve", "--codes-out", str(place / "codes.csv"))
        yield found


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path) as found:
        yield found


def test_the_funnel_moves_when_a_patient_connects_and_ends_with_itself(clinic: Ward) -> None:
    page = clinic.path.parent / "status.html"
    listener = clinic.listen("--path", "/hooks/qz77", "--html", str(page))
    listener.shows("As of ")
    until(page.exists)
    clinic.call_back(f"{listener.url}/hooks/qz77")
    clinic.call_back(f"{listener.url}/hooks/qz77", "/v1/qtCallback")
    clinic.run("sandbox", "connect", "--mrn", "CL-0001042")
    listener.shows(" connected: 1 of 3 (+1)\n")
    until(lambda: "<strong>1</strong> of 3" in page.read_text())
    clinic.run("sandbox", "record", "--mrn", "CL-0001042")
    clinic.run("sandbox", "emit", "recordingUpdated", "--mrn", "CL-0001042")
    clinic.run("sandbox", "emit", "activityUpdate", "--mrn", "CL-0001042")
    clinic.run("sandbox", "disconnect", "--mrn", "CL-0001042")
    listener.shows(" connected: 0 of 3 (-1)\n")
    assert listener.end() == 0
    assert re.fullmatch(r"\d\d:\d\d:\d\d connected: 1 of 3 \(\+1\)", listener.lines()[7])
    assert listener.lines()[-1] == (
        "Events: 1 participantConnected, 1 participantDisconnected, 1 newRecording, 1 qtAnalysis, "
        "1 recordingUpdated, 1 activityUpdate."
    )
    assert "Kardia does not sign webhooks" in listener.err.read_text()
    assert "qz77" not in listener.err.read_text() + listener.out.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    logs = json.loads(clinic.run("api", "GET", "/v1/logs"))["logs"]
    assert {one["statusCode"] for one in logs} == {"200"}


def test_what_is_forged_moves_nobody_and_the_final_counts_are_kept(clinic: Ward) -> None:
    listener = clinic.listen("--json")
    listener.shows('"type": "status"')
    for patient, mrn in (("forged", "CL-0001042"), ("forged", "nobody")):
        said = {"eventType": "participantConnected", "patientId": patient, "customParticipantId": mrn}
        assert listener.post(json.dumps(said).encode()) == 200
    assert listener.post(b"[]") == 400
    assert listener.post(b"", "/elsewhere") == 404
    listener.shows('"unknown_patients": 2')
    clinic.run("sandbox", "connect", "--mrn", "CL-0001057")
    said = {"eventType": "participantConnected", "customParticipantId": "CL-0001057"}
    assert listener.post(json.dumps(said).encode()) == 200
    listener.shows('"type": "change"')
    assert listener.end(signal.SIGINT) == 0
    first, *between, last = map(json.loads, listener.lines())
    assert {one["type"] for one in between} == {"events", "change"}
    assert (first["total"]["connected"], last["total"]["connected"], last["told"]) == (0, 1, 0)
    assert (last["events"], last["refused"]) == ({"participantConnected": 3}, 2)
    assert not {"mrn", "patientId", "customParticipantId"} & set(re.findall(r"\w+", listener.out.read_text()))
    store = open_store("sqlite:///.kardia/state.db", clinic.path, "default")
    assert sum(one.counts.connected for one in store.load().samples[-1:]) == 1
    store.close()


def test_no_record_keeps_nothing(clinic: Ward) -> None:
    store = open_store("sqlite:///.kardia/state.db", clinic.path, "default")
    before = store.load().samples
    listener = clinic.listen("--no-record")
    listener.shows("As of ")
    assert listener.end() == 0
    assert store.load().samples == before
    store.close()


def test_what_the_pro_api_tells_is_marked_as_told(tmp_path: Path) -> None:
    with ward(tmp_path, PRO) as pro:
        listener = pro.listen()
        listener.shows("As of ")
        assert "are not verified" in listener.err.read_text()
        pro.call_back(listener.url, "/e/v1/callback")
        pro.run("sandbox", "connect", "--mrn", "P-1")
        listener.shows(" connected: 1 of 2 (+1); not verified\n")
        assert listener.end() == 0
        assert "Not verified: 1 patient." in listener.out.read_text()
        assert "1 connectionEstablished" in listener.lines()[-1]


def test_a_read_that_lags_behind_its_event_is_made_good(clinic: Ward) -> None:
    listener = clinic.listen()
    listener.shows("As of ")
    clinic.run("sandbox", "connect", "--mrn", "CL-0001042")
    faults = {"rules": [{"kind": "error", "status": 404, "methods": ["GET"], "times": 1}]}
    address = urlsplit(clinic.environ["KARDIA_ENDPOINT"]).netloc
    connection = HTTPConnection(str(address), timeout=10)
    connection.request("POST", "/_sandbox/faults", json.dumps(faults), {"content-type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()
    said = {"eventType": "participantConnected", "customParticipantId": "CL-0001042"}
    assert listener.post(json.dumps(said).encode()) == 200
    listener.shows("connected: 1 of 3 (+1)")
    assert listener.end() == 0


def test_on_a_terminal_the_table_is_drawn_over_itself(clinic: Ward) -> None:
    ours, theirs = pty.openpty()
    listener = clinic.listen(stdout=theirs)
    os.close(theirs)
    seen = read_until(ours, "Events: none yet.")
    clinic.run("sandbox", "connect", "--mrn", "CL-0001042")
    said = {"eventType": "participantConnected", "customParticipantId": "CL-0001042"}
    assert listener.post(json.dumps(said).encode()) == 200
    seen = read_until(ours, "Events: 1 participantConnected.", seen)
    assert listener.end() == 0
    os.close(ours)
    shown = [*screens(seen.decode().replace("\r\n", "\n"))]
    assert re.search(r"\(no cohort\) +3 +3 +2 +1 +1 ", "\n".join(shown[-1]))
    assert [row for row in shown[-1] if row.startswith("cohort")] == shown[-1][:1], "one table is left"


def test_a_port_that_is_taken_is_an_error_that_names_it(clinic: Ward) -> None:
    listener = clinic.listen()
    port = listener.url.rpartition(":")[2]
    second = subprocess.run(
        [COMMAND, "status", str(clinic.path), "--listen", port],
        env=clinic.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.startswith(f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; try ")
    assert listener.end() in (0, 1)
