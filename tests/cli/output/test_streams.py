"""Who reads what: results on stdout, what went wrong on stderr, and readers that are gone."""

import csv
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Entry
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.sandbox.quirks import Quirks
from kardia_ctl.sandbox.server import serving
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.cli.conftest import Desk
from tests.paths import CLINIC

FULL = Path("/dev/full")


def command(*words: str) -> str:
    return " ".join((str(Path(sys.executable).with_name("kardia-ctl")), *words))


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=os.environ)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    path = tmp_path / "clinic"
    shutil.copytree(CLINIC, path)
    return path


def test_what_is_blocked_is_told_on_stderr_too(desk: Desk) -> None:
    desk.apply()
    desk.edit(lambda text: text.replace("Fernquist", "Fernquist-Oldham", 1))
    assert "1 blocked" in desk.plan().err
    ran = desk.apply()
    assert "Error: 1 blocked" in ran.err
    assert "Apply complete!" not in ran.out


def test_failures_are_told_on_stderr_and_the_table_on_stdout(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = FaultRule(FaultKind.UNAVAILABLE, methods=frozenset({"PUT"}), path="/v1/callback")
    monkeypatch.setattr("kardia_ctl.api.limits.retry.RetryPolicy.wait", lambda *_: 0.0)
    with serving(create_app(desk.account, Quirks(), Faults((rule,)))) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        ran = desk.apply()
    assert ran.code == 1
    assert "callback" in ran.err
    assert "Apply incomplete:" in ran.out
    assert "Error:" not in ran.out


def test_a_callback_that_the_key_may_not_read_blocks_itself_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.responses import JSONResponse
    from starlette.types import Receive, Scope, Send

    app = create_app(desk.account)

    async def forbidding(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/v1/qtCallback":
            await JSONResponse({"errors": [{"status": "403"}]}, 403)(scope, receive, send)
            return
        await app(scope, receive, send)

    with serving(forbidding) as url:
        monkeypatch.setenv("KARDIA_ENDPOINT", url)
        ran = desk.apply()
    assert ran.code == 1
    assert "qt_callback is blocked: the API key may not read it" in ran.out
    assert len(desk.account.patients.all()) == 3


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
def test_codes_that_cannot_be_written_are_issued_recorded_and_told(desk: Desk) -> None:
    ran = desk.apply("--codes-out", str(FULL))
    assert ran.code == 1
    assert "kardia-ctl codes fetches them again" in ran.err
    assert "Apply complete!" in ran.out
    assert desk.plan("--detailed-exitcode").code == 0


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
def test_output_on_a_full_disk_is_one_line_and_nothing_is_lost(clinic: Path) -> None:
    ran = shell(command("apply", str(clinic), "--sandbox", "--auto-approve", "> /dev/full"))
    assert ran.returncode == 1
    assert "could not be written" in ran.stderr
    assert "Traceback" not in ran.stderr
    again = shell(command("plan", str(clinic), "--sandbox", "--detailed-exitcode"))
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.parametrize("reader", [">&-", "2>&-", "> /dev/null 2>&-", "| true", "| head -1"])
def test_a_reader_that_is_gone_ends_no_apply(clinic: Path, reader: str) -> None:
    ran = shell(command("apply", str(clinic), "--sandbox", "--auto-approve", reader))
    assert "Traceback" not in ran.stderr
    assert "Internal error" not in ran.stderr
    again = shell(command("plan", str(clinic), "--sandbox", "--detailed-exitcode"))
    assert (again.returncode, again.stderr) == (0, "")


def test_a_results_file_that_cannot_be_written_is_said_before_anything_is_done(
    desk: Desk, tmp_path: Path
) -> None:
    ran = desk.apply("--results", str(tmp_path / "nowhere" / "results.csv"))
    assert ran.code == 1
    assert not [one for one in ran.requests if one.startswith(("POST", "PUT"))]


def _by_number(node: Path, like: str) -> Path:
    """A device of our own that behaves like another one."""
    try:
        os.mknod(node, 0o666 | stat.S_IFCHR, Path(like).stat().st_rdev)
        node.write_bytes(b"")
    except OSError:
        pytest.skip("devices cannot be made here")
    node.chmod(0o666)
    return node


@pytest.mark.parametrize("option", ["--results", "--codes-out"])
def test_a_device_stays_a_device_for_everybody(desk: Desk, tmp_path: Path, option: str) -> None:
    null = _by_number(tmp_path / "null", os.devnull)
    assert desk.apply(option, str(null)).code == 0
    assert stat.filemode(null.stat().st_mode) == "crw-rw-rw-"


def test_results_go_through_a_pipe_that_somebody_reads(clinic: Path) -> None:
    words = ("apply", str(clinic), "--sandbox", "--auto-approve", "--results", ">(cat >&2)", ">/dev/null")
    ran = shell(f"{command(*words)}; sleep 0.3")
    assert "address,action,status,id,detail\n" in ran.stderr
    assert "patient/CL-0001042,create,done," in ran.stderr


def test_results_on_stdout_stand_beside_the_report_also_in_a_file(clinic: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shell(command("apply", str(clinic), "--sandbox", "--auto-approve", "--results /dev/stdout", f"> {kept}"))
    text = kept.read_text()
    assert text.count(",create,done,") == 8
    assert "\nPlan: 8 to add" in text
    assert text.index("address,action,status") < text.index("\nApply complete!")


def test_what_was_done_is_told_when_the_results_cannot_be_kept(desk: Desk, tmp_path: Path) -> None:
    full = _by_number(tmp_path / "full", str(FULL))
    ran = desk.apply("--results", str(full), "--codes-out", str(full))
    assert ran.code == 1
    assert "Apply complete!" in ran.out
    assert "kardia-ctl codes fetches them again" in ran.err
    assert f"Error: {full} could not be written: No space left on device" in ran.err


def test_what_was_done_is_told_when_state_cannot_be_written_any_more(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, calls = SqliteStore.commit, iter(range(1000))

    def failing(store: SqliteStore, entries: Iterable[Entry]) -> None:
        if next(calls) > 5:
            raise StateError("the disk is full")
        commit(store, entries)

    monkeypatch.setattr(SqliteStore, "commit", failing)
    file = tmp_path / "results.csv"
    ran = desk.apply("--results", str(file), "--parallelism", "1")
    assert ran.code == 1
    assert "Apply incomplete:" in ran.out
    assert ran.err.endswith("Error: the disk is full\n")
    with file.open() as opened:
        rows = {row["address"]: row["status"] for row in csv.DictReader(opened)}
    assert len(rows) == 8
    done = {address for address, status in rows.items() if status == "done"}
    assert {one for one in done if one.startswith("patient")} == {
        f"patient/{patient.mrn}" for patient in desk.account.patients.all()
    }
    assert set(rows.values()) == {"done", "skipped"}


def test_a_departure_with_an_id_that_nobody_ever_had_is_not_done(desk: Desk) -> None:
    desk.edit(
        lambda text: (
            text + "\ndepartures:\n  - {mrn: NOBODY, id: nope, action: delete, reason: withdrew consent}\n"
        )
    )
    ran = desk.plan()
    assert ran.code == 1
    assert "patient/NOBODY is blocked: no live patient has the id nope" in ran.out


def test_sigterm_before_anything_is_sent_is_one_line(clinic: Path) -> None:
    import signal
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = {
            **os.environ,
            "KARDIA_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "KARDIA_API_KEY": "invented-key-0001",
        }
        line = [str(Path(sys.executable).with_name("kardia-ctl")), "apply", str(clinic), "--auto-approve"]
        with subprocess.Popen(line, env=environ, stderr=subprocess.PIPE, text=True) as process:
            asking, _ = silent.accept()  # it asks, and nobody answers
            with asking:
                process.send_signal(signal.SIGTERM)
                _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip() == "Error: interrupted. Nothing more was sent."


INTERRUPTED_IMPORT = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from kardia_ctl.__main__ import main
sys.argv[1:] = ["validate", "nowhere"]
main()
"""


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [("click", 130, ""), ("yaml", 1, "Error: interrupted. Nothing more was sent.")],
)
def test_ctrl_c_while_the_command_is_imported_shows_no_traceback(module: str, code: int, said: str) -> None:
    script = INTERRUPTED_IMPORT.replace("MODULE", repr(module))
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.strip()) == (code, said)
