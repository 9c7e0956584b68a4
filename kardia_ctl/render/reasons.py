"""Reasons that many addresses share, so that thousands of them are one line."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.render.text import kind_count

EXAMPLES: Final = 3
"""How many addresses stand for a reason that many have."""

OWN: Final = "ADDRESS"
"""Stands for the address that a shared reason is about, for example in ``--distinct 'ADDRESS'``."""

_ADDRESS: Final = re.compile(rf"\b(?:{'|'.join(Kind)})(?:/[\w.~%-]*[\w~%-])+")
_ID: Final = re.compile(r"\b(?=\w*\d)\w{16,}\b")
_WORD: Final = re.compile(r"[\w-]+")
_SEVERAL: Final = re.compile(r"…(?:(?:, | and )…)*(?: and [\d,]+ more)?")


def shared_reason(reason: str, address: Address | None, own_id: str = "") -> str:
    """A reason without the addresses and ids that are in it: equal for all whom it is true of.

    ``own_id`` is the live id that the reason may name. The address itself becomes ``OWN``.
    """
    text = reason
    if address is not None:
        text = _ADDRESS.sub(lambda found: OWN if found[0] == str(address) else "…", text)
    if own_id:
        text = _WORD.sub(lambda found: "…" if found[0] == own_id else found[0], text)
    return _SEVERAL.sub("…", _ID.sub("…", text))


def blocked_reasons(changes: Iterable[Change]) -> Iterator[str]:
    """How many of each kind are blocked for each reason: a line for each, the most frequent first."""
    counts = Counter(
        (change.address.kind, shared_reason(change.reason or change.cause, change.address, change.id))
        for change in changes
    )
    for (kind, reason), count in counts.most_common():
        yield f"{kind_count(count, kind)}: {reason}"
