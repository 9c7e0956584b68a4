"""Signals: one is orderly, two at once are one, a later one aborts, and a question leaves no trace."""

import os
import signal
import sys
import time
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGQUIT, SIGTERM, Signals
from typing import Any

import pytest

from kardia_ctl.cli import interrupts, signals
from tests.attacks.processes import Site, ended, in_terminal, site, until
from tests.attacks.safeguards import removed

STOPPED = "the run was stopped by {}"
SLOW = {"latency": [0.7, 0.7]}


def _hanging(method: str, path: str) -> dict[str, Any]:
    """Faults: such a request takes effect at once, and its answer does not come."""
    return {"rules": [{"kind": "slow", "seconds": 60, "methods": [method], "path": path}]}


def _results(file: Path) -> list[str]:
    return [line.split(",")[2] for line in file.read_text().splitlines()[1:]]


@pytest.mark.parametrize(
    ("number", "again"), [(SIGINT, 0.1), (SIGTERM, 0.0), (SIGHUP, 0.1)], ids=["^C^C", "TERM", "HUP HUP"]
)
def test_a_signal_ends_a_run_in_order(tmp_path: Path, number: Signals, again: float) -> None:
    with site(tmp_path, faults=SLOW) as place:
        words = ("apply", "--auto-approve", "--parallelism", "2", "--results", "r.csv")
        process = place.start(*words)
        until(lambda: place.live() >= 2, process)
        process.send_signal(number)
        if again:
            time.sleep(again)
            process.send_signal(number)
        code, out, err = ended(process)
        assert (code, "Traceback" in err) == (1, False)
        assert STOPPED.format(number.name) in out + err
        assert "aborted" not in err
        assert "Apply incomplete:" in out
        statuses = _results(place.path / "r.csv")
        assert statuses.count("done") == place.live()
        assert set(statuses) == {"done", "skipped"}
        assert (place.intents(), place.store.activity()) == ([], "")


def test_different_signals_within_two_seconds_are_one_too(tmp_path: Path) -> None:
    """A closed terminal sends SIGHUP, and the shell that ends passes SIGTERM on."""
    with site(tmp_path, faults=SLOW) as place:
        process = place.start("apply", "--auto-approve", "--parallelism", "2")
        until(lambda: place.live() >= 2, process)
        for number in (SIGHUP, SIGTERM, SIGINT, SIGINT):
            process.send_signal(number)
            time.sleep(0.05)
        code, out, err = ended(process)
        assert (code, "Apply incomplete:" in out, "aborted" in err) == (1, True, False)
        assert (place.intents(), place.store.activity()) == ([], "")


@pytest.mark.parametrize("number", [SIGINT, SIGHUP], ids=lambda number: number.name)
def test_a_later_signal_aborts_and_takes_back_what_was_never_sent(tmp_path: Path, number: Signals) -> None:
    with site(tmp_path, faults=_hanging("POST", "/v1/patients")) as place:
        process = place.start("apply", "--auto-approve", "--parallelism", "4", "--results", "r.csv")
        until(lambda: place.live() >= 4, process)
        process.send_signal(number)
        time.sleep(interrupts.SAME + 0.3)
        process.send_signal(number)
        code, out, err = ended(process)
        assert (code, "Traceback" in err) == (1, False)
        assert "aborted: any request in flight is recorded as in doubt" in err
        assert "Apply incomplete:" in out
        assert _results(place.path / "r.csv").count("in doubt") == 4
        doubts = place.intents()
        assert len(doubts) == 4  # five intents were durable: one worker waited for its turn
        assert all(intent.ended for intent in doubts)
        assert place.store.activity() == ""


