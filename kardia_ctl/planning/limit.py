"""``--limit``: only the first writes of a plan, patient by patient."""

from collections.abc import Sequence
from itertools import chain, islice

from kardia_ctl.model.plan import Change
from kardia_ctl.planning.chains import chains


def first_of(changes: Sequence[Change], limit: int | None) -> tuple[Sequence[Change], int]:
    """The changes without the writes beyond ``limit``, and how many those are.

    What counts is a write. They count in the order in which apply sends them: callbacks and providers, then
    each patient with the codes that hang on it, so that no code goes without its patient. What costs no
    request (adopted, forgotten, blocked) does not count and stays.
    """
    writes = sum(1 for change in changes if change.action.writes)
    if limit is None or writes <= limit:
        return changes, 0
    kept = set(map(id, islice(chain.from_iterable(chains(changes)), limit)))
    return [change for change in changes if not change.action.writes or id(change) in kept], writes - limit
