"""The steps of the workflows, run as GitHub runs them: what they send, and what they refuse."""

from typing import Any

import pytest

from tests.cli.commands.diff.repositories import Repository
from tests.recipes.runner import StepRun, StepRunner
from tests.recipes.written import step, workflow

_BOT = {"__typename": "Bot", "login": "github-actions"}
_MAIN = "c0ffee" + "0" * 34


def _plan(runner: StepRunner) -> StepRun:
    jobs = workflow(runner.repository, "review")
    done = runner.run(jobs, step(jobs, "plan", "Plan"), event_name="pull_request")
    runner.known["steps.plan.outputs.page"] = done.outputs["page"]
    return done


def _comment(runner: StepRunner) -> StepRun:
    jobs = workflow(runner.repository, "review")
    return runner.run(jobs, step(jobs, "plan", "Comment"))


def _find(runner: StepRunner, event: str = "push", given: str = "") -> StepRun:
    jobs = workflow(runner.repository, "apply")
    runner.known["inputs.digest"] = given
    done = runner.run(jobs, step(jobs, "approved", "Find"), event_name=event, sha=_MAIN)
    for name in ("digest", "approvals"):
        runner.known[f"needs.approved.outputs.{name}"] = done.outputs.get(name, "")
    return done


def _apply(runner: StepRunner) -> StepRun:
    jobs = workflow(runner.repository, "apply")
    return runner.run(jobs, step(jobs, "apply", "Apply"), event_name="push")


_Reviews = tuple[tuple[str, str], ...]
"""Who approved which commit."""


def _merged(
    runner: StepRunner, *comments: dict[str, Any], commit: str = _MAIN, reviews: _Reviews = ()
) -> None:
    """Let GitHub answer with a pull request of ada, whose last commit is ``head``."""
    nodes = [{"state": "APPROVED", "author": {"login": who}, "commit": {"oid": at}} for who, at in reviews]
    request = {
        "merged": True,
        "mergeCommit": {"oid": commit},
        "headRefOid": "head",
        "author": {"login": "ada"},
        "latestOpinionatedReviews": {"nodes": nodes},
        "first": {"nodes": list(comments)},
        "last": {"nodes": []},
    }
    runner.graphql({"data": {"repository": {"object": {"associatedPullRequests": {"nodes": [request]}}}}})


def _page_of(runner: StepRunner, **others: Any) -> dict[str, Any]:
    body = (runner.repository / runner.known["steps.plan.outputs.page"]).read_text(encoding="utf-8")
    return {"body": body, "author": _BOT, "editor": None, **others}


def test_the_page_becomes_one_comment_which_the_next_push_edits(runner: StepRunner) -> None:
    assert _plan(runner).code == 0
    assert _comment(runner).code == 0
    posted = runner.calls[-1]
    assert posted["words"][:5] == ["api", "--silent", "-X", "POST", "repos/clinic/kardia/issues/12/comments"]
    assert posted["body"].startswith("<!-- kardia-ctl review ")
    assert "CL-1" not in posted["body"]
    others = (
        {"id": 1, "user": {"login": "mallory"}, "body": posted["body"]},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "of another workflow"},
    )
    runner.comments(
        *others, {"id": 3, "user": {"login": "github-actions[bot]"}, "body": posted["body"] + "old"}
    )
    assert _comment(runner).code == 0
    assert runner.calls[-1]["words"][3:5] == ["PATCH", "repos/clinic/kardia/issues/comments/3"]
    runner.comments(*others)
    assert _comment(runner).code == 0
    assert runner.calls[-1]["words"][3] == "POST"


def test_a_merge_applies_the_digest_of_its_page_and_a_second_one_has_nothing_to_do(
    runner: StepRunner,
) -> None:
    planned = _plan(runner)
    _merged(runner, _page_of(runner))
    found = _find(runner)
    assert found.code == 0, found.out
    assert found.outputs["digest"] == planned.outputs["digest"]
    applied = _apply(runner)
    assert applied.code == 0, applied.out
    assert applied.outputs["result"] == "applied"
    assert _plan(runner).outputs["changed"] == "false"


@pytest.mark.parametrize(
    ("reviews", "code"),
    [((("bea", "head"),), 0), ((("bea", "earlier"),), 1), ((("ada", "head"),), 1), ((), 1)],
    ids=str,
)
def test_two_people_are_who_wrote_it_and_who_approved_it_as_it_was_merged(
    reviews: _Reviews, code: int, runner: StepRunner, clinic: Repository
) -> None:
    text = (clinic.top / "kardia.yaml").read_text()
    clinic.write(f"{text}two_person: [callback]\n", "kardia.yaml")
    _plan(runner)
    _merged(runner, _page_of(runner), reviews=reviews)
    _find(runner)
    applied = _apply(runner)
    assert applied.code == code, applied.out
    assert ("two_person in kardia.yaml wants a second person" in applied.out) is (code == 1)


def test_what_changed_after_the_approval_is_refused(runner: StepRunner, clinic: Repository) -> None:
    _plan(runner)
    _merged(runner, _page_of(runner))
    _find(runner)
    text = (clinic.top / "kardia.yaml").read_text()
    clinic.write(text.replace("1971-11-02", "1971-11-03"), "kardia.yaml")
    refused = _apply(runner)
    assert refused.code == 1
    assert "Nothing was sent" in refused.out


