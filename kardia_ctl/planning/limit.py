"""``--limit``: only the first writes of a plan, patient by patient."""

from collections.abc import Iterator, Sequence
from itertools import chain

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.planning.dependencies import Chain, chains


def within_limit(changes: Sequence[Change], limit: int | None) -> tuple[Sequence[Change], int]:
    """The changes without the writes beyond ``limit``, and the number of writes left out.

    Writes count in the order in which apply sends them: settings, then each patient followed by its codes and
    user, so that no code is issued without its patient. A code and the user that redeems it in the same run
    are never separated: if both do not fit, both are left out. Changes without a request (adopt, forget,
    blocked) do not count and always stay.
    """
    writes = sum(1 for change in changes if change.action.writes)
    if limit is None or writes <= limit:
        return changes, 0
    within: set[int] = set()
    for part in chain.from_iterable(map(_parts, chains(changes))):
        if len(within) + len(part) > limit:
            break
        within.update(map(id, part))
    chosen = [change for change in changes if not change.action.writes or id(change) in within]
    return chosen, writes - len(within)


def _parts(links: Chain) -> Iterator[Chain]:
    """The parts of a chain that a limit may separate."""
    if not links[-1].redeems:
        yield from ((change,) for change in links)
        return
    patient = links[:1] if links[0].address.kind is Kind.PATIENT else ()
    if patient:
        yield patient
    yield links[len(patient) :]
