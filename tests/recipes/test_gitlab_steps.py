"""The jobs for GitLab, run line by line: what they send, and what they refuse."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.server import serving
from tests.cli.commands.diff.repositories import Repository
from tests.recipes.gitlab_runner import JobRunner, dotenv
from tests.recipes.written import read

_TOKEN = {"KARDIA_GITLAB_TOKEN": "glpat-of-a-test"}


@pytest.fixture
def jobs(clinic: Repository, tmp_path: Path) -> Iterator[JobRunner]:
    with Account(seed=7) as account, serving(create_app(account)) as url:
        environ = {
            "KARDIA_ENDPOINT": url,
            "KARDIA_API_KEY": API_KEY,
            "KARDIA_STATE_KEY": "s" * 32,
            "KARDIA_REVIEW_KEY": "r" * 32,
        }
        yield JobRunner(clinic.top, tmp_path / "runner", environ).prepare()


def _planned(jobs: JobRunner) -> dict[str, str]:
    done = jobs.run("kardia-plan")
    assert done.returncode == 0, done.stdout
    return dotenv(jobs.repository / "kardia-ci" / "kardia-ci.env")


def test_the_plan_counts_for_the_merge_request_and_passes_its_digest_on(jobs: JobRunner) -> None:
    variables = _planned(jobs)
    counts = json.loads((jobs.repository / "kardia-ci" / "terraform.json").read_text())
    assert counts == {"create": 4, "update": 0, "delete": 0}
    done = jobs.run("kardia-apply", KARDIA_CI_DIGEST=variables["KARDIA_CI_DIGEST"])
    assert done.returncode == 0, done.stdout
    assert "4 added" in done.stdout
    assert _planned(jobs)["KARDIA_CI_CHANGED"] == "false"


def test_another_plan_than_the_one_that_was_read_is_refused(jobs: JobRunner, clinic: Repository) -> None:
    digest = _planned(jobs)["KARDIA_CI_DIGEST"]
    clinic.write((clinic.top / "kardia.yaml").read_text().replace("1971", "1972"), "kardia.yaml")
    done = jobs.run("kardia-apply", KARDIA_CI_DIGEST=digest)
    assert done.returncode == 1
    assert "Nothing was sent" in done.stdout
    assert jobs.run("kardia-apply", KARDIA_CI_DIGEST="").returncode == 1


def test_the_page_is_one_note_of_our_own_which_the_next_push_edits(jobs: JobRunner) -> None:
    _planned(jobs)
    assert jobs.run("kardia-note", **_TOKEN).returncode == 0
    posted = jobs.calls[-1]
    assert posted["method"] == "POST"
    assert posted["data"]["body"].startswith("<!-- kardia-ctl review ")
    page = posted["data"]["body"]
    jobs.answers(
        {
            "/user": {"id": 9},
            "/notes": [
                {"id": 1, "author": {"id": 8}, "body": page},
                {"id": 2, "author": {"id": 9}, "body": "something else"},
                {"id": 3, "author": {"id": 9}, "body": page + "old"},
            ],
        }
    )
    assert jobs.run("kardia-note", **_TOKEN).returncode == 0
    assert jobs.calls[-1]["method"] == "PUT"
    assert jobs.calls[-1]["url"].endswith("/merge_requests/12/notes/3")


def test_a_fork_sees_what_it_declares_without_a_variable(jobs: JobRunner, clinic: Repository) -> None:
    clinic.git("branch", "target")
    clinic.write((clinic.top / "kardia.yaml").read_text().replace("barnabo@", "barnabas@"), "kardia.yaml")
    clinic.commit()
    clinic.git("clone", "-q", "--bare", ".", "../target.git")
    jobs.environ = {}
    done = jobs.run(
        "kardia-outside",
        CI_MERGE_REQUEST_PROJECT_URL=str(clinic.top.parent / "target"),
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="target",
    )
    assert done.returncode == 0, done.stdout
    assert "1 patient changed" in done.stdout
    assert "barnab" not in done.stdout


def test_drift_is_one_issue_or_without_a_token_a_red_job(jobs: JobRunner) -> None:
    digest = _planned(jobs)["KARDIA_CI_DIGEST"]
    assert jobs.run("kardia-apply", KARDIA_CI_DIGEST=digest).returncode == 0
    assert jobs.run("kardia-drift").returncode == 0
    assert jobs.calls == []
    _edit(jobs)
    red = jobs.run("kardia-drift", KARDIA_GITLAB_TOKEN="")
    assert (red.returncode, jobs.calls) == (1, [])
    assert jobs.run("kardia-drift", **_TOKEN).returncode == 0
    created = jobs.calls[-1]
    assert (created["method"], created["data"]["labels"]) == ("POST", "kardia-drift")
    assert "--update --patch drift.patch" in created["data"]["description"]
    jobs.answers({"/issues": [{"iid": 5}]})
    assert jobs.run("kardia-drift", **_TOKEN).returncode == 0
    assert (jobs.calls[-1]["method"], jobs.calls[-1]["url"].rpartition("/")[2]) == ("PUT", "5")


def _edit(jobs: JobRunner) -> None:
    """What somebody does in the vendor's application."""
    import os
    import subprocess
    import sys

    command = [str(Path(sys.executable).parent / "kardia-ctl"), "sandbox", "edit", "--mrn", "CL-1"]
    environ = {**os.environ, **jobs.environ}
    subprocess.run([*command, "--firstname", "Changed"], env=environ, check=True, capture_output=True)


def test_each_job_runs_where_it_should_and_a_fork_reaches_no_other(clinic: Repository) -> None:
    jobs = read(clinic.top / ".gitlab" / "kardia.yml")
    of_a_fork = {
        name
        for name, job in jobs.items()
        for rule in job.get("rules", ())
        if "merge_request_event" in rule["if"] and "PROJECT_ID == $CI_PROJECT_ID" not in rule["if"]
    }
    assert of_a_fork == {"kardia-outside"}
    (rule,) = jobs["kardia-apply"]["rules"]
    assert rule["when"] == "manual"
    assert "$CI_DEFAULT_BRANCH" in rule["if"]


def test_no_key_is_written_into_the_jobs(clinic: Repository) -> None:
    text = (clinic.top / ".gitlab" / "kardia.yml").read_text(encoding="utf-8")
    assert not re.search(r"KARDIA_(API|STATE|REVIEW)_KEY", text)
