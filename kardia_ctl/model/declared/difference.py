"""What differs between the declarations of two revisions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kardia_ctl.model.address import Address
from kardia_ctl.model.source import Problem, Source


class Topic(StrEnum):
    """What a difference is about. The order is the order in which a page shows them."""

    DEPARTURE = "departure"
    SAFEGUARD = "safeguard"
    RESOURCE = "resource"
    MOVED = "moved"
    DECISION = "decision"
    TEMPLATE = "template"
    ENCRYPTED = "encrypted"


class Way(StrEnum):
    """How it differs, seen from the first revision."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One value that differs; None where a revision does not declare it."""

    name: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeclaredDifference:
    """One thing that the two revisions declare differently.

    Attributes:
        topic: What it is about.
        way: How it differs.
        name: Its name where it has no address: a template, a key of kardia.yaml, an encrypted file.
        address: The address that it is about.
        attributes: Which values differ; of what was added or removed, those that it has or had.
        source: Where it is declared: in the second revision, or in the first when it was removed.
        code: A word beside it that everybody may see: why somebody departs, what was decided.
        previous: The address from which a patient moves.
    """

    topic: Topic
    way: Way
    name: str = ""
    address: Address | None = None
    attributes: tuple[Attribute, ...] = ()
    source: Source | None = None
    code: str = ""
    previous: Address | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One side of a comparison.

    Attributes:
        name: As the person wrote it; empty for the work tree.
        commit: The full name of the commit; empty for the work tree.
        missing: Why nothing was read of it; empty when it was read. Then everything counts as new.
        problems: What is wrong with its configuration, when that is why.
        unopened: The encrypted files that were not opened, by their path from kardia.yaml's directory.
        skipped: The paths that git tracks there and that were not read: submodules, links that lead out.
    """

    name: str
    commit: str = ""
    missing: str = ""
    problems: tuple[Problem, ...] = ()
    unopened: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredDiff:
    """Everything that two revisions declare differently, in the order of topics, ways and names."""

    base: Revision
    head: Revision
    differences: Sequence[DeclaredDifference]

    def count(self, topic: Topic, way: Way | None = None) -> int:
        """How many differences there are of a topic, and of a way."""
        return sum(one.topic is topic and way in (None, one.way) for one in self.differences)
