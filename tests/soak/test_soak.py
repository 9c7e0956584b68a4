"""The soak in a small size, and that it can fail. No test here asks how long anything takes."""

import re
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from signal import SIGINT, SIGKILL, SIGTERM, Signals
from sys import executable

import pytest

from kardia_ctl.cli.interrupts import SAME
from kardia_ctl.sandbox.data.values import PatientFields
from tests.benchmarks.machine import Machine
from tests.soak import broken_client
from tests.soak.__main__ import main
from tests.soak.broken_client import Defect
from tests.soak.client import Client, Running
from tests.soak.harness import Scale, Tally, Verdict, soak
from tests.soak.interruptions import Interruption, interruptions
from tests.soak.population import Population, declare, population
from tests.soak.results import conditions, markdown
from tests.soak.server import FaultRates, Server, sandbox
from tests.soak.truth import ObservedPatient, Truth, account_truth, compared

QUICK = FaultRates(late=0.03, late_by=0.5, list_lag=0.25)
FAULTLESS = FaultRates(0, 0, 0, 0, 0, 0)
SLOW = replace(FAULTLESS, latency=1.0)
CREATES = 40
BROKEN = (executable, broken_client.__file__)


def test_nothing_is_lost_and_nothing_is_twice_under_faults_and_kills(tmp_path: Path) -> None:
    verdict = soak(11, Scale(creates=120, kills=8, settle=2, rates=QUICK), tmp_path)
    assert verdict.tally.faults == []
    assert verdict.truth == replace(verdict.truth, duplicates=0, lost=0, altered=0)
    assert verdict.right
    assert verdict.second_plan == "empty"
    assert verdict.tally.kills > 3
    assert verdict.tally.in_flight
    assert verdict.truth.creates_faulted


def test_the_same_holds_on_a_server_that_shows_nothing(tmp_path: Path) -> None:
    with sandbox(tmp_path / "elsewhere", QUICK, seed=5) as server:
        elsewhere = Server(server.url, server.key)
        scale = Scale(creates=60, kills=3, settle=2, rates=QUICK)
        verdict = soak(5, scale, tmp_path, elsewhere=elsewhere)
    assert verdict.tally.faults == []
    assert verdict.right
    assert verdict.truth.requests is None


def test_a_client_that_retries_blindly_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(broken_client.VARIABLE, Defect.BLIND_RETRY.value)
    scale = Scale(creates=60, kills=0, settle=1, rates=replace(FAULTLESS, lost=0.3))
    verdict = soak(3, scale, tmp_path, command=BROKEN)
    assert verdict.truth.duplicates > 0
    assert verdict.truth.lost == 0
    assert not verdict.right


def test_a_window_shorter_than_the_latest_commit_is_found_out(tmp_path: Path) -> None:
    scale = Scale(creates=60, kills=0, settle=0, rates=replace(FAULTLESS, late=0.3, late_by=2))
    verdict = soak(3, scale, tmp_path)
    assert verdict.truth.duplicates > 0
    assert not verdict.right


def test_a_broken_client_is_not_called_by_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(broken_client.VARIABLE, raising=False)
    client = Client(tmp_path / "clinic", Server("http://127.0.0.1:1", "key"), BROKEN)
    ending = client.apply()
    assert ending.code == 1
    assert "broken on purpose" in ending.err


def begun(run: Running, server: Server) -> None:
    """Wait until the first create of a run has arrived."""
    while run.alive and server.log is not None and not server.log.since(0).creates:
        time.sleep(0.01)
    assert run.alive


def declared(tmp_path: Path) -> tuple[Path, Population]:
    people = population(CREATES, 1, prefix="ONE", template="")
    declare(people, tmp_path / "clinic", CREATES, settle=1)
    return tmp_path / "clinic", people


def test_a_client_that_forgets_what_was_in_flight_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(broken_client.VARIABLE, Defect.FORGETFUL.value)
    clinic, people = declared(tmp_path)
    with sandbox(tmp_path / "account", replace(SLOW, list_lag=30), seed=1) as server:
        client = Client(clinic, server, BROKEN)
        with client.started("apply", "--auto-approve") as run:
            begun(run, server)
            run.interrupt(SIGKILL)
        client.apply()
        assert account_truth(server, people).duplicates > 0


def test_a_second_apply_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    clinic, _ = declared(tmp_path)
    with sandbox(tmp_path / "account", SLOW, seed=1) as server:
        client = Client(clinic, server)
        with client.started("apply", "--auto-approve", "--parallelism", "2") as holder:
            begun(holder, server)
            refused = client.apply("rival")
            assert holder.alive
            assert refused.code == 1
            assert re.search(rf"is locked: apply by \S+ \(process {holder.pid}.*since ", refused.err)
            assert refused.out == ""


def test_a_second_apply_that_waits_goes_on_where_a_killed_one_left_off(tmp_path: Path) -> None:
    clinic, people = declared(tmp_path)
    with sandbox(tmp_path / "account", SLOW, seed=1) as server:
        client = Client(clinic, server)
        with client.started("apply", "--auto-approve") as holder:
            begun(holder, server)
            with client.started("apply", "--auto-approve", "--lock-timeout", "60", name="rival") as waiter:
                assert waiter.outlives(0.5)
                assert holder.interrupt(SIGKILL).code == -SIGKILL
                assert waiter.ending().code == 0
        assert client.plan().code == 0
        assert account_truth(server, people).right


