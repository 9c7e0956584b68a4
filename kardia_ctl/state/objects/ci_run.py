"""The page of the CI run that this process belongs to."""

from collections.abc import Mapping


def run_url(environment: Mapping[str, str]) -> str:
    """The URL of the CI run; empty outside of CI.

    The variables are those that GitHub Actions, GitLab, Bitbucket, Azure Pipelines, Jenkins, Buildkite and
    CircleCI document.
    """
    found = environment.get
    if found("GITHUB_RUN_ID"):
        return (
            f"{found('GITHUB_SERVER_URL')}/{found('GITHUB_REPOSITORY')}/actions/runs/{found('GITHUB_RUN_ID')}"
        )
    if found("BITBUCKET_BUILD_NUMBER"):
        return (
            f"{found('BITBUCKET_GIT_HTTP_ORIGIN')}/addon/pipelines/home#!/results/"
            f"{found('BITBUCKET_BUILD_NUMBER')}"
        )
    if found("SYSTEM_COLLECTIONURI") and found("BUILD_BUILDID"):
        return (
            f"{found('SYSTEM_COLLECTIONURI')}{found('SYSTEM_TEAMPROJECT')}/_build/results?buildId="
            f"{found('BUILD_BUILDID')}"
        )
    names = "CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL"
    return next(filter(None, map(found, names)), "")
