"""The most that an apply may send and order besides its changes, once what is in doubt is settled."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from kardia_ctl.model.address import owner_of
from kardia_ctl.model.amounts.follow_ups import FollowUps
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Cause, Change
from kardia_ctl.model.template import Template


def following(changes: Sequence[Change], templates: Mapping[str, Template]) -> FollowUps:
    """What may follow these changes: each patient in doubt is created at most, with its codes and user.

    Args:
        changes: The plan's changes; codes and users of a patient in doubt are blocked among them.
        templates: By label, with the prices.
    """
    doubts = {
        change.address
        for change in changes
        if change.cause is Cause.IN_DOUBT and change.address.kind is Kind.PATIENT
    }
    if not doubts:
        return FollowUps()
    waiting = [
        change.address
        for change in changes
        if change.cause is Cause.OWNER_BLOCKED and owner_of(change.address) in doubts
    ]
    labels = [address.names[1] for address in waiting if address.kind is Kind.CONNECTION_CODE]
    prices = [templates[label].price for label in labels if label in templates]
    known = [price for price in prices if price is not None]
    return FollowUps(
        doubts=len(doubts),
        creates=len(doubts),
        codes=len(labels),
        users=sum(1 for address in waiting if address.kind is Kind.MOBILE_USER),
        cost=sum(known, Decimal(0)),
        unpriced=len(labels) - len(known),
    )
