"""What earlier runs recorded. A convenience, not the truth: it may be lost at any time.

State holds mrns, opaque ids, template ids, times, keyed fingerprints, and how many of each cohort were at
which stage; never a name, a birth date, an e-mail address, a phone number, a code, a key or a URL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import ProvenList
from kardia_ctl.model.decided.use import DecisionUse, UseDecision
from kardia_ctl.model.funnel import Sample
from kardia_ctl.model.kinds import Kind

GONE: Final = "gone"
"""The action recorded for a patient whose deletion was accepted (202), once it is certainly over."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """An address that apply created or adopted. A struct for the reason given in ``model.patient``.

    Attributes:
        id: The live id of the patient; empty for a setting.
        fingerprint: The keyed fingerprints of the values last applied.
        at: When it was applied, in Unix seconds.
        forgotten: Whether it is a tombstone: no longer managed, and stored so that nothing is ordered again
            for a patient who returns.
    """

    id: str = ""
    fingerprint: bytes = b""
    at: int = 0
    forgotten: bool = False

    def tombstone(self) -> Self:
        """The same record, no longer managed."""
        return msgspec.structs.replace(self, forgotten=True)


class PatientRecord(Record, frozen=True, gc=False):
    """A patient's record, with the name of its cohort, empty without one: status counts departures by it."""

    cohort: str = ""


class CodeRecord(Record, frozen=True, gc=False):
    """A connection code's record, with the name that its template had in the YAML."""

    template: str = ""


class UserRecord(Record, frozen=True, gc=False):
    """A mobile user's record; ``fingerprint`` is of its login. ``unredeemed``: its code was not redeemed."""

    unredeemed: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent, stored before it is sent. It remains when no response arrives.

    Attributes:
        address: The address of the change.
        operation: The change's ``Action``.
        at: When it was about to be sent, or its last heartbeat.
        ended: When its connection ended without a response; None while unknown (the process died, or runs).
        id: The live id of the patient, if any.
        target: The template id of a code.
        window: Seconds for which its effect may still appear, as configured when it was sent.
        person: The keyed fingerprints of the person in a create (see ``kinds.likeness``), or of the login of
            a mobile user; empty without a key.
        newest: The id at the head of the list before a create was first sent: whoever stands above it is new
            since then. Empty when it is not known.
        keyed: The check value of the key that ``person`` was made with; empty without a key.
        workspace: The workspace that it belongs to, when that is another one than is read; empty otherwise.
    """

    address: Address
    operation: str
    at: Instant
    ended: Instant | None = None
    id: str = ""
    target: str = ""
    window: float = 0.0
    person: bytes = b""
    newest: str = ""
    keyed: bytes = b""
    workspace: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class State:
    """Everything recorded in one workspace.

    Attributes:
        exists: False when there is no state at all; ``lineage`` is then empty.
        lineage: The random id of the workspace's state.
        serial: The number of commits that changed a fact.
        team: The tenant that state is bound to since the first apply.
        live_count: The totalCount of the last proven scan, without the patients deleted since.
        proven: What ``plan --refresh head`` compares the head of the list with; None while not known.
        patients: By mrn.
        codes: By mrn, then template id.
        users: By mrn.
        settings: By address.
        intents: By address, the writes whose outcome is not known, those of the account's other workspaces
            included: a doubt lies in the account.
        elsewhere: By live id, the mrn under which another workspace of the account records it.
        departed: By patient id, the actions of its departure that are done.
        used_plans: The ids of the saved plans that were applied.
        decided: When each decision was used (see ``UseDecision``).
        samples: In the order of their times.
        rate: None until an apply took long enough to measure it.
        keyed: The check value of the fingerprints' key; empty in a state of an earlier version.
    """

    exists: bool = False
    lineage: str = ""
    serial: int = 0
    team: str = ""
    live_count: int | None = None
    proven: ProvenList | None = None
    patients: Mapping[str, PatientRecord] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, CodeRecord]] = field(default_factory=dict)
    users: Mapping[str, UserRecord] = field(default_factory=dict)
    settings: Mapping[Address, Record] = field(default_factory=dict)
    intents: Mapping[Address, Intent] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    departed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    used_plans: frozenset[str] = frozenset()
    decided: Mapping[DecisionUse, int] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    rate: Rate | None = None
    keyed: bytes = b""

    def has_done(self, patient_id: str, *actions: str) -> bool:
        """Whether a departure did any of these actions to a patient id."""
        return not self.departed.get(patient_id, frozenset()).isdisjoint(actions)


@dataclass(frozen=True, slots=True)
class Remember:
    """Write a record. ``name`` and ``detail`` are its key (see ``record_key``)."""

    kind: Kind
    name: str
    detail: str
    record: Record


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove a record without a tombstone (``state forget``, or a patient that was recreated)."""

    kind: Kind
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Intend:
    """Write an intent, or replace the address's earlier one; that of another workspace if it names one."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Resolve:
    """Remove the intent of an address: its outcome is known. ``workspace`` names another one than ours."""

    address: Address
    workspace: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Write a fact of the workspace: ``team``, ``live_count``, ``proven``, ``rate``, ``key`` (its check)."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class UsePlan:
    """Mark a saved plan, by its id, as applied: it can be applied once."""

    plan: str


@dataclass(frozen=True, slots=True)
class Depart:
    """Record that a departure did an ``Action`` to a patient id, or that the patient is ``GONE``."""

    id: str
    action: str


@dataclass(frozen=True, slots=True)
class Return:
    """Remove what is recorded of the departure of a patient id, who is live again (``state forget``)."""

    id: str


Fact = Remember | Drop | Intend | Resolve | Note | UsePlan | UseDecision | Depart | Return
"""A write to the facts of a workspace; each that changes something moves ``serial``."""


@dataclass(frozen=True, slots=True)
class Audited:
    """An entry of the audit log: one line of JSON, without a patient's values, an mrn or a code."""

    text: str


Entry = Fact | Sample | Audited
"""A write to state. A batch of entries is written whole or not at all.

Samples and entries of the audit log are no facts: they do not move ``serial``, so a saved plan stays fresh,
and make no state exist. State has one sample per cohort and hour; a later one of the hour replaces it.
"""
