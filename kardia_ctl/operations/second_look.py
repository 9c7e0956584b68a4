"""Another look right before the first write, when the look that was approved is no longer fresh."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Reader
from kardia_ctl.operations.plan import Preview, observe_and_plan
from kardia_ctl.planning.checks.key_tenant import is_read, tenant_of
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.timing import FRESH, Clock

_NAMED: Final = 5
"""The most addresses that a refusal names."""


async def look_again(
    preview: Preview,
    reader: Reader,
    clock: Clock,
    requests: Callable[[], int],
    warn: Callable[[str], None],
) -> Preview:
    """The preview to go on with: this one while its look is fresh, else that of another look.

    The time of planning stays the same, so that a doubt is not settled here which the plan left to settling.

    Args:
        preview: The plan that was approved, and when the account was last read for it.
        reader: Safe reads only.
        clock: The clock of ``Preview.looked_at``.
        requests: How many requests were sent so far.
        warn: Told of the other look; its requests are not among those that the plan counts.

    Raises:
        RunStopped: other changes would be made now than were approved; nothing was sent.
        ApiError: the account could not be read.
    """
    age = clock.now() - preview.looked_at
    if age <= FRESH:
        return preview
    before = requests()
    fresh = await observe_and_plan(reader, preview.inputs, requests, clock.now)
    if fresh.plan.stops:
        raise RunStopped(f"{_why(age)}, and now the plan stops: {'; '.join(fresh.plan.stops)}")
    _refuse_if_another_team(preview.inputs, fresh.inputs, age)
    refuse_if_moved(preview.plan.changes, fresh.plan.changes, age)
    warn(looked_again(age, requests() - before))
    return fresh


def _refuse_if_another_team(approved: PlanInputs, now: PlanInputs, age: float) -> None:
    """Where no team is expected, the key may lead to another account than it did."""
    before, after = tenant_of(approved).team, tenant_of(now).team
    if before != after and is_read(approved) and is_read(now):
        raise RunStopped(
            f"{_why(age)}, and the key's team has changed since, from {before or 'none'} to "
            f"{after or 'none'}. Nothing was sent. Find out why, then plan again"
        )


def refuse_if_moved(approved: Sequence[Change], now: Sequence[Change], age: float) -> None:
    """Compare the changes that were approved with those of another look, ``age`` seconds later.

    Raises:
        RunStopped: they differ; the message names the addresses that do.
    """
    moved = sorted(_moved(approved, now), key=lambda address: address.order)
    if moved:
        names = ", ".join(map(str, moved[:_NAMED]))
        more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
        raise RunStopped(
            f"{_why(age)}, and what would be done has changed since at {names}{more}. Nothing was sent. "
            "Plan again, and decide again"
        )


def looked_again(age: float, requests: int) -> str:
    """The line that says that there was another look, and what it cost."""
    took = "1 request" if requests == 1 else f"{requests} requests"
    return f"{_why(age)}: nothing has changed since. This took {took} that the plan does not count"


def _why(age: float) -> str:
    return f"the last look was {age:.0f} s old, so Kardia was read again before the first write"


def _moved(approved: Iterable[Change], now: Iterable[Change]) -> set[Address]:
    """The addresses with other changes. Sentences for a person, which may count seconds, are not compared."""
    return {address for address, _ in _facts(approved) ^ _facts(now)}


def _facts(changes: Iterable[Change]) -> set[tuple[Address, tuple[object, ...]]]:
    return {
        (
            change.address,
            (change.action, change.cause, change.id, change.target, change.price, *_values(change)),
        )
        for change in changes
    }


def _values(change: Change) -> tuple[object, ...]:
    return tuple(
        None if values is None else tuple(sorted(values.items())) for values in (change.before, change.after)
    )
