"""The job after a merge: plan anew, compare the digest, apply."""

from typing import Any

from kardia_ctl.cli.account.account_options import account_from
from kardia_ctl.cli.commands.apply.command import apply_path
from kardia_ctl.cli.commands.ci.job import Job
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.reports.annotations import of_plan


def apply_job(job: Job, options: dict[str, Any], *, approved: bool) -> int:
    """Apply, and write the results. Returns the exit code.

    Raises:
        KardiaError: nothing was sent; the message says why.
    """
    if not approved and options["expect_digest"] is None:
        raise RunStopped(
            "ci --apply needs --expect-digest DIGEST, the digest of the plan that was approved. To apply "
            "whatever the plan is: --auto-approve"
        )
    options["auto_approve"] = True
    code = apply_path(job.path, account_from(options), job.reporter, job.view, options)
    plan = job.reporter.planned
    of_this_plan = () if plan is None else of_plan(plan, job.annotator)
    job.end("unfinished" if code else "applied", (*of_this_plan, *job.warnings()))
    return code
