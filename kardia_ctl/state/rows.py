"""State as SQLite rows: writing entries, and reading a workspace back."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, assert_never

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
from kardia_ctl.state.intents import (
    RESOLVE,
    RESOLVE_ELSEWHERE,
    intending,
    read_intents,
    recorded_elsewhere,
)
from kardia_ctl.state.samples import read_samples, write_sample

Statement: TypeAlias = tuple[str, tuple[Any, ...]]
"""An SQL statement and its parameters after the workspace."""

# Each upsert skips an equal row, so that writing what is already stored changes nothing.
_REMEMBER: Final = """INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET id = excluded.id, label = excluded.label, fingerprint = excluded.fingerprint,
        at = excluded.at, forgotten = excluded.forgotten
    WHERE (id, label, fingerprint, at, forgotten) IS NOT
        (excluded.id, excluded.label, excluded.fingerprint, excluded.at, excluded.forgotten)"""
_DROP: Final = "DELETE FROM record WHERE workspace = ? AND kind = ? AND name = ? AND detail = ?"
_NOTE: Final = """INSERT INTO note VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value"""
_USE_PLAN: Final = "INSERT INTO used_plan VALUES (?, ?) ON CONFLICT DO NOTHING"
_UNREDEEMED: Final = "not redeemed"
_DEPART: Final = "INSERT INTO departure VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_RETURN: Final = "DELETE FROM departure WHERE workspace = ? AND id = ?"


def write(connection: sqlite3.Connection, workspace: int, entries: Iterable[Entry]) -> bool:
    """Write entries inside the open transaction. Returns whether any fact changed; a sample is not a fact."""
    before, samples = connection.total_changes, 0
    for entry in entries:
        if isinstance(entry, Sample):
            start = connection.total_changes
            write_sample(connection, workspace, entry)
            samples += connection.total_changes - start
        else:
            sql, values = _statement(entry)
            connection.execute(sql, (workspace, *values))
    return connection.total_changes > before + samples


def _statement(entry: Fact) -> Statement:
    match entry:
        case Remember(kind, name, detail, record):
            statement: Statement = _REMEMBER, (kind.value, name, detail, *_columns(record))
        case Drop(kind, name, detail):
            statement = _DROP, (kind.value, name, detail)
        case Intend(intent):
            statement = intending(intent)
        case Resolve(address, ""):
            statement = RESOLVE, (str(address),)
        case Resolve(address, workspace):
            statement = RESOLVE_ELSEWHERE, (workspace, str(address))
        case Note(key, value):
            statement = _NOTE, (key, value)
        case UsePlan(plan):
            statement = _USE_PLAN, (plan,)
        case Depart(patient_id, action):
            statement = _DEPART, (patient_id, action)
        case Return(patient_id):
            statement = _RETURN, (patient_id,)
        case _ as never:
            assert_never(never)
    return statement


def _columns(record: Record) -> tuple[Any, ...]:
    return record.id, _label(record), record.fingerprint, record.at, record.forgotten


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


@dataclass(frozen=True, slots=True)
class _StateRecords:
    patients: dict[str, PatientRecord] = field(default_factory=dict)
    codes: dict[str, dict[str, CodeRecord]] = field(default_factory=dict)
    users: dict[str, UserRecord] = field(default_factory=dict)
    settings: dict[Address, Record] = field(default_factory=dict)


def read_state(connection: sqlite3.Connection, name: str) -> State:
    """Everything recorded in the workspace called ``name``, and what is in doubt in the others.

    Raises:
        StateError: a value in it is not valid.
    """
    row = connection.execute("SELECT id, lineage, serial FROM workspace WHERE name = ?", (name,)).fetchone()
    try:
        intents, elsewhere = read_intents(connection, name), recorded_elsewhere(connection, name)
        if row is None or not row[1]:
            return State(intents=intents, elsewhere=elsewhere)
        workspace, lineage, serial = row
        records = _records(connection, workspace)
    except (ValueError, TypeError) as error:
        raise StateError(
            f"workspace {name} of the state is damaged: {type(error).__name__}. Next: restore the file from "
            "a backup, or move it away and plan again: patients are matched again by mrn"
        ) from None
    notes = dict(connection.execute("SELECT key, value FROM note WHERE workspace = ?", (workspace,)))
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
        departed=_departed(connection, workspace),
        used_plans=frozenset(
            plan
            for (plan,) in connection.execute("SELECT plan FROM used_plan WHERE workspace = ?", (workspace,))
        ),
        samples=read_samples(connection, workspace),
        keyed=_hex(notes.get("key", "")),
    )


def _hex(text: str) -> bytes:
    """The bytes of a note in hex; those of no key when it is damaged."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b"?"


def _records(connection: sqlite3.Connection, workspace: int) -> _StateRecords:
    shared: dict[Any, Any] = {}
    once = shared.setdefault  # cohorts, templates and times repeat: a million copies take 100 MB
    # Most records are patients: reading them separately saves a quarter of the time for a whole state.
    rows = connection.execute(_PATIENTS, (workspace, Kind.PATIENT))
    patients = {
        mrn: PatientRecord(patient_id, fingerprint, once(at, at), forgotten != 0, once(cohort, cohort))
        for mrn, patient_id, fingerprint, at, forgotten, cohort in rows
    }
    records = _StateRecords(patients)
    rows = connection.execute(_OTHERS, (workspace, Kind.PATIENT))
    for kind, name, detail, live_id, fingerprint, at, forgotten, label in rows:
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


def _departed(connection: sqlite3.Connection, workspace: int) -> dict[str, frozenset[str]]:
    departed: dict[str, frozenset[str]] = {}
    rows = connection.execute("SELECT id, action FROM departure WHERE workspace = ?", (workspace,))
    for patient_id, action in rows:
        departed[patient_id] = departed.get(patient_id, frozenset()) | {action}
    return departed
