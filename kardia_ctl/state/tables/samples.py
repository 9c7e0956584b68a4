"""Samples of the funnel as rows: one per cohort and hour for a week, one per day after that."""

from typing import Final

from kardia_ctl.model.funnel import COUNT_NAMES, Counts, Sample
from kardia_ctl.state.tables.tables import Tables

TABLE: Final = f"""CREATE TABLE sample (
        workspace INTEGER NOT NULL, cohort TEXT NOT NULL, at INTEGER NOT NULL,
        {", ".join(f"{stage} INTEGER NOT NULL" for stage in COUNT_NAMES)},
        PRIMARY KEY (workspace, cohort, at)) WITHOUT ROWID"""

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_HOURLY: Final = 7 * _DAY
"""How long hourly samples are kept: two years of a cohort are then about 900 rows."""

_SUPERSEDE: Final = "DELETE FROM sample WHERE workspace = ? AND cohort = ? AND at >= ? AND at < ?"
_INSERT: Final = f"INSERT INTO sample VALUES (?, ?, ?{', ?' * len(COUNT_NAMES)})"  # noqa: S608  (names of our own)
_THIN: Final = """DELETE FROM sample WHERE workspace = ?1 AND cohort = ?2 AND at < ?3 AND at NOT IN
    (SELECT max(at) FROM sample WHERE workspace = ?1 AND cohort = ?2 AND at < ?3 GROUP BY at / ?4)"""

_SELECT: Final = f"SELECT cohort, at, {', '.join(COUNT_NAMES)} FROM sample WHERE workspace = ?"  # noqa: S608  (names of our own)
_SEALED: Final = ("sample.cohort", "", *("" for _ in COUNT_NAMES))


def write_sample(tables: Tables, workspace: int, sample: Sample) -> None:
    """Write a sample in place of the others of its hour, and thin out old ones."""
    database = tables.database
    cohort = workspace, tables.sealer.seal("sample.cohort", sample.cohort)
    counts = (getattr(sample.counts, stage) for stage in COUNT_NAMES)
    hour = sample.at - sample.at % _HOUR
    database.execute(_SUPERSEDE, (*cohort, hour, hour + _HOUR))
    database.execute(_INSERT, (*cohort, sample.at, *counts))
    oldest_hourly = sample.at - _HOURLY
    database.execute(_THIN, (*cohort, oldest_hourly - oldest_hourly % _DAY, _DAY))


def read_samples(tables: Tables, workspace: int) -> tuple[Sample, ...]:
    """The samples of a workspace by time, then cohort."""
    rows = tables.sealer.open_rows(tables.database.execute(_SELECT, (workspace,)), _SEALED)
    samples = (Sample(at, cohort, Counts(*counts)) for cohort, at, *counts in rows)
    return tuple(sorted(samples, key=lambda sample: (sample.at, sample.cohort)))
