"""Writing entries as SQL rows."""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, assert_never
from uuid import uuid4

from kardia_ctl.model.decided.use import UseDecision
from kardia_ctl.model.funnel import Sample
from kardia_ctl.model.state import (
    Audited,
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
    UsePlan,
    UserRecord,
)
from kardia_ctl.state.tables.audit_log import append
from kardia_ctl.state.tables.intents import (
    RESOLVE,
    RESOLVE_ELSEWHERE,
    intending,
    sealed_address,
)
from kardia_ctl.state.tables.samples import write_sample
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
_USE_DECISION: Final = """INSERT INTO decision VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (workspace, address, kind, until) DO UPDATE SET at = excluded.at
    WHERE decision.at <= 0 AND excluded.at > decision.at"""
UNREDEEMED: Final = "not redeemed"
"""The label of a mobile user whose code was not redeemed."""
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
    database = tables.database
    samples: list[Sample] = []
    audited: list[Audited] = []
    before = database.total_changes
    for entry in entries:
        if isinstance(entry, Sample):
            samples.append(entry)
        elif isinstance(entry, Audited):
            audited.append(entry)
        else:
            sql, values = _statement(entry, tables.sealer)
            database.execute(sql, (workspace, *values))
    if database.total_changes > before:
        database.execute(_COUNT, (str(uuid4()), workspace))
    for sample in samples:
        write_sample(tables, workspace, sample)
    append(tables, audited)


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
        case UsePlan() | UseDecision() | Depart() | Return():
            statement = _of_what_was_used(entry, sealer)
        case _ as never:
            assert_never(never)
    return statement


def _of_what_was_used(entry: UsePlan | UseDecision | Depart | Return, sealer: Sealer) -> Statement:
    """The statements about what is done once: plans, decisions and departures."""
    match entry:
        case UsePlan(plan):
            return _USE_PLAN, (plan,)
        case UseDecision(use, at):
            address = sealer.seal("decision.address", str(use.address))
            return _USE_DECISION, (address, use.kind, use.until, at)
        case Depart(patient_id, action):
            return _DEPART, (sealer.seal("departure.id", patient_id), action)
        case Return(patient_id):
            return _RETURN, (sealer.seal("departure.id", patient_id),)
        case _ as never:
            assert_never(never)


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
            return UNREDEEMED if record.unredeemed else ""
        case _:
            return ""
