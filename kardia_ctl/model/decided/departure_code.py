"""Why a patient departs, as a word that reviewers may see."""

from enum import StrEnum


class DepartureCode(StrEnum):
    """The code of a departure. Its free reason is about a person, and is shown on their terminal alone."""

    MOVED = "moved"
    WITHDREW_CONSENT = "withdrew-consent"
    DECEASED = "deceased"
    DUPLICATE = "duplicate"
    END_OF_TRIAL = "end-of-trial"
    OTHER = "other"
