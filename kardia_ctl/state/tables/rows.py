"""State as SQL rows: writing entries, and reading a workspace back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, assert_never
from uuid import uuid4

from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import StateError
from kardia_ctl.model.funnel import Sample
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Rate
from kardia_ctl.model.state import (
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Fact,
    Intend,
    Note,
    PatientRecord,
    Record,
    Remember,
    Resolve,
    Return,
    State,
    UsePlan,
    UserRecord,
)
from kardia_ctl.state.tables.intents import (
    RESOLVE,
    RESOLVE_ELSEWHERE,
    intending,
    read_intents,
    recorded_elsewhere,
    sealed_address,
)
from kardia_ctl.state.tables.samples import read_samples, write_sample
from kardia_ctl.state.tables.sealer import Sealer
from kardia_ctl.state.tables.tables import Tables

Statement: TypeAlias = tuple[str, tuple[Any, ...]]
"""An SQL statement and its parameters after the workspace."""

# Each upsert skips an equal row, so that writing what is already stored changes nothing.
_REMEMBER: Final = """INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (workspace, kind, name, detail) DO UPDATE SET id = excluded.id, label = excluded.label,
        fingerprint = excluded.fingerprint, at = excluded.at, forgotten = excluded.forgotten
    WHERE (record.id, record.label, record.fingerprint, record.at, record.forgotten) <>
        (excluded.id, excluded.label, excluded.fingerprint, excluded.at, excluded.forgotten)"""
_DROP: Final = "DELETE FROM record WHERE workspace = ? AND kind = ? AND name = ? AND detail = ?"
_NOTE: Final = """INSERT INTO note VALUES (?, ?, ?) ON CONFLICT (workspace, key)
    DO UPDATE SET value = excluded.value WHERE note.value <> excluded.value"""
_USE_PLAN: Final = "INSERT INTO used_plan VALUES (?, ?) ON CONFLICT DO NOTHING"
_UNREDEEMED: Final = "not redeemed"
_DEPART: Final = "INSERT INTO departure VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_RETURN: Final = "DELETE FROM departure WHERE workspace = ? AND id = ?"
_COUNT: Final = """UPDATE workspace SET serial = serial + 1,
    lineage = CASE lineage WHEN '' THEN ? ELSE lineage END WHERE id = ?"""


def workspace_id(tables: Tables, name: str) -> int:
    """The number of the workspace called ``name``, which is created if it is missing."""
    database = tables.database
    database.execute("INSERT INTO workspace (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    (number,) = database.execute("SELECT id FROM workspace WHERE name = ?", (name,)).fetchone()
    return int(number)


def write(tables: Tables, workspace: int, entries: Iterable[Entry]) -> None:
    """Write entries inside the open transaction. When any fact changed, the serial moves."""
    database, samples = tables.database, []
    before = database.total_changes
    for entry in entries:
        if isinstance(entry, Sample):
            samples.append(entry)
        else:
            sql, values = _statement(entry, tables.sealer)
            database.execute(sql, (workspace, *values))
    if database.total_changes > before:
        database.execute(_COUNT, (str(uuid4()), workspace))
    for sample in samples:
        write_sample(tables, workspace, sample)


def _statement(entry: Fact, sealer: Sealer) -> Statement:
    match entry:
        case Remember(kind, name, detail, record):
            row = sealer.seal("record.name", name)
            key = kind.value, row, sealer.seal("record.detail", detail, row)
            statement: Statement = _REMEMBER, (*key, *_columns(record, sealer, row))
        case Drop(kind, name, detail):
            row = sealer.seal("record.name", name)
            statement = _DROP, (kind.value, row, sealer.seal("record.detail", detail, row))
        case Intend(intent):
            statement = intending(intent, sealer)
        case Resolve(address, ""):
            statement = RESOLVE, (sealed_address(address, sealer),)
        case Resolve(address, workspace):
            statement = RESOLVE_ELSEWHERE, (workspace, sealed_address(address, sealer))
        case Note(key, value):
            statement = _NOTE, (key, sealer.seal("note.value", value, key))
        case UsePlan(plan):
            statement = _USE_PLAN, (plan,)
        case Depart(patient_id, action):
            statement = _DEPART, (sealer.seal("departure.id", patient_id), action)
        case Return(patient_id):
            statement = _RETURN, (sealer.seal("departure.id", patient_id),)
        case _ as never:
            assert_never(never)
    return statement


def _columns(record: Record, sealer: Sealer, row: str) -> tuple[Any, ...]:
    return (
        sealer.seal("record.id", record.id, row),
        sealer.seal("record.label", _label(record), row),
        record.fingerprint,
        record.at,
        int(record.forgotten),
    )


def _label(record: Record) -> str:
    """The column ``label`` holds what only a record of this kind has."""
    match record:
        case PatientRecord():
            return record.cohort
        case CodeRecord():
            return record.template
        case UserRecord():
            return _UNREDEEMED if record.unredeemed else ""
        case _:
            return ""


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
    row = database.execute("SELECT id, lineage, serial FROM workspace WHERE name = ?", (name,)).fetchone()
    try:
        intents, elsewhere = read_intents(tables, name), recorded_elsewhere(tables, name)
        if row is None or not row[1]:
            return State(intents=intents, elsewhere=elsewhere)
        workspace, lineage, serial = row
        records = _records(tables, workspace)
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
            records.users[name] = UserRecord(*columns, label == _UNREDEEMED)
        else:
            names = tuple(part for part in (name, detail) if part)
            records.settings[Address(Kind(kind), names)] = Record(*columns)
    return records


def _departed(tables: Tables, workspace: int) -> dict[str, frozenset[str]]:
    departed: dict[str, frozenset[str]] = {}
    rows = tables.database.execute("SELECT id, action FROM departure WHERE workspace = ?", (workspace,))
    for patient_id, action in tables.sealer.open_rows(rows, ("departure.id", ""), None):
        departed[patient_id] = departed.get(patient_id, frozenset()) | {action}
    return departed
