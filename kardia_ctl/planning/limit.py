"""``--limit``: only the first writes of a plan, patient by patient."""

from collections.abc import Iterator, Sequence
from itertools import chain

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.planning.dependencies import Chain, chains


def within_limit(changes: Sequence[Change], limit: int | None) -> tuple[Sequence[Change], int]:
    """The changes without the writes beyond ``limit``, and how many those are.

    What counts is a write. They count in the order in which apply sends them: callbacks and providers, then
    each patient with the codes that hang on it, so that no code goes without its patient. A code and the
    user that redeems it in the same run go together: where both do not fit, both wait. What costs no request
    (adopted, forgotten, blocked) does not count and stays.
    """
    writes = sum(1 for change in changes if change.action.writes)
    if limit is None or writes <= limit:
        return changes, 0
    kept: set[int] = set()
    for together in chain.from_iterable(map(_together, chains(changes))):
        if len(kept) + len(together) > limit:
            break
        kept.update(map(id, together))
    left = [change for change in changes if not change.action.writes or id(change) in kept]
    return left, writes - len(kept)


def _together(links: Chain) -> Iterator[Chain]:
    """The parts of a chain that may be cut from each other."""
    if not links[-1].redeems:
        yield from ((change,) for change in links)
        return
    patient = links[:1] if links[0].address.kind is Kind.PATIENT else ()
    if patient:
        yield patient
    yield links[len(patient) :]
