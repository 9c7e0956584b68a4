"""Who wrote and who approved, in the JSON of GitHub, GitLab, Bitbucket and Azure."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.cli.reviewers.job_reviews import job_reviews
from kardia_ctl.cli.reviewers.reviews import Reviews, is_among, is_bot, is_somebody, reviews_in
from kardia_ctl.model.errors import RunStopped


def user(login: str, kind: str = "User") -> dict[str, str]:
    return {"login": login, "type": kind}


def review(login: str, state: str, commit: str = "c1", kind: str = "User") -> dict[str, Any]:
    return {"user": user(login, kind), "state": state, "commit_id": commit}


PULL: dict[str, Any] = {"user": user("ann"), "head": {"sha": "c1"}, "merged": False, "merged_by": None}

FORMS = {
    "a review that approves": (
        {"action": "submitted", "review": review("bo", "approved"), "pull_request": PULL},
        Reviews(("ann",), ("bo",), True),
    ),
    "a review of an earlier commit": (
        {"review": review("bo", "approved", "c0"), "pull_request": PULL},
        Reviews(("ann",), (), True),
    ),
    "a review that asks for changes": (
        {"review": review("bo", "changes_requested"), "pull_request": PULL},
        Reviews(("ann",), (), True),
    ),
    "a merged pull request": (
        {"action": "closed", "pull_request": {**PULL, "merged": True, "merged_by": user("bo")}},
        Reviews(("ann",), ("bo",), True),
    ),
    "a pull request that was closed": (
        {"action": "closed", "pull_request": {**PULL, "merged_by": user("bo")}},
        Reviews(("ann",)),
    ),
    "a push of a merge": (
        {
            "pusher": {"name": "bo"},
            "commits": [
                {"message": "Add AC-1", "author": {"username": "ann", "name": "Ann"}},
                {
                    "message": "Merge pull request #3 from ann/x",
                    "author": {"username": "bo"},
                    "committer": {"username": "web-flow"},
                },
            ],
        },
        Reviews(("ann",)),
    ),
    "a push of what is only called a merge": (
        {
            "pusher": {"name": "ann"},
            "commits": [
                {"message": "Add AC-1", "author": {"username": "bo"}},
                {"message": "Merge my own change", "author": {"username": "ann"}},
            ],
        },
        Reviews(("bo", "ann")),
    ),
    "a push of no commits": ({"pusher": {"name": "bo"}, "commits": []}, Reviews(("bo",))),
    "GitHub's reviews": (
        [
            review("bo", "APPROVED"),
            review("cy", "APPROVED"),
            review("cy", "CHANGES_REQUESTED"),
            review("bo", "COMMENTED"),
            review("dependabot[bot]", "APPROVED", kind="Bot"),
        ],
        Reviews((), ("bo",), True),
    ),
    "GitHub's reviews of an environment": (
        [
            {"state": "approved", "user": user("bo"), "environments": []},
            {"state": "rejected", "user": user("cy")},
        ],
        Reviews((), ("bo",), True),
    ),
    "GitLab's approvals": (
        {"iid": 4, "approved_by": [{"user": {"username": "bo", "name": "Bo B"}}]},
        Reviews((), ("bo",), True),
    ),
    "GitLab's merge request": ({"iid": 4, "author": {"username": "ann"}, "reviewers": []}, Reviews(("ann",))),
    "Bitbucket's pull request": (
        {
            "author": {"nickname": "ann", "display_name": "Ann A"},
            "participants": [
                {"user": {"nickname": "bo"}, "approved": True},
                {"user": {"nickname": "cy"}, "approved": False},
            ],
        },
        Reviews(("ann",), ("bo",), True),
    ),
    "Azure's pull request": (
        {
            "createdBy": {"uniqueName": "ann@example.com"},
            "reviewers": [
                {"uniqueName": "bo@example.com", "vote": 10},
                {"uniqueName": "cy@example.com", "vote": 0},
                {"uniqueName": "di@example.com", "vote": -10},
            ],
        },
        Reviews(("ann@example.com",), ("bo@example.com",), True),
    ),
    "our own form": ({"author": "ann", "approved_by": ["bo"]}, Reviews(("ann",), ("bo",), True)),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_form_says_who_wrote_and_who_approved(name: str) -> None:
    document, expected = FORMS[name]
    assert reviews_in(document) == expected


KEYS = [
    *("review", "pull_request", "user", "state", "commits", "pusher", "approved_by", "author", "login"),
    *("participants", "reviewers", "vote", "approved", "merged", "merged_by", "head", "createdBy"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_of_any_other_form_raises_nothing(document: object) -> None:
    assert isinstance(reviews_in(document), Reviews)


@pytest.mark.parametrize(
    "name",
    [
        "dependabot[bot]",
        "github-actions[bot]",
        "Renovate[BOT]",
        "project_12_bot_a1b2",
        "group_7_bot",
        "web-flow",
        "@github-actions",
        "GitHub-Actions\u200b",
    ],
)
def test_a_bot_is_known_by_its_name(name: str) -> None:
    assert is_bot(name)


@pytest.mark.parametrize("name", ["bo", "abbott", "project_12", "web", "jo[b]"])
def test_a_person_is_no_bot(name: str) -> None:
    assert not is_bot(name)


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("Ann", "ann", True),
        ("@ann", "ANN", True),
        ("ann@example.com", "Ann A <ann@example.com>", True),
        ("ann", "Ann A <ann@example.com>", True),
        ("ann a", "Ann A <a@example.com>", True),
        ("bo", "Ann A <ann@example.com>", False),
        ("", "Ann A <ann@example.com>", False),
        ("ann\u200b", "ann", True),
        ("\uff41\uff4e\uff4e", "ann", True),
    ],
)
def test_the_author_is_known_in_every_spelling(name: str, other: str, same: bool) -> None:
    assert is_among(name, [other]) is same


@pytest.mark.parametrize("name", ["", "@", "<>", "\u200b", "-", " . "])
def test_a_name_without_a_letter_or_digit_is_nobody(name: str) -> None:
    assert not is_somebody(name)
    assert is_somebody(f"{name}bo")


def test_of_several_reviews_the_last_counts_whichever_file_or_spelling_it_is_in() -> None:
    approved, dismissed = (reviews_in([review(*one)]) for one in (("bo", "APPROVED"), ("Bo", "DISMISSED")))
    assert (approved + dismissed).approvers == ()
    assert (dismissed + approved).approvers == ("bo",)
    assert reviews_in([review("bo", "APPROVED"), review("Bo", "CHANGES_REQUESTED")]).approvers == ()


def test_an_approval_in_a_list_is_of_the_head_where_an_event_names_it(tmp_path: Path) -> None:
    event, more = tmp_path / "event.json", tmp_path / "reviews.json"
    event.write_text(json.dumps({"pull_request": PULL | {"head": {"sha": "c2"}}}))
    for commit, expected in (("c1", ()), ("c2", ("bo",))):
        more.write_text(json.dumps([review("bo", "APPROVED", commit)]))
        assert job_reviews({"GITHUB_EVENT_PATH": str(event)}, [more]).approvers == expected


def test_a_group_of_azure_and_what_is_no_text_approve_nothing() -> None:
    group = {"uniqueName": "vstfs:///x", "isContainer": True, "vote": 10}
    assert reviews_in({"createdBy": {"uniqueName": "ann"}, "reviewers": [group]}).approvers == ()
    for odd in (["bo"], {"a": 1}, True, "b\n::x", "\ud800b"):
        assert reviews_in({"approved_by": [{"user": {"login": odd}}]}).approvers == ()


def test_the_event_comes_first_and_files_add_to_it(tmp_path: Path) -> None:
    event, more = tmp_path / "event.json", tmp_path / "reviews.json"
    event.write_text(json.dumps({"pull_request": PULL}))
    more.write_text(json.dumps([review("bo", "APPROVED")]))
    found = job_reviews({"GITHUB_EVENT_PATH": str(event), "GITHUB_RUN_ID": "1"}, [more])
    assert found == Reviews(("ann",), ("bo",), True)


def test_who_started_the_job_is_the_author_where_nothing_else_says_it() -> None:
    gitlab = {"CI_JOB_URL": "https://ci.example.com/1", "GITLAB_USER_LOGIN": "bo"}
    assert job_reviews(gitlab, ()).authors == ("bo",)
    written = {**gitlab, "CI_COMMIT_AUTHOR": "Ann A <ann@example.com>", "CI_COMMIT_TITLE": "Add AC-1"}
    assert job_reviews(written, ()).authors == ("Ann A <ann@example.com>",)
    merged = {**written, "CI_COMMIT_TITLE": "Merge branch 'x' into 'main'"}
    assert job_reviews(merged, ()).authors == ("bo",)


@pytest.mark.parametrize("text", ["", "{}", "7", "{", '{"iid": 4}', "[" * 100_000])
def test_a_file_that_says_nothing_of_approvals_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "approvals.json"
    file.write_text(text)
    with pytest.raises(RunStopped, match=r"approvals\.json"):
        job_reviews({}, [file])