@pytest.mark.parametrize("number", [SIGHUP, SIGINT], ids=["nohup", "in a script's background"])
def test_a_signal_that_the_parent_ignores_is_ignored(tmp_path: Path, number: Signals) -> None:
    with site(tmp_path, count=4, faults={"latency": [0.3, 0.3]}) as place:
        process = place.start(
            "apply", "--auto-approve", "--parallelism", "1",
            shell=f"trap '' {number.name.removeprefix('SIG')}; \"$@\"",
        )  # fmt: skip
        until(lambda: place.live() >= 1, process)
        process.send_signal(number)
        code, out, _ = ended(process)
        assert (code, place.live()) == (0, 4)
        assert "Apply complete!" in out


@pytest.mark.parametrize("answer", [b"\x03\x03", b"\x04", SIGTERM, SIGHUP], ids=["^C^C", "^D", "TERM", "HUP"])
def test_a_question_that_is_answered_by_a_signal_leaves_no_trace(
    tmp_path: Path, answer: bytes | Signals
) -> None:
    with site(tmp_path, count=2) as place:
        terminal = in_terminal(place, "apply")
        terminal.read_until("Enter a value")
        if isinstance(answer, bytes):
            terminal.type(answer)
        else:
            time.sleep(0.5)  # until it waits for the answer
            terminal.process.send_signal(answer)
        assert terminal.end() == 1
        assert b"interrupted. Nothing more was sent." in terminal.text
        assert b"Traceback" not in terminal.text
        assert (place.store.activity(), place.posts()) == ("", 0)


@pytest.mark.parametrize("stdin", ["<&-", "</dev/null"])
def test_a_question_without_a_terminal_names_auto_approve(tmp_path: Path, stdin: str) -> None:
    with site(tmp_path, count=2) as place:
        code, _, err = place.run("apply", shell=f'"$@" {stdin}')
        assert (code, "--auto-approve" in err, "Traceback" in err) == (1, True, False)
        assert (place.store.activity(), place.posts()) == ("", 0)


def test_a_terminal_that_is_closed_ends_a_run_in_order(tmp_path: Path) -> None:
    """SIGHUP comes, and from then on every write to the terminal fails."""
    with site(tmp_path, faults=SLOW) as place:
        words = ("apply", "--auto-approve", "--parallelism", "2", "--results", "r.csv")
        terminal = in_terminal(place, *words)
        until(lambda: place.live() >= 2, terminal.process)
        terminal.hang_up()
        assert terminal.process.wait(timeout=60) == 1
        statuses = _results(place.path / "r.csv")
        assert statuses.count("done") == place.live()
        assert set(statuses) == {"done", "skipped"}
        assert (place.intents(), place.store.activity()) == ([], "")


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP], ids=lambda number: number.name)
def test_a_list_that_is_interrupted_leaves_no_half_file(tmp_path: Path, number: Signals) -> None:
    with site(tmp_path, faults={"latency": [60, 60]}) as place:
        process = place.start("get", "patients", "--out", "list.csv", "--csv")
        until(lambda: any(place.path.glob(".list.csv.*")), process)
        process.send_signal(number)
        code, _, err = ended(process)
        assert (code, err.strip()) == (1, "Error: interrupted. Nothing more was sent.")
        assert sorted(file.name for file in place.path.iterdir()) == ["c.csv", "kardia.yaml"]


def test_servers_end_with_0(tmp_path: Path) -> None:
    with site(tmp_path, count=1) as place:
        listener = place.start("status", "--listen", "0", "--no-record")
        sandbox = place.start("sandbox", "serve", "--port", "0", "--database", str(tmp_path / "other.db"))
        for process in (listener, sandbox):
            assert process.stdout
            until(process.stdout.readline)
            process.send_signal(SIGHUP)
        assert [ended(process)[0] for process in (listener, sandbox)] == [0, 0]


