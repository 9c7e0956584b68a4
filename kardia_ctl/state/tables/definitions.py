"""The tables, and how those of an earlier version become those of this one."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from kardia_ctl.state.tables.holder import TABLE as HOLDER
from kardia_ctl.state.tables.intents import ADDED_IN_3
from kardia_ctl.state.tables.intents import TABLE as INTENTS
from kardia_ctl.state.tables.samples import TABLE as SAMPLES

VERSION: Final = 5
"""The version of a database that this code writes. A newer one is refused. Writing upgrades an older one;
reading upgrades a copy in memory and changes nothing.
"""

_DEPARTURE: Final = """CREATE TABLE departure (
        workspace INTEGER NOT NULL, id TEXT NOT NULL, action TEXT NOT NULL,
        PRIMARY KEY (workspace, id, action)) WITHOUT ROWID"""

_META: Final = """CREATE TABLE meta (
        key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"""
"""Facts about the whole state: how it is encrypted."""

_AUDIT: Final = """CREATE TABLE audit (
        number INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash TEXT NOT NULL)"""

_DECISION: Final = """CREATE TABLE decision (
        workspace INTEGER NOT NULL, address TEXT NOT NULL, kind TEXT NOT NULL, until TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (workspace, address, kind, until)) WITHOUT ROWID"""

TABLES: Final = (
    """CREATE TABLE workspace (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        lineage TEXT NOT NULL DEFAULT '', serial INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE record (
        workspace INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL,
        id TEXT NOT NULL, label TEXT NOT NULL, fingerprint BLOB NOT NULL, at INTEGER NOT NULL,
        forgotten INTEGER NOT NULL,
        PRIMARY KEY (workspace, kind, name, detail)) WITHOUT ROWID""",
    INTENTS,
    """CREATE TABLE note (
        workspace INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (workspace, key)) WITHOUT ROWID""",
    """CREATE TABLE used_plan (
        workspace INTEGER NOT NULL, plan TEXT NOT NULL,
        PRIMARY KEY (workspace, plan)) WITHOUT ROWID""",
    _DEPARTURE,
    SAMPLES,
    """CREATE TABLE run (
        workspace INTEGER PRIMARY KEY, id TEXT NOT NULL, operation TEXT NOT NULL, who TEXT NOT NULL,
        began REAL NOT NULL, ended REAL NOT NULL)""",
    HOLDER,
    _META,
    _AUDIT,
    _DECISION,
)
"""The statements that create the tables, as SQLite reads them."""

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (  # an id can have several departures; samples are new
        "ALTER TABLE departure RENAME TO departure_1",
        _DEPARTURE,
        "INSERT INTO departure SELECT workspace, id, action FROM departure_1",
        "DROP TABLE departure_1",
        SAMPLES,
    ),
    2: (*ADDED_IN_3, HOLDER),  # more about intents; the run that the whole file belongs to
    3: (_META, _AUDIT),  # how it is encrypted; the audit log
    4: (_DECISION,),  # which decisions of the configuration were used
}
"""The statements that upgrade a database from each version to the next."""


def statements_from(version: int) -> Iterator[str]:
    """The statements that make a database of ``version`` one of ``VERSION``; 0 is one without tables."""
    if not version:
        yield from TABLES
        return
    yield from chain.from_iterable(_STEPS[number] for number in range(version, VERSION))
