"""The repository as an action of GitHub: what its last step runs."""

import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.recipes.runner import StepRunner
from tests.recipes.written import read, step, workflow


@pytest.mark.parametrize(
    ("inputs", "result"), [({}, "changes"), ({"drift": "true"}, "no-drift"), ({"apply": "true"}, "applied")]
)
def test_the_action_of_the_repository_runs_what_its_inputs_say(
    inputs: dict[str, str], result: str, runner: StepRunner
) -> None:
    action = read(ROOT / "action.yml")
    if "apply" in inputs:
        jobs = workflow(runner.repository, "review")
        planned = runner.run(jobs, step(jobs, "plan", "Plan"))
        inputs = {**inputs, "expect-digest": planned.outputs["digest"]}
    for name, facts in action["inputs"].items():
        runner.known[f"inputs.{name}"] = inputs.get(name, facts["default"])
    (run,) = [one for one in action["runs"]["steps"] if one.get("id") == "run"]
    program = runner.place / "kardia-ctl" / "bin" / "kardia-ctl"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path(sys.executable).parent / "kardia-ctl")
    names = ("KARDIA_API_KEY", "KARDIA_STATE_KEY", "KARDIA_REVIEW_KEY")
    keys = {name: runner.known[f"secrets.{name}"] for name in names}
    done = runner.run({"env": keys}, run)
    assert done.code == 0, done.out
    assert done.outputs["result"] == result
    handed_on = {
        facts["value"][len("${{ steps.run.outputs.") : -len(" }}")] for facts in action["outputs"].values()
    }
    of_apply = set() if "apply" in inputs else {"applied", "failed", "in_doubt"}
    assert set(done.outputs) == handed_on - of_apply
