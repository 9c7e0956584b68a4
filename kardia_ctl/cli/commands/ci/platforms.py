"""Which CI system runs the job, and what it says of the change under review."""

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from kardia_ctl.cli.environment import given


class Platform(Enum):
    """A CI system, with the variable that it sets in each job."""

    GITHUB = "GITHUB_ACTIONS"
    GITLAB = "GITLAB_CI"
    BITBUCKET = "BITBUCKET_BUILD_NUMBER"
    AZURE = "TF_BUILD"
    OTHER = ""


def platform_of(environ: Mapping[str, str]) -> Platform:
    """The CI system of this process; ``OTHER`` for any that is not known, and for none."""
    known = (one for one in Platform if one.value and given(environ, one.value))
    return next(known, Platform.OTHER)


_DEPENDABOT: Final = "dependabot[bot]"


def withholds_secrets(environ: Mapping[str, str]) -> bool:
    """Whether the job is for a change from outside, so that the CI system gives it no secrets.

    GitHub: a pull request from a fork, or of Dependabot. GitLab: a merge request from another project.
    Azure: SYSTEM_PULLREQUEST_ISFORK. Bitbucket builds no pull request from another repository.
    """
    match platform_of(environ):
        case Platform.GITHUB:
            return _is_from_outside(environ)
        case Platform.GITLAB:
            source = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "")
            return bool(source) and source != environ.get("CI_MERGE_REQUEST_PROJECT_ID", "")
        case Platform.AZURE:
            return environ.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() == "true"
        case _:
            return False


def _is_from_outside(environ: Mapping[str, str]) -> bool:
    if environ.get("GITHUB_EVENT_NAME") != "pull_request":
        return False
    if environ.get("GITHUB_ACTOR") == _DEPENDABOT:
        return True
    request = _event(environ).get("pull_request") or {}
    head = ((request.get("head") or {}).get("repo") or {}).get("full_name")
    return bool(request) and head != environ.get("GITHUB_REPOSITORY")


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    """The event that GitHub started the job for; empty when it cannot be read."""
    try:
        with Path(environ.get("GITHUB_EVENT_PATH", "")).open("rb") as opened:
            found = json.load(opened)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def base_revision(environ: Mapping[str, str]) -> str:
    """The revision that the change under review starts from, as git names it; empty when there is none."""
    match platform_of(environ):
        case Platform.GITHUB:
            return _remote(environ.get("GITHUB_BASE_REF", ""))
        case Platform.GITLAB:
            return environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
        case Platform.BITBUCKET:
            return _remote(environ.get("BITBUCKET_PR_DESTINATION_BRANCH", ""))
        case Platform.AZURE:
            return _remote(environ.get("SYSTEM_PULLREQUEST_TARGETBRANCH", "").removeprefix("refs/heads/"))
        case Platform.OTHER:
            return ""


def _remote(branch: str) -> str:
    return f"origin/{branch}" if branch else ""
