"""What stands for the account where nothing is read (``plan --refresh off``): what state says of it."""

from collections.abc import Iterator
from typing import Any

from kardia_ctl.fingerprints import fingerprint
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.kinds.last_applied import edited_since
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import DepartureAction, Desired, Setting
from kardia_ctl.model.observed import Coverage, Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.state import Record, State
from kardia_ctl.observing.assumed import ASSUMED_STATUS, as_declared
from kardia_ctl.observing.read_plan import PAGE, ReadPlan


def from_state(desired: Desired, state: State, key: bytes, read_plan: ReadPlan) -> Observed:
    """The account as it is if nothing has changed since state was written; nothing is sent.

    Whoever is recorded (by whichever workspace) or pinned stands there as declared, but for attributes that
    certainly were applied otherwise: these are absent. ``read_plan`` is what an apply would read.
    """
    pages = -(-(state.live_count or 0) // PAGE)
    patients = dict(_patients(desired, state, key))
    reads = max(1, pages) if read_plan.scan else len(read_plan.ids)
    others = len(read_plan.settings) + read_plan.templates + len(read_plan.recordings)
    return Observed(
        patients=patients,
        by_id=dict(_departing(desired, state)),
        coverage=Coverage.STATE,
        settings=dict(_settings(desired, state, key)),
        reads=reads + others,
    )


def _patients(desired: Desired, state: State, key: bytes) -> Iterator[tuple[str, LivePatient]]:
    leaving = {departure.mrn for departure in desired.departures}
    elsewhere = {mrn: patient_id for patient_id, mrn in state.elsewhere.items()}
    for mrn, want in desired.patients.items():
        record = state.patients.get(mrn)
        patient_id = want.id or (elsewhere.get(mrn, "") if record is None else record.id)
        if not patient_id or state.has_done(patient_id, DepartureAction.DELETE):
            continue
        status = None if mrn in leaving else _status(state, mrn, patient_id)
        live = as_declared(want, patient_id, status)
        known = b"" if record is None or record.id != patient_id else record.fingerprint
        yield mrn, _without(live, edited_since(known, key, want))


def _status(state: State, mrn: str, patient_id: str) -> str:
    """A status by which nothing is ordered twice: whoever has or may have an order counts as connected."""
    if patient_id in state.elsewhere:
        return ASSUMED_STATUS
    ordered = any(one.id in ("", patient_id) for one in state.codes.get(mrn, {}).values())
    return ASSUMED_STATUS if ordered or mrn in state.users else "none"


def _without(live: LivePatient, names: tuple[str, ...]) -> LivePatient:
    if not names:
        return live
    values: dict[str, Any] = {name: getattr(live, name) for name in live.__struct_fields__}
    return LivePatient(**{name: value for name, value in values.items() if name not in names})


def _departing(desired: Desired, state: State) -> Iterator[tuple[str, LivePatient]]:
    """Whoever departs and has not departed yet."""
    for departure in desired.departures:
        record = state.patients.get(departure.mrn)
        patient_id = departure.id or ("" if record is None else record.id)
        over = departure.done or state.has_done(patient_id, departure.action, DepartureAction.DELETE)
        if patient_id and not over:
            yield patient_id, LivePatient(patient_id, departure.mrn)


def _settings(desired: Desired, state: State, key: bytes) -> Iterator[tuple[Address, Setting]]:
    """What is recorded of the settings: as declared, or without values when they were applied otherwise."""
    for setting in desired.settings:
        record = state.settings.get(setting.address)
        if record is not None and not record.forgotten:
            same = not key or not record.fingerprint or _applied(setting, record, key)
            yield setting.address, setting if same else Setting(setting.address)


def _applied(setting: Setting, record: Record, key: bytes) -> bool:
    normalise = SETTINGS[setting.address.kind].normalise
    name = str(setting.address)
    known = (
        fingerprint(key, name, attribute, normalise(attribute, setting.attributes[attribute]))
        for attribute in sorted(setting.attributes)
    )
    return record.fingerprint == b"".join(known)
