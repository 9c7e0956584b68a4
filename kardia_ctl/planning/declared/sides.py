"""Two mappings side by side: which keys differ, and how."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeAlias, TypeVar

from kardia_ctl.model.address import Address
from kardia_ctl.model.declared.difference import Attribute, DeclaredDifference, Topic, Way
from kardia_ctl.model.source import Source

Key = TypeVar("Key", bound=Hashable)
Entry = TypeVar("Entry")
Values: TypeAlias = Mapping[str, str]
"""Attributes by their names in the YAML; of an undeclared one the value is empty."""


def ways(before: Mapping[Key, Entry], after: Mapping[Key, Entry]) -> Iterator[tuple[Key, Way]]:
    """The keys that only one has, or whose entries differ; in the order of ``after``, then of ``before``."""
    for key, entry in after.items():
        if key not in before:
            yield key, Way.ADDED
        elif before[key] != entry:
            yield key, Way.CHANGED
    yield from ((key, Way.REMOVED) for key in before if key not in after)


def attributes(before: Values | None, after: Values | None) -> tuple[Attribute, ...]:
    """Which values differ. An empty one counts as undeclared."""
    old, new = before or {}, after or {}
    found = []
    for name in dict.fromkeys((*old, *new)):
        left, right = old.get(name) or None, new.get(name) or None
        if left != right:
            found.append(Attribute(name, left, right))
    return tuple(found)


def compared(
    topic: Topic,
    before: Mapping[Address, tuple[Values, Source | None]],
    after: Mapping[Address, tuple[Values, Source | None]],
) -> Iterator[DeclaredDifference]:
    """The differences of what has an address, in the order of addresses. The place alone is no difference."""
    for address in sorted({*before, *after}, key=lambda one: one.order):
        old, new = before.get(address), after.get(address)
        found = attributes(old and old[0], new and new[0])
        if old and new:
            if found:
                yield DeclaredDifference(topic, Way.CHANGED, "", address, found, new[1])
        elif new:
            yield DeclaredDifference(topic, Way.ADDED, "", address, found, new[1])
        elif old:
            yield DeclaredDifference(topic, Way.REMOVED, "", address, found, old[1])
