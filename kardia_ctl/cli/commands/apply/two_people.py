"""``two_person``: changes that their author alone may not apply, and who approved them."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.naming import shows_mrns
from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.cli.reviewers.job_reviews import job_reviews
from kardia_ctl.cli.reviewers.reviews import Reviews, is_among, is_bot, is_somebody
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.plan import Change, Plan
from kardia_ctl.planning.approval.second_person import wants_second
from kardia_ctl.state.lock_info import who

two_people_options: Final = Options(
    click.option(
        "--approved-by",
        metavar="NAME",
        help="Who else approved what two_person in kardia.yaml names; in CI the event says it.",
    ),
    click.option(
        "--approvals",
        type=FILE,
        multiple=True,
        metavar="FILE",
        help="JSON of the CI system's API that says who wrote the change and who approved it.",
    ),
    click.option(
        "--break-glass",
        metavar="REASON",
        help="Apply without a second person, in an emergency: loud, and recorded in the audit log.",
    ),
)
"""--approved-by, --approvals and --break-glass."""

_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """What a command line says about a second person."""

    approved_by: str | None = None
    approvals: tuple[Path, ...] = ()
    break_glass: str | None = None


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """What the audit log keeps of who else approved (``entry``), and a warning where nobody did."""

    entry: Mapping[str, str]
    warning: str = ""


NOBODY: Final = SecondPerson({})
"""Nobody else is wanted."""


def claim_from(options: dict[str, Any]) -> Claim:
    """The options, which are removed.

    Raises:
        RunStopped: one of them is empty, as where a variable is not set.
    """
    claim = Claim(options.pop("approved_by"), tuple(options.pop("approvals")), options.pop("break_glass"))
    for flag, value in (("--approved-by", claim.approved_by), ("--break-glass", claim.break_glass)):
        if value is not None and not value.strip():
            raise RunStopped(f"{flag} is empty: name who approved, or why nobody could")
    return claim


def second_person(plan: Plan, configuration: Configuration, claim: Claim, key: bytes) -> SecondPerson:
    """Who else approved what wants two people. ``key`` is that of the digest of a reason.

    Raises:
        RunStopped: nobody else did; the message says who wrote it and what to do.
    """
    wanted = wants_second(plan.changes, configuration.two_person)
    if not wanted:
        return NOBODY
    if claim.break_glass is not None:
        return _broken(wanted, claim.break_glass, key)
    reviews = job_reviews(os.environ, claim.approvals)
    authors = reviews.authors or (who().partition("@")[0],)
    people = [one for one in reviews.approvers if _counts(one, authors)]
    if claim.approved_by is None:
        if not people:
            raise RunStopped(_refusal(wanted, authors, reviews, "nobody else has approved"))
        return SecondPerson({"approved_by": people[0], "approval_source": "event or --approvals"})
    named = claim.approved_by.strip()
    if reviews.is_listed and not is_among(named, people):
        raise RunStopped(_refusal(wanted, authors, reviews, f"{named} is not among those who approved"))
    if not _counts(named, authors):
        raise RunStopped(_refusal(wanted, authors, reviews, f"{named} is the author or a bot, or no name"))
    source = "event or --approvals" if reviews.is_listed else "--approved-by"
    return SecondPerson({"approved_by": named, "approval_source": source})


def _counts(name: str, authors: Sequence[str]) -> bool:
    return is_somebody(name) and not is_bot(name) and not is_among(name, authors)


def _broken(wanted: Sequence[Change], reason: str, key: bytes) -> SecondPerson:
    """Skip the second approval. The reason may name a patient: only its digest is stored."""
    reason_digest = blake2b(
        reason.encode("utf-8", "surrogateescape"), digest_size=16, key=key[:64]
    ).hexdigest()
    shown = f" Reason: {reason.strip()}." if shows_mrns(sys.stderr) else ""
    return SecondPerson(
        {"break_glass": who(), "reason_digest": reason_digest},
        f"GLASS BROKEN: --break-glass applies {_addresses(wanted)} without the second person that two_person "
        f"requires.{shown} The audit log records it, with the digest {reason_digest} of the reason. Have "
        "this run reviewed now",
    )


def _refusal(wanted: Sequence[Change], authors: Sequence[str], reviews: Reviews, why: str) -> str:
    where = (
        "Have somebody else approve the pull request, and run this job again"
        if reviews.is_listed
        else "Run it from the event of the review (on GitHub pull_request_review or a merged pull_request), "
        "give the CI system's JSON of the approvals with --approvals FILE, or name who approved "
        "with --approved-by NAME"
    )
    return (
        f"two_person in kardia.yaml wants a second person for {_addresses(wanted)}, and {why}. "
        f"Author: {', '.join(authors)}; neither the author nor a bot counts. Nothing was sent. {where}. In "
        "an emergency: --break-glass REASON"
    )


def _addresses(wanted: Sequence[Change]) -> str:
    named = ", ".join(f"{change.address} ({change.action})" for change in wanted[:_NAMED])
    return f"{named} and {len(wanted) - _NAMED} more" if len(wanted) > _NAMED else named
