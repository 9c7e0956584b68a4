"""Cohorts of which Kardia lacks an attribute altogether: said once, with the way for the whole cohort."""

from dataclasses import replace

from kardia_ctl.model.plan import Cause, NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs


def say_once_what_cohorts_lack(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Replace the reason of blocked patients of whom Kardia lacks what is declared by one for their cohort.

    An account that another program filled often has no names: then everybody of a cohort is blocked alike.
    """
    lacking: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for place, change in enumerate(builder.changes):
        is_absent = change.before is not None and not any(change.before.values())
        if change.cause is Cause.IMMUTABLE and is_absent and "dob" not in change.fields:
            cohort = inputs.desired.patients[change.address.names[0]].cohort
            lacking.setdefault((cohort, change.fields), []).append(place)
    for (cohort, names), places in lacking.items():
        if cohort and len(places) > 1:
            _say_once(cohort, names, places, builder)


def _say_once(cohort: str, names: tuple[str, ...], places: list[int], builder: PlanBuilder) -> None:
    what, ignore = " and ".join(names), f"{{ignore_changes: [{', '.join(names)}]}}"
    reason = (
        f"Kardia has no {what}, as of others of the cohort {cohort}; a warning has the way for all of them"
    )
    for place in places:
        builder.changes[place] = replace(builder.changes[place], reason=reason)
    builder.notice(
        NoticeKind.WARNING,
        f"Kardia has no {what} of {len(places):,} patients of the cohort {cohort}, and the API cannot add "
        f"any. To leave it so for the whole cohort: defaults: {ignore} in cohorts.{cohort}. Otherwise enter "
        "them in Kardia by hand",
    )
