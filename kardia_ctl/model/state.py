"""What was recorded of earlier runs. A convenience, not the truth: it may be lost at any time.

State holds mrns, opaque ids, template ids, times, keyed fingerprints, and how many patients of a cohort
were how far when. It never holds a name, a birth date, an e-mail address, a phone number, a code, a key or
a URL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import msgspec

from kardia_ctl.model.address import Address
from kardia_ctl.model.funnel import Sample
from kardia_ctl.model.kinds import Kind

GONE: Final = "gone"
"""What is recorded of a patient id whose deletion was accepted (202) once a read has answered 404."""

SIZE: Final = 8
"""Bytes per fingerprint: enough to tell two values of one attribute of one address apart."""

MISSING: Final = bytes(SIZE)
"""Stands for an attribute that was not applied."""


def fingerprint(key: bytes, name: str, attribute: str, value: str) -> bytes:
    """The fingerprint of one normalised value at one address (``name`` is its mrn, or its kind).

    ``key`` is 32 random bytes that never lie beside the state: without it a birth date could be guessed
    from its fingerprint in 40,000 tries.
    """
    text = f"{name}\0{attribute}\0{value}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=SIZE, key=key).digest()


class Record(msgspec.Struct, frozen=True, gc=False):
    """One address that an apply made or adopted. A struct for the reason given in ``model.patient``.

    ``id`` is the live id (a patient's), ``label`` a name it had in the YAML (a code's template, a
    patient's cohort), ``fingerprint`` the keyed fingerprints of what was last applied, ``at`` Unix seconds.
    ``forgotten`` marks a tombstone: no longer managed, kept so that a patient who comes back is not ordered
    for again.
    """

    id: str = ""
    label: str = ""
    fingerprint: bytes = b""
    at: int = 0
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be sent, durable before it left. It stays when the answer was lost.

    Attributes:
        address: What it was for.
        operation: The action, as ``Action`` spells it.
        at: Unix seconds when the request was about to leave.
        ended: When its connection ended without an answer; 0 while unknown (the process died, or runs).
        id: The live patient it was for, where there was one.
        target: What it named besides: a code's template id.
        window: Seconds for which its effect may still appear, as they were set when it left.
        person: The keyed fingerprint of the name and birth date that a create sent; empty without a key.
    """

    address: Address
    operation: str
    at: float
    ended: float = 0.0
    id: str = ""
    target: str = ""
    window: float = 0.0
    person: bytes = b""


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast the last apply sent: requests a second, with so many in flight."""

    per_second: float
    parallelism: int

    def __str__(self) -> str:
        return f"{self.per_second:.3f} {self.parallelism}"

    @classmethod
    def parse(cls, text: str) -> "Rate | None":
        """A rate as it was noted; None when the text is none."""
        first, _, second = text.partition(" ")
        whole, _, part = first.partition(".")
        if not (whole.isdecimal() and (part or "0").isdecimal() and second.isdecimal()):
            return None
        return cls(float(first), int(second)) if float(first) > 0 else None


@dataclass(frozen=True, slots=True, repr=False)
class State:
    """Everything recorded in one workspace.

    ``patients`` by mrn; ``codes`` by mrn, then template id; ``others`` by address. ``team`` is what state
    was bound to on first contact; ``live_count`` is totalCount of the last proven scan, less what we deleted
    since. ``departed`` holds the patient ids whose departure was done, each with all that was done.
    ``samples`` are in the order of their times. ``rate`` is None until an apply was long enough to tell.
    ``exists`` is False when there is no state at all (then ``lineage`` is empty).
    """

    exists: bool = False
    lineage: str = ""
    serial: int = 0
    team: str = ""
    live_count: int | None = None
    patients: Mapping[str, Record] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Record]] = field(default_factory=dict)
    others: Mapping[Address, Record] = field(default_factory=dict)
    intents: Mapping[Address, Intent] = field(default_factory=dict)
    departed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    used_plans: frozenset[str] = frozenset()
    samples: tuple[Sample, ...] = ()
    rate: Rate | None = None

    def has_done(self, patient_id: str, *actions: str) -> bool:
        """Whether a departure did any of these actions to a patient id."""
        return not self.departed.get(patient_id, frozenset()).isdisjoint(actions)


@dataclass(frozen=True, slots=True)
class Remember:
    """Write a record. ``name`` and ``detail`` are the mrn and template id; other kinds' name; or empty."""

    kind: Kind
    name: str
    detail: str
    record: Record


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove a record altogether (``state forget``, or a patient that was recreated)."""

    kind: Kind
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Intend:
    """Write an intent, or replace the address's earlier one."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Resolve:
    """Remove the intent of an address: its outcome is known."""

    address: Address


@dataclass(frozen=True, slots=True)
class Note:
    """Write one fact about the workspace: ``team``, ``live_count``, ``rate``."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class UsePlan:
    """Mark a saved plan as applied: it is single use."""

    plan: str


@dataclass(frozen=True, slots=True)
class Depart:
    """Mark an action on a patient id as done, beside what was done before: an action's word, or ``GONE``."""

    id: str
    action: str


Fact = Remember | Drop | Intend | Resolve | Note | UsePlan | Depart
"""What state is made of."""

Entry = Fact | Sample
"""One thing to write to state. A batch of entries is written whole or not at all.

A sample is beside the content: it does not move ``serial``, so a saved plan stays fresh, and it does not
make a state exist. One a cohort an hour is kept; the last of an hour takes the place of those before it.
"""
