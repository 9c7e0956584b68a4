"""Samples as rows: one a cohort an hour for a week, one a day from then on."""

import sqlite3
from typing import Final

from kardia_ctl.model.funnel import STAGES, Counts, Sample

TABLE: Final = f"""CREATE TABLE sample (
        workspace INTEGER NOT NULL, cohort TEXT NOT NULL, at INTEGER NOT NULL,
        {", ".join(f"{stage} INTEGER NOT NULL" for stage in STAGES)},
        PRIMARY KEY (workspace, cohort, at)) WITHOUT ROWID"""

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_FINE: Final = 7 * _DAY
"""For how long there is one an hour: two years of a cohort are then about 900 rows."""

_SUPERSEDE: Final = "DELETE FROM sample WHERE workspace = ? AND cohort = ? AND at >= ? AND at < ?"
_INSERT: Final = f"INSERT OR REPLACE INTO sample VALUES (?, ?, ?{', ?' * len(STAGES)})"  # noqa: S608  (names of our own)
_THIN: Final = """DELETE FROM sample WHERE workspace = ?1 AND cohort = ?2 AND at < ?3 AND at NOT IN
    (SELECT max(at) FROM sample WHERE workspace = ?1 AND cohort = ?2 AND at < ?3 GROUP BY at / ?4)"""


def write_sample(connection: sqlite3.Connection, workspace: int, sample: Sample) -> None:
    """Write a sample in place of those of the same hour, and thin out those that are old."""
    cohort = workspace, sample.cohort
    counts = (getattr(sample.counts, stage) for stage in STAGES)
    hour = sample.at - sample.at % _HOUR
    connection.execute(_SUPERSEDE, (*cohort, hour, hour + _HOUR))
    connection.execute(_INSERT, (*cohort, sample.at, *counts))
    fine = sample.at - _FINE
    connection.execute(_THIN, (*cohort, fine - fine % _DAY, _DAY))


def read_samples(connection: sqlite3.Connection, workspace: int) -> tuple[Sample, ...]:
    """The samples of a workspace by time, then cohort; none in a database of before there were any."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sample'").fetchone():
        return ()
    rows = connection.execute(
        f"SELECT at, cohort, {', '.join(STAGES)} FROM sample WHERE workspace = ? ORDER BY at, cohort",  # noqa: S608  (names of our own)
        (workspace,),
    )
    return tuple(Sample(at, cohort, Counts(*counts)) for at, cohort, *counts in rows)
