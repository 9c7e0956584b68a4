"""The digest of a plan: what is approved, in one word.

A digest covers what an apply of the plan would do, and neither when nor by which requests that was found out.
The same changes have the same digest on another machine, at another hour, from ``--refresh head``; any other
set of changes has another.

======================  ===  ==========================================================================
of a plan               in?  because
======================  ===  ==========================================================================
team                    yes  the same changes in another account are other changes; so are those of
                             another workspace or endpoint, which the key is derived from
each change             yes  in any order; a move, an adoption and a forgetting too: state records them
whether it stops        yes  a page that says "nothing can be applied" approves nothing
wording of the stops    no   they count what is live
doubts that may follow  no   an approved apply settles doubts by looking only, so none of it follows
left by ``--limit``     no   what is left is not done
what is excluded        no   nothing is done
notices, no-ops         no   nothing is done
requests, rate          no   how it was found out
templates               no   each code has its template's id and its price
======================  ===  ==========================================================================

======================  =======  ====================  =================================================
of a change             applied  blocked               because
======================  =======  ====================  =================================================
address, action, cause  yes      yes                   what is blocked when it is approved stays undone
id                      yes      no                    it says who is adopted, disconnected or deleted
target, previous        yes      no                    what the write needs; whose records follow
before, after           yes      no                    what is replaced, ended, and sent
price                   yes      no                    an approval is of a cost
number of recordings    some?    no                    none, some or unknown: the number grows by itself
code of a departure     yes      no                    the ground on which it was approved
wording of the reason   no       no                    a sentence for people, which may count days
accepted until          no       no                    it is blocked, whoever accepts that
source                  no       no                    a declaration may move to another line or file
======================  =======  ====================  =================================================
"""

import hmac
import re
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Final

from kardia_ctl.model.plan import Action, Cause, Change, Plan, Values

FORM: Final = "d1"
"""Which facts are covered, and how: a digest of another form is never equal."""

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 20
_BITS: Final = 5
_PATTERN: Final = re.compile(rf"d\d+:[{_DIGITS}]{{{_LENGTH}}}")
_RECORDINGS: Final = "recordings"

_Fact = str | None


def plan_digest(plan: Plan, key: bytes) -> str:
    """The digest of a plan under a key: ``d1:`` and 100 bits of HMAC-SHA-256 in Crockford's base32.

    Empty without a key: digests of birth dates that anybody can compute are guessed.
    """
    if not key:
        return ""
    hashed = hmac.new(key, digestmod=sha256)
    hashed.update(_encoded(iter((FORM, plan.team, "stops" if plan.stops else ""))))
    for change in sorted(_encoded(_facts(change)) for change in plan.changes):
        hashed.update(len(change).to_bytes(8, "big"))
        hashed.update(change)
    number = int.from_bytes(hashed.digest()[:16], "big")
    shifts = range(128 - _BITS, 128 - _BITS * (_LENGTH + 1), -_BITS)
    return f"{FORM}:" + "".join(_DIGITS[number >> shift & 31] for shift in shifts)


def is_digest(text: str) -> bool:
    """Whether a text has the form of a digest."""
    return _PATTERN.fullmatch(text) is not None


def same_digest(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that does not depend on where they differ; no empty one is."""
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())


def _facts(change: Change) -> Iterator[_Fact]:
    """What is covered of a change."""
    yield from (str(change.address), change.action, change.cause)
    if change.action is Action.BLOCKED:
        return
    yield from (change.id, change.target, str(change.previous or ""), _amount(change.price))
    yield change.reason if change.cause is Cause.DEPARTURE else ""  # the departure's code
    yield from ("before", *_values(change.before), "after", *_values(change.after))


def _values(values: Values | None) -> Iterator[_Fact]:
    if values is None:
        return
    yield str(len(values))
    for name, value in sorted(values.items()):
        yield name
        yield _some(value) if name == _RECORDINGS else value


def _some(count: str | None) -> _Fact:
    return count if count in (None, "0") else "some"


def _amount(price: Decimal | None) -> _Fact:
    """A price as it is whatever its zeros are: ``10`` for 10.00."""
    return None if price is None else f"{price.normalize():f}"


def _encoded(facts: Iterator[_Fact]) -> bytes:
    """Texts as bytes that no other sequence of texts has: each is preceded by its length."""
    parts = []
    for fact in facts:
        raw = b"" if fact is None else fact.encode("utf-8", "surrogatepass")
        size = b"-" if fact is None else str(len(raw)).encode()
        parts.append(size + b":" + raw)
    return b"".join(parts)
