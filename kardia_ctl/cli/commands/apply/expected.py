"""``--expect-digest``: a plan that was approved is applied only while it is the plan of now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.files import saved_plan as plan_files
from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import PlanRefused, RunStopped
from kardia_ctl.model.plan import Plan
from kardia_ctl.planning.approval.plan_digest import is_digest, same_digest
from kardia_ctl.planning.saved.codec import SavedPlan
from kardia_ctl.planning.saved.plan_renaming import names_in
from kardia_ctl.planning.saved.staleness import digests_of

expect_options: Final = Options(
    click.option(
        "--expect-digest",
        metavar="DIGEST",
        help="Apply without a question if the plan has this digest, which somebody approved; else refuse.",
    ),
    click.option(
        "--expect-plan",
        type=FILE,
        metavar="FILE",
        help="The saved plan with that digest: a refusal then names the addresses that differ.",
    ),
)
"""--expect-digest and --expect-plan."""

_NAMED: Final = 5
"""The most addresses that a refusal names."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What was approved: a digest, and the plan that has it where its file is at hand.

    ``key`` is that of the saved plan's digests, ``keys`` has that of its pseudonyms.
    """

    digest: str
    saved: SavedPlan | None = None
    key: bytes = b""
    keys: Keys | None = None


def expected_from(options: dict[str, Any], keys: Keys) -> Expected | None:
    """What the options name, which are removed; None without them.

    Raises:
        RunStopped: it is no digest, or the file is not that plan's.
        PlanRefused: the file is altered, or its key is not available.
    """
    text, file = options.pop("expect_digest"), options.pop("expect_plan")
    if text is None:
        if file is not None:
            raise RunStopped("--expect-plan explains a refusal of --expect-digest: add --expect-digest")
        return None
    digest = str(text).strip().lower()
    if not is_digest(digest):
        given = "is empty" if not digest else "is no digest of a plan"
        raise RunStopped(f"--expect-digest {given}: copy it, d1:… and 20 characters, from the approved plan")
    return Expected(digest) if file is None else _with_file(digest, file, keys)


def _with_file(digest: str, file: Path, keys: Keys) -> Expected:
    if not plan_files.is_plan(file):
        raise RunStopped(f"--expect-plan: {file} is not a saved plan")
    saved, key = plan_files.check_seal(plan_files.read(file), keys)
    if not same_digest(saved.plan.digest, digest):
        raise RunStopped(
            f"--expect-plan: {file} is another plan, with the digest {saved.plan.digest or 'of none'}. "
            "Name the file of the plan that was approved, or leave --expect-plan out"
        )
    return Expected(digest, saved, key, keys)


def refuse_unless_expected(plan: Plan, expected: Expected | None) -> None:
    """Compare the digest of the plan that is about to be applied with what was approved.

    Raises:
        PlanRefused: it is another. Nothing was sent.
    """
    if expected is None or same_digest(plan.digest, expected.digest):
        return
    raise PlanRefused(
        f"this plan is not the one that was approved: its digest is {plan.digest or 'not known'}, and "
        f"--expect-digest is {expected.digest}.{_moved(plan, expected)} Nothing was sent. Look at the plan "
        "above, have it approved, and apply with its digest"
    )


def _moved(plan: Plan, expected: Expected) -> str:
    """The sentence that names the addresses at which something else would be done now."""
    if expected.saved is None or expected.keys is None:
        return ""
    before = plan_files.with_mrns(expected.saved, expected.keys, names_in(plan))
    after = digests_of(plan, expected.key)
    moved = sorted(
        {*_without(before.plan, before.digests, after), *_without(plan, after, before.digests)},
        key=lambda address: address.order,
    )
    names = ", ".join(map(str, moved[:_NAMED]))
    more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
    return f" It differs at {names}{more}." if moved else ""


def _without(plan: Plan, digests: tuple[str, ...], others: Iterable[str]) -> Iterator[Address]:
    """The addresses of the changes that are not among others."""
    known = set(others)
    for change, digest in zip(plan.changes, digests, strict=True):
        if digest not in known:
            yield change.address