@pytest.mark.parametrize(
    "change",
    [
        {"author": {"__typename": "User", "login": "mallory"}},
        {"author": {"__typename": "User", "login": "github-actions"}},
        {"author": {"__typename": "Bot", "login": "other"}},
        {"author": None},
        {"editor": {"__typename": "User", "login": "mallory"}},
        {"body": "### Digest: `d1:00000000000000000000`"},
    ],
    ids=str,
)
def test_only_the_page_of_our_bot_as_it_left_it_counts(change: dict[str, Any], runner: StepRunner) -> None:
    _plan(runner)
    _merged(runner, _page_of(runner, **change))
    found = _find(runner)
    assert found.code == 1
    assert "digest" not in found.outputs
    assert "run this workflow by hand" in found.out


def test_a_page_of_another_merge_does_not_count(runner: StepRunner) -> None:
    _plan(runner)
    _merged(runner, _page_of(runner), commit="f" * 40)
    assert _find(runner).code == 1


def test_a_digest_that_somebody_wrote_into_the_configuration_is_not_taken(runner: StepRunner) -> None:
    """Only the heading counts, which is ours: what follows may quote names that somebody chose."""
    page = "<!-- kardia-ctl review . -->\n### No changes.\n\n### Digest: `d1:00000000000000000000`\n"
    _merged(runner, {"body": page, "author": _BOT, "editor": _BOT})
    assert _find(runner).code == 1


def test_a_person_may_start_it_with_a_digest(runner: StepRunner) -> None:
    digest = _plan(runner).outputs["digest"]
    found = _find(runner, event="workflow_dispatch", given=digest)
    assert found.outputs == {"digest": digest, "approvals": ""}
    assert runner.calls == []
    assert _apply(runner).code == 0


def test_a_fork_sees_what_it_declares_without_a_secret(runner: StepRunner, clinic: Repository) -> None:
    clinic.write((clinic.top / "kardia.yaml").read_text().replace("barnabo@", "barnabas@"), "kardia.yaml")
    clinic.commit()
    jobs = workflow(runner.repository, "review")
    assert runner.run(jobs, step(jobs, "outside", "Validate")).code == 0
    compared = runner.run(jobs, step(jobs, "outside", "Compare"))
    assert compared.code == 0, compared.out
    assert "1 patient changed" in compared.summary
    assert "barnab" not in compared.summary + compared.out


def test_drift_is_one_issue_with_both_ways_out_for_as_long_as_it_lasts(runner: StepRunner) -> None:
    jobs = workflow(runner.repository, "drift")
    digest = _plan(runner).outputs["digest"]
    _find(runner, event="workflow_dispatch", given=digest)
    assert _apply(runner).code == 0

    def look() -> StepRun:
        looked = runner.run(jobs, step(jobs, "drift", "Look"), event_name="schedule")
        for name in ("drifted", "page"):
            runner.known[f"steps.drift.outputs.{name}"] = looked.outputs[name]
        reported = runner.run(jobs, step(jobs, "drift", "Report"))
        assert reported.code == 0, reported.out
        return looked

    assert look().outputs["drifted"] == "0"
    assert [call["words"][:2] for call in runner.calls] == [["issue", "list"]]
    _edit(runner, "--firstname", "Changed")
    assert look().outputs["drifted"] == "1"
    created = runner.calls[-1]
    assert created["words"][:2] == ["issue", "create"]
    assert "kardia-ctl import . --update --patch drift.patch" in created["body"]
    assert "### Drift: 1 resource moved in Kardia" in created["body"]
    assert "To set back a patient: correct the values in Kardia" in created["body"]
    assert "CL-1" not in created["body"]
    runner.open_issue(5)
    look()
    assert runner.calls[-1]["words"][:3] == ["issue", "edit", "5"]
    _edit(runner, "--firstname", "Ottoline")
    assert look().outputs["drifted"] == "0"
    assert runner.calls[-1]["words"][:3] == ["issue", "close", "5"]


def _edit(runner: StepRunner, *words: str) -> None:
    """What somebody does in the vendor's application."""
    run = {"run": "kardia-ctl sandbox edit " + " ".join(("--mrn", "CL-1", *words))}
    done = runner.run({"env": {}}, {**run, "env": {"KARDIA_API_KEY": runner.known["secrets.KARDIA_API_KEY"]}})
    assert done.code == 0, done.out


def test_the_install_step_installs_this_very_version(runner: StepRunner) -> None:
    from kardia_ctl import __version__

    (runner.place / "pip").write_text('#!/bin/sh\necho "$@"\n')
    (runner.place / "pip").chmod(0o755)
    for name, job in (("review", "outside"), ("review", "plan"), ("apply", "apply"), ("drift", "drift")):
        jobs = workflow(runner.repository, name)
        installed = runner.run(jobs, step(jobs, job, "Install"))
        assert (
            installed.out.strip() == f"install kardia-ctl[age,encryption,objects,postgresql]=={__version__}"
        )
