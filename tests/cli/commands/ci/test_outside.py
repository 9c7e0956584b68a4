"""A change from outside gets no key: it is validated and compared, and no plan is pretended."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.ci.platforms import Platform, base_revision, platform_of, withholds_secrets
from tests.cli.commands.ci.conftest import Job


def event(tmp_path: Path, head: str | None) -> Path:
    file = tmp_path / "event.json"
    repository = None if head is None else {"full_name": head}
    file.write_text(json.dumps({"pull_request": {"head": {"repo": repository}}}))
    return file


def commit(directory: Path) -> str:
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*git, "init", "-q"], cwd=directory, check=True)
    subprocess.run([*git, "add", "kardia.yaml"], cwd=directory, check=True)
    subprocess.run([*git, "commit", "-qm", "One"], cwd=directory, check=True)
    return subprocess.run(
        [*git, "rev-parse", "HEAD"], cwd=directory, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def fork(ci: Job, tmp_path: Path) -> Job:
    ci.on(
        Platform.GITHUB,
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_REPOSITORY="clinic/patients",
        GITHUB_EVENT_PATH=event(tmp_path, "somebody/patients"),
        GITHUB_OUTPUT=tmp_path / "output",
        GITHUB_STEP_SUMMARY=tmp_path / "summary",
    )
    ci.without_key()
    return ci


def test_a_fork_s_change_is_compared_and_not_planned(fork: Job) -> None:
    base = commit(fork.desk.path)
    fork.desk.edit(lambda text: text.replace("sunniva.quellmar@", "s.quellmar@"))
    ran = fork.run("--base", base)
    assert ran.code == 0, ran.err
    assert ran.requests == []
    assert fork.outputs["RESULT"] == "not-planned"
    assert "no plan was made" in ran.err
    assert "patient/~" in (fork.out / "page.md").read_text()


def test_a_base_that_git_does_not_have_is_only_a_warning(fork: Job) -> None:
    commit(fork.desk.path)
    ran = fork.run("--base", "origin/main")
    assert ran.code == 0
    assert "Warning: what is declared differently is not known" in ran.err


def test_a_fork_s_wrong_change_is_red(fork: Job) -> None:
    fork.desk.edit(lambda text: text.replace("sex: male", "sex: manly"))
    ran = fork.run()
    assert ran.code == 1
    assert fork.outputs["RESULT"] == "invalid"
    assert "::error file=" in ran.out


def test_one_s_own_job_without_a_key_is_red(fork: Job, tmp_path: Path) -> None:
    event(tmp_path, "clinic/patients")
    ran = fork.run()
    assert ran.code == 1
    assert "no API key" in ran.err
    assert fork.outputs["RESULT"] == "failed"


GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "clinic/patients"}
GITLAB = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_PROJECT_ID": "1"}


@pytest.mark.parametrize(
    ("environ", "withheld"),
    [
        ({}, False),
        ({"CI": "true"}, False),
        ({**GITHUB, "GITHUB_EVENT_NAME": "push"}, False),
        ({**GITHUB, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_ACTOR": "dependabot[bot]"}, True),
        ({**GITHUB, "GITHUB_EVENT_NAME": "pull_request"}, False),
        (GITLAB, False),
        ({**GITLAB, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1"}, False),
        ({**GITLAB, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}, True),
        ({"TF_BUILD": "True", "SYSTEM_PULLREQUEST_ISFORK": "True"}, True),
        ({"TF_BUILD": "True", "SYSTEM_PULLREQUEST_ISFORK": "False"}, False),
        ({"BITBUCKET_BUILD_NUMBER": "7"}, False),
    ],
)
def test_who_gets_no_secrets(environ: Mapping[str, str], withheld: bool) -> None:
    assert withholds_secrets(environ) is withheld


def test_a_fork_that_is_gone_is_a_fork(tmp_path: Path) -> None:
    environ = {
        **GITHUB,
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event(tmp_path, None)),
    }
    assert withholds_secrets(environ)


@pytest.mark.parametrize(
    ("environ", "base"),
    [
        ({**GITHUB, "GITHUB_BASE_REF": "main"}, "origin/main"),
        (GITHUB, ""),
        ({**GITLAB, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc"}, "abc"),
        ({"TF_BUILD": "True", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}, "origin/main"),
        ({"BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_PR_DESTINATION_BRANCH": "main"}, "origin/main"),
        ({}, ""),
    ],
)
def test_what_a_change_starts_from(environ: Mapping[str, str], base: str) -> None:
    assert base_revision(environ) == base


def test_an_unknown_ci_system_is_none_of_them() -> None:
    assert platform_of({"CI": "true", "GITHUB_ACTIONS": " "}) is Platform.OTHER
