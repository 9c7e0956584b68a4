"""What a cohort declares for one of its patients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kardia_ctl.model.source import Source


@dataclass(frozen=True, slots=True)
class Override:
    """The values of one patient.

    Attributes:
        values: By attribute, as in a patient under ``patients``.
        key: Where its mrn stands.
        place: Where an attribute stands, by its name and, for codes, an index.
    """

    values: Mapping[str, Any]
    key: Source
    place: Callable[..., Source]