@pytest.mark.parametrize("signal", [SIGTERM, SIGINT])
def test_a_stopped_run_reports_and_the_next_one_goes_on(tmp_path: Path, signal: Signals) -> None:
    clinic, people = declared(tmp_path)
    with sandbox(tmp_path / "account", SLOW, seed=1) as server:
        client = Client(clinic, server)
        with client.started("apply", "--auto-approve", "--parallelism", "2") as run:
            begun(run, server)
            stopped = run.interrupt(signal)
        assert stopped.code == 1
        assert f"the run was stopped by {signal.name}" in stopped.output
        assert "Apply incomplete:" in stopped.out
        assert "is in doubt" not in stopped.output
        assert "Traceback" not in stopped.err
        assert client.apply().code == 0
        assert client.plan().code == 0
        assert account_truth(server, people).right


def test_a_run_that_is_aborted_by_a_second_signal_is_still_safe(tmp_path: Path) -> None:
    clinic, people = declared(tmp_path)
    with sandbox(tmp_path / "account", replace(SLOW, latency=5.0), seed=1) as server:
        client = Client(clinic, server)
        with client.started("apply", "--auto-approve") as run:
            begun(run, server)
            run.process.send_signal(SIGINT)
            while run.alive and "Interrupt again" not in run.err.read_text():
                time.sleep(0.01)
            time.sleep(SAME)
            aborted = run.interrupt(SIGINT)
        assert aborted.code == 1
        assert "aborted: any request in flight is recorded as in doubt" in aborted.err
        assert "Traceback" not in aborted.err
        assert client.apply().code == 0
        assert client.plan().code == 0
        assert account_truth(server, people).right


def drawn(seed: int) -> list[Interruption]:
    return list(interruptions(Random(seed), 40, lambda left: 400 / left, 3, log=True))


def test_equal_seeds_strike_at_equal_points() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_among_the_strikes_are_stops_rivals_and_lost_states() -> None:
    found = drawn(1)
    assert sum(interruption.signal is SIGKILL for interruption in found) == 40
    assert {interruption.signal for interruption in found} & {SIGINT, SIGTERM}
    assert any(interruption.rival for interruption in found)
    assert any(interruption.loses_state for interruption in found)


def person(mrn: str, firstname: str = "A") -> PatientFields:
    return PatientFields(mrn, "2000-01-01", "a@example.com", firstname, "B", 0)


@pytest.mark.parametrize(
    ("people", "truth"),
    [
        ([ObservedPatient(person("1"), 1), ObservedPatient(person("2"), 0)], Truth(0, 0, 0, 0, 0)),
        (
            [
                ObservedPatient(person("1"), 1),
                ObservedPatient(person("2"), 0),
                ObservedPatient(person("3"), 0),
            ],
            Truth(0, 0, 0, 0, 0),
        ),
        (
            [
                ObservedPatient(person("1"), 1),
                ObservedPatient(person("2"), 0),
                ObservedPatient(person("2"), 0),
            ],
            Truth(1, 0, 0, 0, 0),
        ),
        ([ObservedPatient(person("1"), 1)], Truth(0, 1, 0, 0, 0)),
        (
            [ObservedPatient(person("1"), 1), ObservedPatient(person("2", firstname="C"), 0)],
            Truth(0, 0, 1, 0, 0),
        ),
        ([ObservedPatient(person("1"), 2), ObservedPatient(person("2"), 0)], Truth(0, 0, 0, 1, 0)),
        ([ObservedPatient(person("1"), 1), ObservedPatient(person("2"), 1)], Truth(0, 0, 0, 1, 0)),
        ([ObservedPatient(person("1"), 0), ObservedPatient(person("2"), 0)], Truth(0, 0, 0, 0, 1)),
    ],
)
def test_the_truth_counts_each_wrong_by_its_name(people: list[ObservedPatient], truth: Truth) -> None:
    found = compared(Population((person("1"), person("2")), "a-template"), people)
    assert found == truth
    assert found.right == (truth == Truth(0, 0, 0, 0, 0))


def test_the_table_shows_what_should_not_have_happened() -> None:
    verdict = Verdict(1, 10, Tally(kills=2, faults=["something"]), Truth(0, 0, 0, 0, 0, 30, 4), "empty", 5.0)
    text = markdown(
        [verdict], conditions(FaultRates(), 3), Machine("2026-01-02", "CPU", 2, 8, "CPython", "Linux", 0)
    )
    assert "| 1 | 10 | 2 | 0 | 0 | 0 | 0 | 0 | 30 | 4 | 0 | 0 | 0 | 0 | 0 | empty | 5 s |" in text
    assert "- seed 1: something" in text
    assert not verdict.right


def test_a_soak_fills_no_account_beyond_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--endpoint", "https://api.kardia.com", "--api-key", "key"])
    assert "name a server on loopback" in capsys.readouterr().err


def test_results_name_no_machine() -> None:
    texts = [file.read_text() for file in Path(__file__).parent.glob("results.*") if file.suffix == ".md"]
    assert not [text for text in texts if re.search(r"/tmp|/work|/home|/root|/usr|localhost|127\.0", text)]
