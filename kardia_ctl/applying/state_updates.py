"""The entries that an apply writes to state: ids, times and keyed fingerprints, never a patient's values."""

from collections.abc import Iterator
from typing import Any

from kardia_ctl.applying.list_proof import list_facts
from kardia_ctl.fingerprints import FINGERPRINT_SIZE, MISSING
from kardia_ctl.kinds import mobile_user
from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import record_key
from kardia_ctl.model.configuration import Desired, Setting
from kardia_ctl.model.decided.decision import DecisionKind
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import ATTRIBUTES, UNSET, DesiredPatient
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.state import (
    GONE,
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Note,
    PatientRecord,
    Record,
    Remember,
    Resolve,
    Return,
    State,
    UserRecord,
)
from kardia_ctl.planning.certainty import is_to_be_noted_as_gone, patient_id_of
from kardia_ctl.planning.checks.stops import patient_count
from kardia_ctl.planning.inputs import PlanInputs, doubt_of_done
from kardia_ctl.planning.resources.settings import fingerprints


def record_of(change: Change, inputs: PlanInputs, *, at: float, patient_id: str = "") -> Remember:
    """The record of an address once its change is done. ``at`` is in Unix seconds."""
    name, detail = record_key(change.address, change.target)
    values = patient_id, _fingerprint(change, inputs.key), int(at)
    match change.address.kind:
        case Kind.CONNECTION_CODE:
            record: Record = CodeRecord(*values, template=change.address.names[1])
        case Kind.PATIENT:  # departures need the cohort once it is no longer declared
            record = PatientRecord(*values, cohort=inputs.desired.patients[name].cohort)
        case Kind.MOBILE_USER:
            record = UserRecord(*values)
        case _:
            record = Record(*values)
    return Remember(change.address.kind, name, detail, record)


def _fingerprint(change: Change, key: bytes) -> bytes:
    kind = change.address.kind
    if not key:
        return b""
    if kind is Kind.PATIENT:
        return patient_kind.fingerprints(key, patient_of(change))
    if kind.is_setting:
        after = {name: value or "" for name, value in (change.after or {}).items()}
        return fingerprints(key, Setting(change.address, after))
    if kind is Kind.MOBILE_USER:
        return mobile_user.login_fingerprint(key, (change.after or {}).get("email") or "")
    return b""


def patient_of(change: Change) -> DesiredPatient:
    """The patient that a create sends."""
    declared = {name: value for name, value in (change.after or {}).items() if value is not None}
    values: dict[str, Any] = dict.fromkeys(("mrn", *patient_kind.SENT), UNSET) | declared
    return DesiredPatient(**values)


def without_requests(plan: Plan, inputs: PlanInputs) -> Iterator[Entry]:
    """The entries that need no request: adoptions, forgets, and facts that were observed."""
    state, desired = inputs.state, inputs.desired
    moved = {change.address for change in plan.changes if change.action is Action.MOVE}
    yield from inputs.moves.entries_of(moved)
    yield from inputs.firing.used_up(int(inputs.now.wall))
    settled = {one.address for one in inputs.firing.settling if one.kind is DecisionKind.CREATED}
    for change in plan.changes:
        if change.action is Action.ADOPT:
            yield from _used_decisions(change, inputs)
            yield from () if change.address in settled else _adopt(change, inputs)
        elif change.action is Action.FORGET:
            yield from _forget(change, state)
    key = inputs.key if inputs.capabilities.shows_patients else b""
    for names in plan.unchanged.get(Kind.PATIENT, ()):
        yield from _refresh(names[0], state, desired, key)
    yield from _observed_facts(inputs)
    yield from list_facts(plan, inputs)
    yield from _settled_by_a_person(plan, inputs)


def _used_decisions(change: Change, inputs: PlanInputs) -> Iterator[Entry]:
    """The decisions that an adoption ends: those of a create that it settles, or one to create it anew."""
    state, at = inputs.state, inputs.now.wall
    known = state.patients.get(change.address.names[0]) if change.address.kind is Kind.PATIENT else None
    instead = known is not None and known.id not in ("", change.id)
    yield from inputs.firing.concluded(state, change.address, at, is_decided=instead)


def _settled_by_a_person(plan: Plan, inputs: PlanInputs) -> Iterator[Entry]:
    """Remove what is in doubt of a departure that is done as a person says, unless the account objects."""
    blocked = {change.address for change in plan.changes if change.action is Action.BLOCKED}
    for departure in inputs.desired.departures:
        intent = doubt_of_done(inputs, departure)
        if intent is not None and intent.address not in blocked and not inputs.scope.excludes(intent.address):
            yield Resolve(intent.address, intent.workspace)


