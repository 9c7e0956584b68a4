"""Law 4 in a simulated world: nothing lost, nothing twice, and nothing sent on a guess."""

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from kardia_ctl.model.state import Entry, State
from kardia_ctl.sandbox.quirks import CursorStyle
from kardia_ctl.state.open import open_store
from tests.paths import ROOT
from tests.simulation.environment.disk import Disk
from tests.simulation.hazards import Hazards
from tests.simulation.mutants import Mutant, mutated, mutated_story
from tests.simulation.remembered.seeds import remember, seeds_for, unseen
from tests.simulation.scenario import Pause, Scenario, Trouble, scenario
from tests.simulation.simulate import Verdict, simulate

SEEDS: Final = int(os.environ.get("SIMULATION_SEEDS", "3000"))
"""How many stories are tried; ``make soak`` tries more."""

SIGNS: Final = {
    Mutant.ABORT_LEAVES_INTENTS: "an intent was left of a request that was never sent",
    Mutant.DEPARTURE_FROM_ABSENCE: "is recorded as deleted, and no deletion was ever received",
    Mutant.SAVED_PLAN_RESENDS: "sent what was not approved",
    Mutant.TENANT_UNCHECKED: "tenant: ",
    Mutant.LIMITS_OF_ONE_ROUND: "beyond its limit",
    Mutant.NO_LOOK_AT_END: "somebody else had created",
    Mutant.NO_LAST_READ: "without a confirmation",
    Mutant.FUTURE_STAMP_BLOCKS: "and nothing was in doubt for so long",
    Mutant.ANY_SPELLING: "without a confirmation",
    Mutant.COPY_IS_WHOLE: "used a state of which it had to say: is not whole",
    Mutant.ANY_KEY: "used a state of which it had to say: another key",
    Mutant.RUNNERS_UNSEEN: "says that the apply is complete, and",
    Mutant.SETTLED_UNSEEN: "was there twice as it looked",
    Mutant.STATE_OF_A_JOB: "began with a state that is lost with the job",
    Mutant.MOVED_LIST_UNPROVEN: "did not prove the list, which only grew",
    Mutant.NO_LOOK_IN_BETWEEN: "did not prove the list, which only grew",
}
"""What a mutant shows, where it is not a duplicate: a piece of the violation."""

TINY_PAGES: Final = {"500": "2", "499": "2", "397": "2"}
_BATCH: Final = 60
_ROOT: Final = ROOT

SIGHTS: Final = {
    "a create whose answer was lost": "in doubt POST /v1/patients: no response",
    "a 503": "in doubt POST /v1/patients: 503",
    "a gateway's page": "in doubt POST /v1/patients: 502",
    "half an answer": "leaves: TRUNCATED",
    "silence until the timeout": "sent nothing for 30 s",
    "a request that takes longer than the whole timeout": "had not answered after 120 s",
    "a 429": "leaves: THROTTLED",
    "nobody listens": "leaves: NEVER_CONNECTED",
    "an effect that comes late": "effect LATE",
    "a crash before the intent is durable": "is killed: before the commit of intend patient",
    "a crash between intent and request": "is killed: after the commit of intend patient",
    "a crash before a request leaves": "is about to leave",
    "a crash between effect and answer": "had its effect",
    "a crash between answer and record": "is killed: before the commit of remember patient",
    "a crash between adoption and what follows": "is killed: after the commit of remember patient",
    "a crash at any moment": "is killed: just then",
    "Ctrl-C": "stopped by SIGINT",
    "Ctrl-C twice": "ends: aborted",
    "a wave that goes wrong": "waves.stop_on_failures is",
    "a full disk": "the disk is full",
    "state that is lost": "state is lost",
    "somebody else who creates": "the concurrent writer adds visitor",
    "somebody else who deletes": "the concurrent writer removes",
    "somebody else with an mrn of ours": "which is ours",
    "an mrn that is blocked because two carry it": "duplicate_mrn",
    "an mrn that is blocked because another carries it": "immutable",
    "a doubt of an earlier run": "in_doubt",
    "the key of another account": "has the key of another account",
    "limits that are used up": "over all rounds of this run",
    "a --limit that is used up": "--limit is",
    "an adoption": "adopt patient",
    "a patient who is recorded and not in the list": "GET /v1/patients/",
    "a machine that is suspended": "the machine is suspended",
    "a wall clock that is set during a run": "the wall clock is set",
}
"""What the stories must show, by a piece of the trace: a trouble that never happens tests nothing."""


