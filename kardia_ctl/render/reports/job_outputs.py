"""The outputs of a job: what later steps and jobs decide by, in the forms that CI systems take."""

from collections.abc import Iterator, Mapping

from kardia_ctl.model.plan import Action, NoticeKind, Plan
from kardia_ctl.model.results import Report, Status
from kardia_ctl.render.plan.summary import action_counts
from kardia_ctl.render.reports.workflow_commands import azure_property, azure_text

Outputs = Mapping[str, str]
"""Names, as GitHub's outputs have them, to values of one line."""


def plan_outputs(plan: Plan | None) -> dict[str, str]:
    """What a plan would do, in Terraform's counts; of none, that nothing is known to change.

    ``changed`` is whether apply would send a write: a plan that is stopped sends none. A disconnect counts as
    destroyed, an export as changed.
    """
    if plan is None:
        plan = Plan()
    counts = action_counts(plan)
    drifted = sum(notice.kind is NoticeKind.DRIFT for notice in plan.notices)
    return {
        "changed": _truth(value=plan.writes and not plan.stops),
        "to_add": str(counts[Action.CREATE]),
        "to_change": str(counts[Action.UPDATE] + counts[Action.EXPORT]),
        "to_destroy": str(counts[Action.DELETE] + counts[Action.DISCONNECT]),
        "to_import": str(counts[Action.ADOPT]),
        "blocked": str(counts[Action.BLOCKED]),
        "drifted": str(drifted),
        "digest": plan.digest,
    }


def report_outputs(report: Report | None) -> dict[str, str]:
    """How many addresses an apply finished, failed at and left in doubt; none where it sent nothing."""
    found = [] if report is None else [result.status for result in report.results]
    names = {"applied": Status.DONE, "failed": Status.FAILED, "in_doubt": Status.IN_DOUBT}
    return {name: str(found.count(status)) for name, status in names.items()}


def _truth(*, value: bool) -> str:
    return "true" if value else "false"


def github_output(outputs: Outputs, delimiter: str) -> str:
    """Text to append to the file that GITHUB_OUTPUT names. A random delimiter is in no value."""
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())


def dotenv(outputs: Outputs) -> str:
    """``KARDIA_CI_NAME=value`` a line: GitLab's artifacts:reports:dotenv, and Bitbucket's output variables.

    GitLab takes no quotes and no line ends in a value.
    """
    return "".join(f"KARDIA_CI_{name.upper()}={value}\n" for name, value in outputs.items())


def azure_variables(outputs: Outputs) -> Iterator[str]:
    """``##vso[task.setvariable …]`` for each output of the step."""
    for name, value in outputs.items():
        place = f"variable={azure_property(name)};isOutput=true"
        yield f"##vso[task.setvariable {place}]{azure_text(value)}"
