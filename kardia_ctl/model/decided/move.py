"""An entry under ``moved``."""

from dataclasses import dataclass

from kardia_ctl.model.source import Source


@dataclass(frozen=True, slots=True)
class Move:
    """A patient whose mrn was corrected: what state records of ``old`` belongs to ``new``."""

    old: str
    new: str
    source: Source | None = None