def _report(verdict: Verdict) -> str:
    broken = "\n  ".join(verdict.violations)
    return f"seed {verdict.seed}: {broken}\n  replay: python -m tests.simulation {verdict.seed}"


def unsafe(verdict: Verdict) -> list[str]:
    """The violations that are wrong even in a story that did not end clean."""
    return [
        text
        for text in verdict.violations
        if text.startswith(("duplicate: ", "departure: ")) or "is sent" in text
    ]


@pytest.mark.parametrize("first", range(0, SEEDS, _BATCH))
def test_nothing_is_lost_and_nothing_is_twice_whatever_happens(first: int) -> None:
    verdicts = (simulate(seed) for seed in range(first, min(first + _BATCH, SEEDS)))
    broken = [_report(verdict) for verdict in verdicts if verdict.violations]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("mutant", Mutant)
def test_a_program_without_one_safeguard_is_caught(mutant: Mutant, request: pytest.FixtureRequest) -> None:
    sign = SIGNS.get(mutant, "duplicate: ")

    def shown(seed: int) -> list[str]:
        verdict = simulate(seed, mutated_story(mutant, scenario(seed)))
        return unsafe(verdict) + [text for text in verdict.violations if sign in text]

    anew = request.config.getoption("--update-golden")
    seeds = range(SEEDS) if anew else seeds_for(mutant.name, SEEDS)
    with mutated(mutant):
        caught = next((seed for seed in seeds if sign in "".join(shown(seed))), None)
    assert caught is not None, f"{SEEDS} seeds show nothing of it: {mutant}"
    if anew:
        remember(mutant.name, caught)
    if mutant is not Mutant.SHORT_WINDOW:  # which is one of configuration: the program is whole
        assert not shown(caught)


def test_a_window_that_is_longer_than_everything_late_is_long_enough_and_no_shorter_one() -> None:
    """The condition of the promise, from both sides: late effect, late listing and clocks all together."""
    story = scenario(0)
    quirks = replace(story.quirks, list_lag=10.0, commit_latency=0.0)
    lost = replace(story, late=45.0, skew=0.0, writes=1.0, reads=0.0, quirks=quirks)
    assert not any(simulate(seed, replace(lost, seed=seed)).violations for seed in range(10))
    short = [simulate(seed, replace(lost, seed=seed, settle=40.0)).violations for seed in range(10)]
    assert any(text.startswith("duplicate: ") for violations in short for text in violations)


def test_the_stories_show_every_trouble(request: pytest.FixtureRequest) -> None:
    anew = bool(request.config.getoption("--update-golden"))
    assert unseen(SIGHTS, 400, lambda seed: simulate(seed).trace, anew=anew) == []


def test_a_seed_replays_the_same_events_in_any_process() -> None:
    def printed(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(_ROOT)}
        command = [sys.executable, "-m", "tests.simulation", "92"]
        done = subprocess.run(
            command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    first = printed("1")
    assert first.startswith("seed 92\n")
    assert first.count("\n") > 100
    assert first == printed("2")


def test_the_simulated_disk_keeps_what_sqlite_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("sqlite:///state.db", tmp_path, "default")
    compared: list[State] = []
    write = Disk.write

    def write_both(disk: Disk, entries: Iterable[Entry]) -> None:
        batch = tuple(entries)
        write(disk, batch)
        store.commit(batch)
        stored, simulated = store.load(), disk.state()
        assert replace(stored, lineage="", serial=0) == replace(simulated, lineage="", serial=0)
        compared.append(stored)

    monkeypatch.setattr(Disk, "write", write_both)
    story = scenario(0)
    crashes = [replace(run, pause=Pause.SHORT, trouble=Trouble.CRASH, when=30) for run in story.faulty_runs]
    with store.lock("apply"):
        assert not simulate(0, replace(story, faulty_runs=tuple(crashes))).violations
    assert len(compared) > 10
    assert any(state.intents for state in compared)
    assert any(state.proven for state in compared)


def test_an_account_that_cannot_be_scanned_is_left_alone() -> None:
    """Cursors of whole seconds, and more patients in each second than a page holds: no scan is proven."""

    def unscannable(seed: int) -> Scenario:
        story = scenario(seed)
        quirks = replace(story.quirks, cursor_style=CursorStyle.SECOND)
        present = tuple(story.desired.patients)[:4]
        return replace(story, quirks=quirks, present=present, sizes=TINY_PAGES, hazards=Hazards())

    for seed in range(20):
        verdict = simulate(seed, unscannable(seed))
        assert not unsafe(verdict)
        assert not any(" POST " in line for line in verdict.trace)
        assert any("scan_incomplete" in line for line in verdict.trace)
