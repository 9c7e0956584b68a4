"""What CI systems take of a job: outputs, annotations, summary; and no command that somebody wrote."""

import re
from pathlib import Path

import pytest

from kardia_ctl.cli.commands.ci.platforms import Platform
from kardia_ctl.cli.commands.ci.publishing import SUMMARY
from tests.cli.commands.ci.conftest import Job
from tests.render.reports.test_job_outputs import read_github

RUN_BY_GITHUB = re.compile(r"^\s*::(?P<name>[a-z-]+)(?: [^:]*)?::", re.MULTILINE)
RUN_BY_AZURE = re.compile(r"##(?:vso)?\[(?P<name>[a-z.]+)")

HOSTILE = """\
patients:
  - mrn: "::error file=x::MRN-4711"
    dob: 1971-11-02
    email: ada@example.com
  - mrn: "##vso[task.complete result=Succeeded]MRN-4712"
    dob: 1971-11-0
    email: adb@example.com
departures:
  - {mrn: "MRN-4713", action: delete, reason: "::set-output name=changed::REASON-4713"}
  - {mrn: "MRN-4714", action: disconnect, reason: "##vso[task.setvariable variable=changed]REASON-4714"}
"""


@pytest.fixture
def github(ci: Job, tmp_path: Path) -> Job:
    ci.on(Platform.GITHUB, GITHUB_OUTPUT=tmp_path / "output", GITHUB_STEP_SUMMARY=tmp_path / "summary")
    return ci


def test_github_gets_outputs_and_a_summary(github: Job, tmp_path: Path) -> None:
    (tmp_path / "output").write_text("earlier=1\n")
    (tmp_path / "summary").write_text("Earlier.\n")
    assert github.run().code == 0
    earlier, _, text = (tmp_path / "output").read_text().partition("\n")
    assert earlier == "earlier=1"
    outputs = read_github(text)
    assert {name.upper(): value for name, value in outputs.items()} == dict(github.outputs)
    assert outputs["page"] == str(github.out / "page.md")
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("Earlier.\n<!-- kardia-ctl review ")
    assert (github.out / "page.md").read_text() in summary
    assert (github.out / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_a_summary_that_would_be_too_long_is_left_out(github: Job, tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("x" * (SUMMARY - 100))
    ran = github.run()
    assert ran.code == 0
    assert "no room" in ran.err
    assert (tmp_path / "summary").stat().st_size == SUMMARY - 100


def test_the_summary_of_an_apply_begins_with_its_results(github: Job, tmp_path: Path) -> None:
    github.desk.edit(lambda text: text.replace("version: 1", "version: 1\nstate: ephemeral"))
    github.run("--apply", "--auto-approve")
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("### kardia-ctl: applied")
    assert "Apply complete! Resources: 8 added" in summary


def test_github_takes_no_command_from_the_plan(github: Job) -> None:
    lines = github.run().out.splitlines()
    (stop,) = (place for place, line in enumerate(lines) if line.startswith("::stop-commands::"))
    token = lines[stop].removeprefix("::stop-commands::")
    resume = lines.index(f"::{token}::")
    assert any("Plan: 8 to add" in line for line in lines[stop:resume])
    assert len(token) == 32


def test_an_output_file_that_cannot_be_written_is_an_error(github: Job, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    ran = github.run()
    assert ran.code == 1
    assert "GITHUB_OUTPUT" in ran.err
    assert github.outputs["RESULT"] == "failed"
    assert github.run("--apply", "--auto-approve").requests == []


def test_azure_gets_variables_and_the_page(ci: Job) -> None:
    ci.on(Platform.AZURE)
    out = ci.run().out
    assert "##vso[task.setvariable variable=to_add;isOutput=true]8\n" in out
    assert f"##vso[task.uploadsummary]{ci.out / 'page.md'}\n" in out


def test_bitbucket_gets_variables(ci: Job, tmp_path: Path) -> None:
    ci.on(Platform.BITBUCKET, BITBUCKET_PIPELINES_VARIABLES_PATH=tmp_path / "variables")
    ci.run()
    assert (tmp_path / "variables").read_text() == (ci.out / "kardia-ci.env").read_text()


@pytest.mark.parametrize("platform", Platform)
def test_nothing_that_somebody_wrote_is_a_command_and_no_mrn_or_reason_is_seen(
    ci: Job, platform: Platform
) -> None:
    ci.on(platform)
    for birth in ("1971-11-0", "1971-11-03"):  # not valid, then valid
        ci.desk.write(f"version: 1\n{HOSTILE}".replace("1971-11-0\n", f"{birth}\n"))
        ran = ci.run()
        said = ran.out + ran.err
        commands = {found["name"] for found in RUN_BY_GITHUB.finditer(said)}
        expected = {"error", "warning", "notice", "stop-commands"} if platform is Platform.GITHUB else set()
        assert {name for name in commands if not re.fullmatch("[0-9a-f-]{32}", name)} <= expected
        azure = {found["name"] for found in RUN_BY_AZURE.finditer(said)}
        taken = {"task.logissue", "task.setvariable", "task.uploadsummary"}
        assert azure <= (taken if platform is Platform.AZURE else set())
        written = "".join(file.read_bytes().decode("latin-1") for file in ci.out.iterdir())
        for marker in ("MRN-471", "REASON-471"):
            assert marker not in said
            assert marker not in written


def test_a_directory_s_name_adds_no_output(ci: Job) -> None:
    ci.out = ci.out.with_name("x\nKARDIA_CI_CHANGED=false")
    ran = ci.run()
    assert ran.code == 1
    assert "cannot be printed" in ran.err
    assert ran.requests == []
