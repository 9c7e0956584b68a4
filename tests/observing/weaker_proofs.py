"""Proofs of a scan that prove too much or too little, to put in the place of ``_Scanner._is_closed``."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from kardia_ctl.observing.scan import _Scanner

Proof: TypeAlias = Callable[[_Scanner], Awaitable[bool]]

_IS_CLOSED: Final[Proof] = _Scanner._is_closed


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


async def closed_while_it_stands(scanner: _Scanner) -> bool:
    """Only a list that did not move is everybody: too strong a proof, which a busy account never gets."""
    return not scanner.sum.moved and await _IS_CLOSED(scanner)
