"""Rows of a saved plan: values of the model that are written as lists, and how they are read."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from kardia_ctl.model.amounts.follow_ups import FollowUps
from kardia_ctl.model.template import Template

_MAX_EXPONENT: Final = 30

Count: TypeAlias = Annotated[int, Meta(ge=0, lt=1 << 35)]
"""A count, or Unix seconds until the year 3058."""

FollowingRow: TypeAlias = tuple[Count, Count, Count, Count, str, Count]
"""What may follow when doubts are settled."""

TermsRow: TypeAlias = tuple[str, str, str, Count | None, str | None]
"""The terms of a template."""


class DecisionsRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The decisions of a plan; its scope among them."""

    recreate: list[str]
    reissue: list[str]
    distinct: list[str]
    targets: list[str]
    cohorts: list[str]
    excludes: list[str]
    accept_collapse: bool
    accept_unknown_team: bool
    accept_decisions: bool
    limit: Count | None


def amount(text: str) -> Decimal:
    """An amount of money. Raises ``ValueError`` and ``ArithmeticError``: it is none, or beyond all prices."""
    amount = Decimal(text)
    if not amount.is_finite() or abs(amount.adjusted()) > _MAX_EXPONENT:
        raise ValueError("not an amount")
    return amount


def terms(several: Iterable[TermsRow]) -> tuple[Template, ...]:
    """The templates. Raises as ``amount``."""
    return tuple(Template(*row[:4], None if row[4] is None else amount(row[4])) for row in several)


def following(row: FollowingRow) -> FollowUps:
    """What may follow. Raises as ``amount``."""
    return FollowUps(*row[:4], cost=amount(row[4]), unpriced=row[5])
