"""Who runs a command and from where."""

from collections.abc import Mapping

from kardia_ctl.ci_job import ci_job
from kardia_ctl.state.lock_info import who


def run_origin(environ: Mapping[str, str]) -> dict[str, str]:
    """Who runs this (``who``: user@host, behind the actor of a CI job), and what the CI system says."""
    job = ci_job(environ)
    actor = job.pop("actor", "")
    return {"who": f"{actor} ({who()})" if actor else who(), **job}