def _adopt(change: Change, inputs: PlanInputs) -> Iterator[Entry]:
    address, state = change.address, inputs.state
    if address.kind is Kind.CONNECTION_CODE:
        mrn, template = address.names
        known = state.codes.get(mrn, {}).get(change.target)
        if known is None or change.cause is Cause.DECIDED:
            known = CodeRecord(change.id, at=int(inputs.now.wall))
        revived = CodeRecord(known.id, known.fingerprint, known.at, template=template)
        yield Remember(address.kind, mrn, change.target, revived)
        return
    name, detail = record_key(address, change.target)
    if address.kind is Kind.PATIENT and state.patients.get(name, PatientRecord()).id not in ("", change.id):
        yield from earlier_codes(change, inputs)
    yield Remember(address.kind, name, detail, _adopted(change, inputs))
    intent = state.intents.get(address)
    if intent is not None and intent.operation == Action.CREATE:  # not the departure of a twin
        yield Resolve(address, intent.workspace)


def _adopted(change: Change, inputs: PlanInputs) -> Record:
    """The record of an adoption: live equals declared, as far as they were compared."""
    address, desired, now = change.address, inputs.desired, int(inputs.now.wall)
    if address.kind is not Kind.PATIENT:
        if address.kind is Kind.MOBILE_USER:
            email = desired.patients[address.names[0]].email
            return UserRecord(change.id, mobile_user.login_fingerprint(inputs.key, email), now)
        setting = next((setting for setting in desired.settings if setting.address == address), None)
        known = fingerprints(inputs.key, setting) if inputs.key and setting is not None else b""
        return Record(change.id, known, now)
    want = desired.patients[address.names[0]]
    if not inputs.capabilities.shows_patients:
        sent = inputs.state.patients[want.mrn]  # nothing was read: keep the recorded facts
        return PatientRecord(sent.id, sent.fingerprint, sent.at, cohort=want.cohort)
    known = _agreed(want, inputs.key) if inputs.key else b""
    return PatientRecord(change.id, known, now, cohort=want.cohort)


def _forget(change: Change, state: State) -> Iterator[Entry]:
    """Tombstones of a resource and of a patient's codes: declaring it again orders nothing twice."""
    address = change.address
    if address.kind is Kind.CONNECTION_CODE:
        mrn = address.names[0]
        yield Remember(address.kind, mrn, change.target, state.codes[mrn][change.target].tombstone())
        return
    name, detail = record_key(address)
    if address.kind is not Kind.PATIENT:
        known = state.users[name] if address.kind is Kind.MOBILE_USER else state.settings[address]
        yield Remember(address.kind, name, detail, known.tombstone())
        return
    yield Remember(address.kind, name, detail, state.patients[name].tombstone())
    for template, record in state.codes.get(name, {}).items():
        yield Remember(Kind.CONNECTION_CODE, name, template, record.tombstone())


def _refresh(mrn: str, state: State, desired: Desired, key: bytes) -> Iterator[Entry]:
    """The entry for a patient that is as declared; none when its record says so already."""
    record, want = state.patients[mrn], desired.patients[mrn]
    known = _agreed(want, key, record.fingerprint) if key else record.fingerprint
    if (known, want.cohort) != (record.fingerprint, record.cohort):
        renewed = PatientRecord(record.id, known, record.at, record.forgotten, want.cohort)
        yield Remember(Kind.PATIENT, mrn, "", renewed)


def _agreed(want: DesiredPatient, key: bytes, before: bytes = b"") -> bytes:
    """Fingerprints of a patient that is as declared. An ignored attribute keeps its previous one."""
    known = patient_kind.fingerprints(key, want)
    for place, name in enumerate(ATTRIBUTES):
        if name in want.ignore:
            start, end = place * FINGERPRINT_SIZE, (place + 1) * FINGERPRINT_SIZE
            known = known[:start] + (before[start:end] or MISSING) + known[end:]
    return known


def _observed_facts(inputs: PlanInputs) -> Iterator[Entry]:
    observed, state = inputs.observed, inputs.state
    count = patient_count(inputs)
    if observed.coverage is Coverage.PROVEN and count not in (None, state.live_count):
        yield Note("live_count", str(count))
    for departure in inputs.desired.departures:
        if is_to_be_noted_as_gone(inputs, departure):
            yield Depart(patient_id_of(inputs, departure), GONE)


def connected_anew(patient_id: str, inputs: PlanInputs) -> Iterator[Entry]:
    """The entry for a disconnected patient who gets a code or a user again: may be disconnected again too."""
    done = inputs.state.departed.get(patient_id, frozenset())
    if Action.DISCONNECT in done and Action.DELETE not in done:
        yield Return(patient_id)


def earlier_codes(change: Change, inputs: PlanInputs) -> Iterator[Entry]:
    """Remove the codes of the earlier patient of an mrn, once another one has it, and not before."""
    if change.address in inputs.decisions.recreate:
        mrn = change.address.names[0]
        for template in inputs.state.codes.get(mrn, {}):
            yield Drop(Kind.CONNECTION_CODE, mrn, template)
