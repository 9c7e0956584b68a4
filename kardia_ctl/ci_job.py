"""The CI job that this process belongs to, in the words of its CI system."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CiSystem:
    """A CI system, and the variables that its documentation names.

    Attributes:
        name: How logs call it.
        mark: The variable that is set in each of its jobs.
        url: Where a job can be looked at: a text with variables in braces.
        actor: The variable that says who started the job; empty when there is none, here and below.
        commit: That of the revision.
        ref: That of its branch or tag.
        review: That of the number of the reviewed change.
    """

    name: str
    mark: str
    url: str
    actor: str = ""
    commit: str = ""
    ref: str = ""
    review: str = ""


_SYSTEMS: Final = (
    CiSystem(
        "GitHub Actions",
        "GITHUB_RUN_ID",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        "GITHUB_TRIGGERING_ACTOR",
        "GITHUB_SHA",
        "GITHUB_REF",
    ),
    CiSystem(
        "Bitbucket Pipelines",
        "BITBUCKET_BUILD_NUMBER",
        "{BITBUCKET_GIT_HTTP_ORIGIN}/addon/pipelines/home#!/results/{BITBUCKET_BUILD_NUMBER}",
        "BITBUCKET_STEP_TRIGGERER_UUID",
        "BITBUCKET_COMMIT",
        "BITBUCKET_BRANCH",
        "BITBUCKET_PR_ID",
    ),
    CiSystem(
        "Azure Pipelines",
        "SYSTEM_COLLECTIONURI",
        "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        "BUILD_REQUESTEDFOR",
        "BUILD_SOURCEVERSION",
        "BUILD_SOURCEBRANCH",
        "SYSTEM_PULLREQUEST_PULLREQUESTID",
    ),
    CiSystem(
        "GitLab CI",
        "CI_JOB_URL",
        "{CI_JOB_URL}",
        "GITLAB_USER_LOGIN",
        "CI_COMMIT_SHA",
        "CI_COMMIT_REF_NAME",
        "CI_MERGE_REQUEST_IID",
    ),
    CiSystem(
        "Buildkite",
        "BUILDKITE_BUILD_URL",
        "{BUILDKITE_BUILD_URL}",
        "BUILDKITE_BUILD_CREATOR",
        "BUILDKITE_COMMIT",
        "BUILDKITE_BRANCH",
    ),
    CiSystem(
        "CircleCI",
        "CIRCLE_BUILD_URL",
        "{CIRCLE_BUILD_URL}",
        "CIRCLE_USERNAME",
        "CIRCLE_SHA1",
        "CIRCLE_BRANCH",
    ),
    CiSystem("Jenkins", "BUILD_URL", "{BUILD_URL}", "", "GIT_COMMIT", "GIT_BRANCH"),
)


def ci_job(environ: Mapping[str, str]) -> dict[str, str]:
    """What the CI system says of the job; empty outside of CI.

    Returns:
        ``ci`` (the system's name), ``url``, ``actor``, ``commit``, ``ref``, ``review``; those that are known.
    """
    for system in _SYSTEMS:
        if environ.get(system.mark):
            named = {
                "actor": system.actor,
                "commit": system.commit,
                "ref": system.ref,
                "review": system.review,
            }
            values = {key: environ.get(variable, "") for key, variable in named.items()}
            found = {"ci": system.name, "url": _filled(system.url, environ), **values}
            return {key: value for key, value in found.items() if value}
    return {}


def _filled(url: str, environ: Mapping[str, str]) -> str:
    try:
        return url.format_map(environ)
    except KeyError:
        return ""
