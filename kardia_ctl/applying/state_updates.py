"""What state keeps of what was done. Never a value: ids, times, keyed fingerprints."""

from collections.abc import Iterator
from dataclasses import replace

from kardia_ctl.kinds import patient as patient_kind
from kardia_ctl.model.address import Address, patient_address, record_key
from kardia_ctl.model.configuration import Departing, Desired
from kardia_ctl.model.fingerprint import MISSING, SIZE
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import ATTRIBUTES, DesiredPatient
from kardia_ctl.model.plan import Action, Change, Plan
from kardia_ctl.model.state import GONE, Depart, Drop, Entry, Note, Record, Remember, Resolve, State
from kardia_ctl.planning.checks.stops import living
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.settings import fingerprints


def remember(
    desired: Desired, address: Address, *, at: float, key: bytes, patient_id: str = "", target: str = ""
) -> Remember:
    """The record of an address that now is as declared. ``at`` is in Unix seconds."""
    name, detail = record_key(address, target)
    known = _fingerprint(desired, address, key)
    label = _label(desired, address)
    return Remember(address.kind, name, detail, Record(patient_id, label, known, int(at)))


def _label(desired: Desired, address: Address) -> str:
    """The template name of a code; the cohort of a patient, who may leave the configuration one day."""
    match address.kind:
        case Kind.CONNECTION_CODE:
            return address.names[1]
        case Kind.PATIENT:
            return desired.patients[address.names[0]].cohort
        case _:
            return ""


def _fingerprint(desired: Desired, address: Address, key: bytes) -> bytes:
    if not key:
        return b""
    if address.kind is Kind.PATIENT:
        return patient_kind.fingerprints(key, desired.patients[address.names[0]])
    resource = next((one for one in desired.others if one.address == address), None)
    return b"" if resource is None else fingerprints(key, resource)


def without_requests(plan: Plan, inputs: PlanInputs) -> Iterator[Entry]:
    """What changes in state alone: adopted, forgotten, and what the observation itself taught."""
    state, desired = inputs.state, inputs.desired
    for change in plan.changes:
        if change.action is Action.ADOPT:
            yield from _adopt(change, inputs)
        elif change.action is Action.FORGET:
            yield from _forget(change, state)
    key = inputs.key if inputs.capabilities.shows_patients else b""
    for names in plan.unchanged.get(Kind.PATIENT, ()):
        yield from _refresh(names[0], state, desired, key)
    yield from _learnt(inputs)


def _adopt(change: Change, inputs: PlanInputs) -> Iterator[Entry]:
    address, state = change.address, inputs.state
    if address.kind is Kind.CONNECTION_CODE:
        mrn, label = address.names
        known = state.codes[mrn][change.target]
        revived = Record(known.id, label, known.fingerprint, known.at)
        yield Remember(address.kind, mrn, change.target, revived)
        return
    entry = remember(inputs.desired, address, at=inputs.now, key=inputs.key, patient_id=change.id)
    if address.kind is Kind.PATIENT and not inputs.capabilities.shows_patients:
        sent = state.patients[address.names[0]]  # nothing was read: what is known of it stays
        entry = replace(entry, record=Record(sent.id, entry.record.label, sent.fingerprint, sent.at))
    elif address.kind is Kind.PATIENT and inputs.key:
        agreed = _agreed(inputs.desired.patients[address.names[0]], inputs.key)
        entry = replace(entry, record=Record(change.id, entry.record.label, agreed, entry.record.at))
    yield entry
    if address in state.intents:
        yield Resolve(address)


def _forget(change: Change, state: State) -> Iterator[Entry]:
    """A tombstone; a patient's takes the codes along, so that whoever comes back is not ordered for again."""
    address = change.address
    if address.kind is Kind.CONNECTION_CODE:
        mrn = address.names[0]
        yield Remember(
            address.kind, mrn, change.target, _with(state.codes[mrn][change.target], forgotten=True)
        )
        return
    name, detail = record_key(address)
    if address.kind is not Kind.PATIENT:
        yield Remember(address.kind, name, detail, _with(state.others[address], forgotten=True))
        return
    yield Remember(address.kind, name, detail, _with(state.patients[name], forgotten=True))
    for template, record in state.codes.get(name, {}).items():
        yield Remember(Kind.CONNECTION_CODE, name, template, _with(record, forgotten=True))


def _with(record: Record, *, forgotten: bool) -> Record:
    return Record(record.id, record.label, record.fingerprint, record.at, forgotten)


def _refresh(mrn: str, state: State, desired: Desired, key: bytes) -> Iterator[Entry]:
    """What is declared is live: from now on that is what was applied last."""
    record, want = state.patients[mrn], desired.patients[mrn]
    known = _agreed(want, key, record.fingerprint) if key else record.fingerprint
    if (known, want.cohort) != (record.fingerprint, record.label):
        yield Remember(
            Kind.PATIENT, mrn, "", Record(record.id, want.cohort, known, record.at, record.forgotten)
        )


def _agreed(want: DesiredPatient, key: bytes, before: bytes = b"") -> bytes:
    """Fingerprints of what both sides agree on. What is ignored may differ: of that nothing new is known."""
    known = patient_kind.fingerprints(key, want)
    for place, name in enumerate(ATTRIBUTES):
        if name in want.ignore:
            start, end = place * SIZE, (place + 1) * SIZE
            known = known[:start] + (before[start:end] or MISSING) + known[end:]
    return known


def _learnt(inputs: PlanInputs) -> Iterator[Entry]:
    observed, state = inputs.observed, inputs.state
    count = living(inputs)
    if observed.coverage is Coverage.PROVEN and count not in (None, state.live_count):
        yield Note("live_count", str(count))
    for departure in inputs.desired.departures:
        patient_id = state.patients.get(departure.mrn, Record()).id
        deleted = state.has_done(patient_id, Departing.DELETE) and not state.has_done(patient_id, GONE)
        if deleted and patient_id in observed.missing:
            yield Depart(patient_id, GONE)
        if (
            departure.id in ("", patient_id)
            and patient_id in observed.missing
            and not state.has_done(patient_id, *Departing)
        ):
            yield Depart(patient_id, departure.action.value)
            yield Resolve(patient_address(departure.mrn))
    for address in inputs.decisions.recreate:
        if address.kind is Kind.PATIENT and address.names[0] in state.patients:
            mrn = address.names[0]
            if state.patients[mrn].id in observed.missing:
                yield from (
                    Drop(Kind.CONNECTION_CODE, mrn, template) for template in state.codes.get(mrn, {})
                )
