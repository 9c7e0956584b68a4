"""An open database together with what seals its texts."""

from dataclasses import dataclass

from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.sealer import PLAIN, Sealer


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a state, in whatever engine."""

    database: Database
    sealer: Sealer = PLAIN
