"""Proofs of a scan that prove too much, to put in the place of ``_Scanner._is_closed``."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from kardia_ctl.observing.scan import _Scanner

Proof: TypeAlias = Callable[[_Scanner], Awaitable[bool]]


async def anything(scanner: _Scanner) -> bool:
    """Whatever a walk shows is everybody."""
    return not scanner.walk.broken


async def count_alone(scanner: _Scanner) -> bool:
    """As many as totalCount says are everybody, whoever left and came in between."""
    if scanner.sum.moved:
        scanner.walk.add((await scanner._page(None)).patients)
    return len(scanner.walk.patients) == scanner.total


async def added_up(scanner: _Scanner) -> bool:
    """Newcomers are added up over several looks at the head."""
    anchor = scanner.sum.anchor
    for _ in range(4):
        head = await scanner._page(None)
        ids = [patient.id for patient in head.patients]
        if anchor is None or anchor.newest not in ids:
            return False
        above = ids.index(anchor.newest)
        scanner.walk.add(head.patients[:above])
        if len(scanner.walk.patients) == head.total == anchor.total + above:
            return True
    return False
