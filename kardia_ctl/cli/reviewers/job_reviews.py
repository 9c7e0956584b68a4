"""Who wrote and who approved what a job applies: from the event of the CI system, and from files."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from kardia_ctl.ci_job import ci_job
from kardia_ctl.cli.reviewers.reviews import Reviews, reviews_in
from kardia_ctl.model.errors import RunStopped

_EVENT: Final = "GITHUB_EVENT_PATH"
_LARGEST: Final = 64_000_000
_COMMIT_AUTHORS: Final = (
    ("CI_COMMIT_AUTHOR", "CI_COMMIT_TITLE"),
    ("BUILD_SOURCEVERSIONAUTHOR", "BUILD_SOURCEVERSIONMESSAGE"),
)
"""The variables of GitLab and Azure for who wrote the commit, and for its message: of a merge, who merged."""


def job_reviews(environ: Mapping[str, str], files: Iterable[Path]) -> Reviews:
    """What the event of a job and the files of approvals say.

    Raises:
        RunStopped: a file cannot be read, or is no list of approvals that is known.
    """
    found = Reviews()
    if event := environ.get(_EVENT):
        found += reviews_in(_json(Path(event)))
    for file in files:
        read = reviews_in(_json(file), found.head)
        if not (read.is_listed or read.authors):
            raise RunStopped(
                f"--approvals: {file} has neither an author nor approvals. It takes what the API of GitHub, "
                'GitLab, Bitbucket or Azure answers, or {"author": "…", "approved_by": ["…"]}'
            )
        found += read
    for author, message in _COMMIT_AUTHORS:
        if environ.get(author) and not environ.get(message, "").startswith("Merge "):
            found += Reviews((environ[author],))
    if not found.authors and (actor := ci_job(environ).get("actor")):
        found += Reviews((actor,))
    return found


def _json(file: Path) -> object:
    try:
        with file.open("rb") as opened:
            found: object = json.loads(opened.read(_LARGEST))
    except OSError as error:
        raise RunStopped(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RunStopped(f"{file} is not JSON") from error
    return found
