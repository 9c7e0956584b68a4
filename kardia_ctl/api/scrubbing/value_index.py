"""Which texts are somebody's values, in 8 bytes for each: sorted hashes instead of copies of the values."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final

from kardia_ctl.api.scrubbing.layers import plain
from kardia_ctl.api.scrubbing.words import folded
from kardia_ctl.model.patient import DesiredPatient, LivePatient

_BUCKETS: Final = 256
_WORD: Final = re.compile(r"[^\W_]+")
_ESCAPES: Final = frozenset("%&\\=<")
"""Characters for which a value may read as if it were encoded."""
_SHORTEST_LOCAL: Final = 3
_SHORTEST_OF_MAIL: Final = 4
_SHORTEST_NUMBER: Final = 5


class ValueIndex:
    """A set of ``folded`` texts. Texts are added while it is built, and asked for afterwards.

    A set of Python's texts would take ten times the memory. Two texts of the same 64-bit hash are mistaken
    for each other, which hides a harmless word.
    """

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]
        self._unsorted: set[int] = set()
        self.longest = 0

    def add(self, keys: Iterable[str]) -> None:
        """Add texts; the empty one is ignored."""
        buckets, unsorted, longest = self._buckets, self._unsorted, self.longest
        for key in keys:
            if key:
                number = hash(key)
                buckets[number % _BUCKETS].append(number)
                unsorted.add(number % _BUCKETS)
                longest = max(longest, len(key))
        self.longest = longest

    def __contains__(self, key: str) -> bool:
        number = hash(key)
        which = number % _BUCKETS
        if which in self._unsorted:
            self._buckets[which] = array("q", sorted(set(self._buckets[which])))
            self._unsorted.remove(which)
        bucket = self._buckets[which]
        place = bisect_left(bucket, number)
        return place < len(bucket) and bucket[place] == number


def keys_of_person(person: DesiredPatient | LivePatient) -> Iterator[str]:
    """The texts by which a patient's values are recognised."""
    yield from keys_of_mrn(person.mrn)
    first, last = person.firstname or "", person.lastname or ""
    for name in (first, last):
        yield from keys_of_value(name)
    if first and last:
        one, other = folded(first), folded(last)
        yield one + other
        yield other + one
    if person.email:
        yield from keys_of_email(person.email)
    if person.dob:
        yield from keys_of_date(person.dob)
    if isinstance(person, DesiredPatient):
        number = folded(person.phone)
        yield number if len(number) >= _SHORTEST_NUMBER else ""


def keys_of_mrn(mrn: str) -> Iterator[str]:
    """The texts by which an mrn is recognised, also when a server took it for a number."""
    key = folded(mrn)
    yield _unless_letter(key)
    if _ESCAPES & set(mrn):
        yield folded(plain(mrn)[0])
    if key.startswith("0") and key.isdigit():
        yield _unless_letter(key.lstrip("0"))


def keys_of_value(value: str) -> Iterator[str]:
    """The texts by which a name or a secret is recognised: the whole, its words, its ASCII letters."""
    if value.isascii() and value.isalnum():
        yield _unless_letter(value.lower())
        return
    yield _unless_letter(folded(value))
    if _ESCAPES & set(value):
        yield folded(plain(value)[0])
    yield from map(_unless_letter, map(folded, value.split()))
    yield from map(_unless_letter, _parts(value))
    if not value.isascii():
        yield _unless_letter(folded("".join(character for character in value if character.isascii())))


def _parts(text: str) -> Iterator[str]:
    """The words between separators, without the cuts at capitals and digits."""
    return map(folded, _WORD.findall(text))


def keys_of_email(email: str) -> Iterator[str]:
    """The texts by which an address is recognised: the whole, and what stands before the @."""
    local = email.partition("@")[0]
    yield folded(email)
    whole = folded(local)
    yield whole if len(whole) >= _SHORTEST_LOCAL else ""
    yield from (word for word in _parts(local) if len(word) >= _SHORTEST_OF_MAIL)


def keys_of_date(date: str) -> Iterator[str]:
    """A birth date (YYYY-MM-DD) in six digits. Longer forms look like dates, and are hidden as such."""
    year, _, rest = date.partition("-")
    month, _, day = rest.partition("-")
    if len(date) == len("YYYY-MM-DD"):
        short = year[2:]
        yield short + month + day
        yield day + month + short
        yield month + day + short


def _unless_letter(key: str) -> str:
    """The text, unless it is one letter or digit of ASCII: those stand in every message, and name nobody."""
    return "" if len(key) == 1 and key.isascii() else key
