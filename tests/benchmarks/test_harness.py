"""The harness measures what it says, on a tiny size; no test here asks how long anything takes."""

import re
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest

from tests.benchmarks import scenarios, startup
from tests.benchmarks.machine import Machine
from tests.benchmarks.pairs import interleaved, ratios, spread
from tests.benchmarks.processes import UNITS_OF_PEAK, BenchmarkError, Run, environment, python, run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import sandbox
from tests.benchmarks.table import Row, Standing, as_json, markdown
from tests.benchmarks.workload import Form, adopted, no_op_plan

TINY = Scale(few=10, thousands=20, most=30, many=2, rounds=1, least=1)
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


def test_a_missed_goal_fails_today_and_not_later() -> None:
    missed = Row("plan", "slow", spread([3.0, 2.0, 4.0]), goal=2)
    later = Row("plan", "slow", spread([3.0]), goal=2, standing=Standing.LATER)
    assert (missed.met, missed.fails) == (False, True)
    assert (later.met, later.fails) == (False, False)
    text = markdown([missed, later], MACHINE)
    assert "| slow | 3.00 (2.00 to 4.00) |  | ≤ 2 | no | 3 |" in text
    assert "| slow | 3.00 |  | ≤ 2 (later goal) | no | 1 |" in text


def test_results_name_no_machine() -> None:
    here = Path(__file__).parent
    texts = [as_json([], MACHINE), *(file.read_text() for file in here.glob("results.*"))]
    assert not [text for text in texts if re.search(r"/tmp|/work|/home|/root|/usr|localhost|127\.0", text)]
