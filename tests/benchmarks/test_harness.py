"""The harness measures what it says, on a tiny size; no test here asks how long anything takes."""

import re
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest

from tests.benchmarks.machine import Machine
from tests.benchmarks.pairs import interleaved, ratios, spread
from tests.benchmarks.parts import scenarios, startup
from tests.benchmarks.parts.growth import slope
from tests.benchmarks.parts.onboarding import Subject, apply
from tests.benchmarks.processes import UNITS_OF_PEAK, BenchmarkError, Run, environment, python, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Counts, sandbox
from tests.benchmarks.table import Row, Section, Standing, Unit, as_json, from_json, markdown
from tests.benchmarks.workload import Form, adopted, no_op_plan

TINY = Scale(
    few=10,
    thousands=20,
    most=30,
    largest=40,
    onboarded=12,
    played=2,
    peers=3,
    many=2,
    rounds=1,
    least=1,
    once=1,
)
MACHINE = Machine("2026-01-02", "Some CPU", 2, 8, "CPython 3.11", "Linux x86_64", 0.5)


def a_run(seconds: float) -> Run:
    return Run(seconds, seconds, 0, 0, "")


def test_subjects_run_in_turn_after_a_warm_up() -> None:
    order: list[str] = []

    def subject(name: str) -> Run:
        order.append(name)
        return a_run(len(order))

    found = interleaved({"a": lambda: subject("a"), "b": lambda: subject("b")}, 2)
    assert "".join(order) == "ababab"
    assert ratios(found["b"], found["a"]) == [4 / 3, 6 / 5]


def test_a_process_that_fails_is_not_measured() -> None:
    with pytest.raises(BenchmarkError, match="exited 3"):
        run(python("-c", "raise SystemExit(3)"))
    with pytest.raises(BenchmarkError, match="other words"):
        run(python("-c", "print('other words')"), expect="these words")


def test_no_variable_of_ours_or_of_python_reaches_what_is_measured() -> None:
    found = environment({"KARDIA_DEBUG": "1", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "here"})
    assert found == {"PATH": "here", "KARDIA_API_KEY": "sandbox-key", "NO_COLOR": "1"}


def test_a_run_knows_its_own_peak_and_output() -> None:
    # The kernel counts the starter's peak as its child's, and this process may have run a thousand tests.
    size = getrusage(RUSAGE_SELF).ru_maxrss * UNITS_OF_PEAK + 100_000_000
    little, much = (run(python("-c", f"x = b'x' * {held}; print('done')")) for held in (1, size))
    assert much.out == "done\n"
    assert little.peak_bytes < size < much.peak_bytes


@pytest.mark.parametrize("form", Form)
def test_an_adopted_account_has_nothing_to_do(form: Form, tmp_path: Path) -> None:
    with sandbox(tmp_path / "account", 7) as server:
        file = adopted(server, form, tmp_path / "declared")
        before = len(server.requests())
        assert no_op_plan(server, file.parent).code == 0
        assert server.requests()[before:] == ["GET /v1/patients"]


def test_every_scenario_sends_the_fewest_requests() -> None:
    found = list(scenarios.rows(TINY))
    assert [row.what for row in found if row.spread.median != 1] == []


def test_the_start_is_measured_in_every_round() -> None:
    assert [row.spread.count for row in startup.rows(TINY)] == [TINY.many] * 3


def test_a_missed_goal_fails() -> None:
    missed = Row("plan", "slow", spread([3.0, 2.0, 4.0]), goal=2)
    kept = Row("plan", "high", spread([3.0]), goal=2, at_least=True)
    beside = Row("plan", "beside", spread([3.0]), standing=Standing.ORIENTATION)
    assert [row.fails for row in (missed, kept, beside)] == [True, False, False]
    text = markdown({"plan": Section(MACHINE, (missed, kept, beside))})
    assert "| slow | 3.00 (2.00 to 4.00) |  | ≤ 2 | no | 3 |" in text
    assert "| high | 3.00 |  | ≥ 2 | yes | 1 |" in text
    assert "| beside | 3.00 |  | for orientation |  | 1 |" in text


def test_peers_are_set_beside_each_other() -> None:
    rows = [
        Row("peers", what, spread([value]), Unit.COUNT, standing=Standing.ORIENTATION, subject=who)
        for who, what, value in (("ours", "lost", 0.0), ("theirs", "lost", 7.0), ("theirs", "found", 3.0))
    ]
    text = markdown({"peers": Section(MACHINE, tuple(rows))})
    assert "| who | lost | found |" in text
    assert "| ours | 0 |  |" in text
    assert "| theirs | 7 | 3 |" in text


def test_what_was_measured_before_is_kept_as_it_was() -> None:
    row = Row("plan", "what", spread([1.0, 2.0]), Unit.BYTES, goal=3, cpu=spread([4.0]), noise=1.5)
    sections = {"plan": Section(MACHINE, (row,))}
    assert from_json(as_json(sections)) == sections


def test_a_slope_is_that_of_the_line() -> None:
    assert slope([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) == pytest.approx(2)


def test_the_light_server_tells_what_arrived_and_what_was_done_twice() -> None:
    counts = Counts(3, 9, (("A", 1), ("A", 1), ("B", 0), ("C", 2)))
    assert (counts.duplicates, counts.ordered_again, counts.missing(5), counts.without_code(5)) == (
        1,
        2,
        2,
        3,
    )


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_everybody_is_onboarded_once_whatever_is_lost(lost: float) -> None:
    subject = Subject(12, partial(apply, parallelism=4, settle=0.5), lost=lost, latency=0.0)
    subject()
    (seen,) = subject.seen
    assert (seen.duplicates, seen.missing(12), seen.without_code(12), seen.ordered_again) == (0, 0, 0, 0)
    assert lost or (seen.requests, seen.connections) == (27, 4)


def test_results_name_no_machine() -> None:
    here = Path(__file__).parent
    texts = [as_json({"plan": Section(MACHINE, ())}), *(file.read_text() for file in here.glob("results.*"))]
    assert not [text for text in texts if re.search(r"/tmp|/work|/home|/root|/usr|localhost|127\.0", text)]
