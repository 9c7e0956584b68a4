"""Reading a workspace back from its rows."""

from dataclasses import dataclass, field
from typing import Any, Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import ProvenList
from kardia_ctl.model.decided.use import DecisionUse
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import CodeRecord, PatientRecord, Record, State, UserRecord
from kardia_ctl.state.tables.holder import check_here
from kardia_ctl.state.tables.intents import read_intents, recorded_elsewhere
from kardia_ctl.state.tables.rows import UNREDEEMED
from kardia_ctl.state.tables.samples import read_samples
from kardia_ctl.state.tables.tables import Tables

_PATIENTS: Final = """SELECT name, id, fingerprint, at, forgotten, label FROM record
    WHERE workspace = ? AND kind = ?"""
# Each side of a kind is a range of the primary key; <> would scan every patient.
_OTHERS: Final = """SELECT kind, name, detail, id, fingerprint, at, forgotten, label FROM record
        WHERE workspace = ?1 AND kind < ?2
    UNION ALL SELECT kind, name, detail, id, fingerprint, at, forgotten, label FROM record
        WHERE workspace = ?1 AND kind > ?2"""
_PATIENT_COLUMNS: Final = ("record.name", "record.id", "", "", "", "record.label")
_OTHER_COLUMNS: Final = ("", "record.name", "record.detail", "record.id", "", "", "", "record.label")


@dataclass(frozen=True, slots=True)
class _StateRecords:
    patients: dict[str, PatientRecord] = field(default_factory=dict)
    codes: dict[str, dict[str, CodeRecord]] = field(default_factory=dict)
    users: dict[str, UserRecord] = field(default_factory=dict)
    settings: dict[Address, Record] = field(default_factory=dict)


def read_state(tables: Tables, name: str) -> State:
    """Everything recorded in the workspace called ``name``, and what is in doubt in the others.

    Raises:
        StateError: a value in it is not valid.
    """
    database = tables.database
    check_here(database)
    row = database.execute("SELECT id, lineage, serial FROM workspace WHERE name = ?", (name,)).fetchone()
    try:
        intents, elsewhere = read_intents(tables, name), recorded_elsewhere(tables, name)
        if row is None or not row[1]:
            return State(intents=intents, elsewhere=elsewhere)
        workspace, lineage, serial = row
        records, decided = _records(tables, workspace), _decided(tables, workspace)
    except (ValueError, TypeError) as error:
        raise StateError(
            f"workspace {name} of the state is damaged: {type(error).__name__}. Next: restore the file from "
            "a backup, or move it away and plan again: patients are matched again by mrn"
        ) from None
    notes = _notes(tables, workspace)
    count = notes.get("live_count", "")
    return State(
        exists=True,
        lineage=lineage,
        serial=serial,
        team=notes.get("team", ""),
        live_count=int(count) if count.isdecimal() else None,
        proven=ProvenList.parse(notes.get("proven", "")),
        rate=Rate.parse(notes.get("rate", "")),
        patients=records.patients,
        codes=records.codes,
        users=records.users,
        settings=records.settings,
        intents=intents,
        elsewhere=elsewhere,
        departed=_departed(tables, workspace),
        used_plans=frozenset(
            plan
            for (plan,) in database.execute("SELECT plan FROM used_plan WHERE workspace = ?", (workspace,))
        ),
        decided=decided,
        samples=read_samples(tables, workspace),
        keyed=_hex(notes.get("key", "")),
    )


def _hex(text: str) -> bytes:
    """The bytes of a note in hex; those of no key when it is damaged."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b"?"


def _notes(tables: Tables, workspace: int) -> dict[str, str]:
    rows = tables.database.execute("SELECT key, value FROM note WHERE workspace = ?", (workspace,))
    return dict(tables.sealer.open_rows(rows, ("", "note.value"), 0))


def _records(tables: Tables, workspace: int) -> _StateRecords:
    shared: dict[Any, Any] = {}
    once = shared.setdefault  # cohorts, templates and times repeat: a million copies take 100 MB
    # Most records are patients: reading them separately saves a quarter of the time for a whole state.
    rows = tables.database.execute(_PATIENTS, (workspace, Kind.PATIENT.value))
    patients = {
        mrn: PatientRecord(patient_id, fingerprint, once(at, at), forgotten != 0, once(cohort, cohort))
        for mrn, patient_id, fingerprint, at, forgotten, cohort in tables.sealer.open_rows(
            rows, _PATIENT_COLUMNS, 0
        )
    }
    records = _StateRecords(patients)
    rows = tables.database.execute(_OTHERS, (workspace, Kind.PATIENT.value))
    for kind, name, detail, live_id, fingerprint, at, forgotten, label in tables.sealer.open_rows(
        rows, _OTHER_COLUMNS, 1
    ):
        columns = live_id, fingerprint, once(at, at), forgotten != 0
        if kind == Kind.CONNECTION_CODE:
            code = CodeRecord(*columns, once(label, label))
            records.codes.setdefault(name, {})[once(detail, detail)] = code
        elif kind == Kind.MOBILE_USER:
            records.users[name] = UserRecord(*columns, label == UNREDEEMED)
        else:
            names = tuple(part for part in (name, detail) if part)
            records.settings[Address(Kind(kind), names)] = Record(*columns)
    return records


def _decided(tables: Tables, workspace: int) -> dict[DecisionUse, int]:
    rows = tables.database.execute(
        "SELECT address, kind, until, at FROM decision WHERE workspace = ?", (workspace,)
    )
    return {
        DecisionUse(kind, Address.parse(address), until): at
        for address, kind, until, at in tables.sealer.open_rows(rows, ("decision.address", "", "", ""), None)
    }


def _departed(tables: Tables, workspace: int) -> dict[str, frozenset[str]]:
    departed: dict[str, frozenset[str]] = {}
    rows = tables.database.execute("SELECT id, action FROM departure WHERE workspace = ?", (workspace,))
    for patient_id, action in tables.sealer.open_rows(rows, ("departure.id", ""), None):
        departed[patient_id] = departed.get(patient_id, frozenset()) | {action}
    return departed
