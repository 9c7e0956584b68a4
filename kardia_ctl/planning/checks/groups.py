"""Who has something in common: creates with each other, and with those who are live."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from heapq import nsmallest
from typing import Final

from kardia_ctl.model.address import patient_address

NAMED: Final = 3
"""How many others a text names; the rest is counted."""


class Groups:
    """Patients with a key in common. Only the keys of creates count.

    Listing a few of a group costs the same, however many there are.
    """

    def __init__(self, keys_of: Mapping[str, Collection[Hashable]]) -> None:
        """Group creates. ``keys_of`` are their keys by mrn."""
        self._keys_of = keys_of
        self._first: dict[Hashable, str] = {}
        self._several: dict[Hashable, set[str]] = {}
        self._listed: dict[Hashable, list[str]] = {}
        for mrn, keys in keys_of.items():
            for key in keys:
                self._enter(key, mrn, self._first.setdefault(key, mrn))

    def join(self, mrn: str, keys: Iterable[Hashable]) -> None:
        """Add somebody who is live to the groups of creates with one of these keys."""
        for key in keys:
            if (first := self._first.get(key)) is not None:
                self._enter(key, mrn, first)

    def _enter(self, key: Hashable, mrn: str, first: str) -> None:
        if mrn != first:
            self._several.setdefault(key, {first}).add(mrn)

    def others(self, mrn: str) -> str:
        """A few of the others in the groups of a create, and how many more there are; empty without any."""
        groups = [key for key in self._keys_of.get(mrn, ()) if key in self._several]
        return self._others(mrn, groups)

    def few_and_many(self, mrns: Iterable[str]) -> tuple[list[tuple[str, str]], list[tuple[int, str]]]:
        """What to say of these creates: of each in small groups its others, and the size of each large group.

        A group is large when more than ``NAMED`` of them are in it.
        """
        keys_of = {mrn: [key for key in self._keys_of.get(mrn, ()) if key in self._several] for mrn in mrns}
        counts = Counter(key for keys in keys_of.values() for key in keys)
        small = {mrn: [key for key in keys if counts[key] <= NAMED] for mrn, keys in keys_of.items()}
        few = [(mrn, self._others(mrn, keys)) for mrn, keys in small.items() if keys]
        large = {
            (count, _listed(self._named(key), len(self._several[key])))
            for key, count in counts.items()
            if count > NAMED
        }
        return few, sorted(large)

    def _others(self, mrn: str, keys: list[Hashable]) -> str:
        own = str(patient_address(mrn))
        if len(keys) == 1:
            return _listed(
                [name for name in self._named(keys[0]) if name != own], len(self._several[keys[0]]) - 1
            )
        everyone = set().union(*(self._several[key] for key in keys)) - {mrn} if keys else set()
        return _listed(nsmallest(NAMED, (str(patient_address(other)) for other in everyone)), len(everyone))

    def _named(self, key: Hashable) -> list[str]:
        """The first few addresses of a group, one more than are named."""
        if key not in self._listed:
            names = (str(patient_address(mrn)) for mrn in self._several[key])
            self._listed[key] = nsmallest(NAMED + 1, names)
        return self._listed[key]


def _listed(names: list[str], size: int) -> str:
    first = names[:NAMED]
    return ", ".join(first) + (f" and {size - len(first):,} more" if size > len(first) else "")