@pytest.mark.parametrize("number", [SIGHUP, SIGQUIT, SIGTERM], ids=lambda number: number.name)
def test_a_new_key_survives_every_signal(tmp_path: Path, number: Signals) -> None:
    slow = {"kind": "slow", "seconds": 3, "methods": ["POST"], "path": "/v1/apikey/new"}
    with site(tmp_path, faults={"rules": [slow]}) as place:
        process = place.start("rotate-key", "--auto-approve", "--out", "new.key")
        until(lambda: list(place.path.glob("kardia-key-*")), process)
        for pause in (0.1, 2.2, 0.1):
            process.send_signal(number)
            time.sleep(pause)
        assert ended(process)[0] == 0
        assert _works(place, place.path / "new.key")
        assert not list(place.path.glob("**/kardia-key-*"))


KILLED_BEFORE_STORING = """
import os, signal
from kardia_ctl.cli.commands import rotate_key
rotate_key._store = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from kardia_ctl.cli.main import main
main(["rotate-key", "--auto-approve", "--out", "new.key"])
"""


def test_a_new_key_survives_a_kill_once_it_has_arrived(tmp_path: Path) -> None:
    with site(tmp_path) as place:
        killed = place.start(command=(sys.executable, "-c", KILLED_BEFORE_STORING))
        assert ended(killed)[0] == -signal.SIGKILL
        (file,) = place.path.glob("kardia-key-*")
        assert file.stat().st_mode & 0o777 == 0o600
        assert _works(place, file)


def _works(place: Site, file: Path) -> bool:
    return place.account.keys.accepts(file.read_text().strip())


@pytest.mark.parametrize("stdout", [">&-", ">/dev/null", ""])
def test_no_key_is_made_for_a_stdout_that_loses_it(tmp_path: Path, stdout: str) -> None:
    with site(tmp_path) as place:
        reader, pipe = os.pipe()
        os.close(reader)  # nobody reads the pipe
        code, _, err = place.run(
            "rotate-key", "--auto-approve", "--print", shell=f'"$@" {stdout}', stdout=pipe
        )
        os.close(pipe)
        assert (code, place.posts(), "--out" in err) == (1, 0, True)


@pytest.mark.parametrize("where", ["keep", "store"])
def test_a_disk_that_fills_up_meanwhile_loses_no_key(tmp_path: Path, where: str) -> None:
    """The file that holds it was written in full before the key was made."""
    script = FULL_DISK.replace("WHERE", repr(where))
    with site(tmp_path) as place:
        place.environ["TMPDIR"] = str(tmp_path)
        code, _, err = place.run(command=(sys.executable, "-c", script))
        (file,) = [*place.path.glob("kardia-key-*"), *tmp_path.glob("kardia-key-*")]
        assert (code, str(file.name) in err) == (1, True)
        assert _works(place, file)


FULL_DISK = """
import errno, os
from types import SimpleNamespace
from kardia_ctl.cli.commands import rotate_key
from kardia_ctl.cli.files import key_safe
def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
if WHERE == "keep":
    key_safe.os = SimpleNamespace(**vars(os) | {"pwrite": full})
rotate_key.write_private = full
from kardia_ctl.cli.main import main
main(["rotate-key", "--auto-approve", "--out", "new.key"])
"""


def test_without_the_pause_two_signals_abort() -> None:
    """The mutant of the two seconds."""
    seen: list[bool] = []
    with removed(interrupts, "SAME", 0.0), interrupts.reacting(lambda _, later: seen.append(later)):
        signal.raise_signal(SIGINT)
        signal.raise_signal(SIGINT)
    assert seen == [False, True]
    seen.clear()
    with interrupts.reacting(lambda _, later: seen.append(later)):
        signal.raise_signal(SIGINT)
        signal.raise_signal(SIGINT)
    assert seen == [False]


def test_without_ignored_signals_a_hangup_loses_the_key() -> None:
    """The mutant of ``uninterrupted``."""
    with (
        pytest.raises(KeyboardInterrupt),
        removed(signals, "_ENDING", ()),
        interrupts.reacting(None),
        signals.uninterrupted(),
    ):
        signal.raise_signal(SIGHUP)
