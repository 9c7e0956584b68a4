"""Who runs a command and from where, in the words of the CI system that it runs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kardia_ctl.state.lock_info import who


@dataclass(frozen=True, slots=True)
class CiSystem:
    """The variables of a CI system: their names, or a URL with names in braces.

    Attributes:
        name: How the audit log calls it.
        mark: The variable that is set in each of its jobs.
        actor: Who started the job.
        url: Where the job can be looked at.
        commit: The revision that is applied.
        ref: Its branch or tag.
        review: The number of the reviewed change.
    """

    name: str
    mark: str
    actor: str
    url: str
    commit: str
    ref: str
    review: str = ""


_SYSTEMS: Final = (
    CiSystem(
        "GitHub Actions",
        "GITHUB_ACTIONS",
        "GITHUB_TRIGGERING_ACTOR",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}/attempts/{GITHUB_RUN_ATTEMPT}",
        "GITHUB_SHA",
        "GITHUB_REF",
    ),
    CiSystem(
        "GitLab CI",
        "GITLAB_CI",
        "GITLAB_USER_LOGIN",
        "{CI_JOB_URL}",
        "CI_COMMIT_SHA",
        "CI_COMMIT_REF_NAME",
        "CI_MERGE_REQUEST_IID",
    ),
    CiSystem(
        "Bitbucket Pipelines",
        "BITBUCKET_BUILD_NUMBER",
        "BITBUCKET_STEP_TRIGGERER_UUID",
        "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
        "BITBUCKET_COMMIT",
        "BITBUCKET_BRANCH",
        "BITBUCKET_PR_ID",
    ),
    CiSystem(
        "Azure Pipelines",
        "TF_BUILD",
        "BUILD_REQUESTEDFOR",
        "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        "BUILD_SOURCEVERSION",
        "BUILD_SOURCEBRANCH",
        "SYSTEM_PULLREQUEST_PULLREQUESTID",
    ),
)
"""The CI systems whose variables are known, from their documentation."""


def run_origin(environ: Mapping[str, str]) -> dict[str, str]:
    """Who runs this and from where. What a CI system does not say is left out.

    Returns:
        ``who`` (user@host, with the actor of the CI job before it), and in CI ``ci``, ``url``, ``commit``,
        ``ref`` and ``review``.
    """
    system = next((system for system in _SYSTEMS if environ.get(system.mark)), None)
    if system is None:
        return {"who": who()}
    actor = environ.get(system.actor, "")
    found = {
        "who": f"{actor} ({who()})" if actor else who(),
        "ci": system.name,
        "url": _filled(system.url, environ),
        "commit": environ.get(system.commit, ""),
        "ref": environ.get(system.ref, ""),
        "review": environ.get(system.review, "") if system.review else "",
    }
    return {name: value for name, value in found.items() if value}


def _filled(url: str, environ: Mapping[str, str]) -> str:
    try:
        return url.format_map(environ)
    except KeyError:
        return ""
