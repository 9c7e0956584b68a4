"""The endpoints that ``get`` reads beside planning's: recordings, documents, logs, teams (both references).

Planning's own list of safe reads (``endpoints.SAFE_READS``) is separate and stays short.
"""

from dataclasses import dataclass
from typing import Final

from kardia_ctl.api.endpoints import LIST_PATIENTS, LIST_TEMPLATES, READ_PATIENT, Endpoint, Nature

READ_RECORDING: Final = Endpoint("GET", "/v1/recordings/{recording}", Nature.SAFE, personal=True)
READ_PDF: Final = Endpoint("GET", "/v1/recordings/{recording}.pdf", Nature.SAFE, personal=True)
READ_REPORT: Final = Endpoint("GET", "/v1/patients/{patient}/summaryReport", Nature.SAFE, personal=True)
PRO_READ_RECORDING: Final = Endpoint("GET", "/e/v1/recordings/{recording}", Nature.SAFE, personal=True)
PRO_READ_PDF: Final = Endpoint("GET", "/e/v1/recordings/{recording}.pdf", Nature.SAFE, personal=True)
"""The pro document gives no path for it; this is v1's way."""

_LIST_RECORDINGS: Final = Endpoint("GET", "/v1/recordings", Nature.SAFE, personal=True)
_LIST_OF_PATIENT: Final = Endpoint("GET", "/v1/patients/{patient}/recordings", Nature.SAFE, personal=True)
_LIST_SCREENING: Final = Endpoint("GET", "/v1/screening/recordings", Nature.SAFE, personal=True)
_LIST_SYMPTOMS: Final = Endpoint("GET", "/v1/recordings/{recording}/symptoms", Nature.SAFE, personal=True)
_LIST_ACTIVITY: Final = Endpoint("GET", "/v1/recordings/{recording}/activity", Nature.SAFE, personal=True)
_LIST_LOGS: Final = Endpoint("GET", "/v1/logs", Nature.SAFE)
_LIST_TEAMS: Final = Endpoint("GET", "/partner/v1/teams", Nature.SAFE, personal=True)
"""Its rows hold a secretKey, so nothing of its answers is quoted in an error."""
_LIST_FIELDS: Final = Endpoint("GET", "/partner/v1/teams/{team}/patient/fields", Nature.SAFE)

ADD_QT: Final = Endpoint("POST", "/v1/recordings/{recording}/qt", Nature.ONCE, personal=True)
"""Each sending makes another measurement (API reference, "Set QT Analysis Measurements")."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that can be read: its endpoint, the names of its array, which differ, and whether it has pages.

    Without names, the first member that is an array counts.
    """

    endpoint: Endpoint
    names: tuple[str, ...]
    paged: bool = False


PATIENTS: Final = Listing(LIST_PATIENTS, ("patients", "data"), paged=True)
RECORDINGS: Final = Listing(_LIST_RECORDINGS, ("recordings", "data"), paged=True)
RECORDINGS_OF_PATIENT: Final = Listing(_LIST_OF_PATIENT, ("recordings", "data"), paged=True)
SCREENING: Final = Listing(_LIST_SCREENING, ("recordings", "data"), paged=True)
LOGS: Final = Listing(_LIST_LOGS, ("logs", "data"), paged=True)
SYMPTOMS: Final = Listing(_LIST_SYMPTOMS, ("symptoms", "data"))
ACTIVITY: Final = Listing(_LIST_ACTIVITY, ("activity", "activities", "data"))
TEMPLATES: Final = Listing(LIST_TEMPLATES, ("templates", "data"))
TEAMS: Final = Listing(_LIST_TEAMS, ("teams", "data"))
FIELDS: Final = Listing(_LIST_FIELDS, ("teams", "fields", "data"))
"""The document's example has the fields under ``teams``."""

RECORD_READS: Final = (
    LIST_PATIENTS,
    READ_PATIENT,
    LIST_TEMPLATES,
    READ_RECORDING,
    READ_PDF,
    READ_REPORT,
    PRO_READ_RECORDING,
    PRO_READ_PDF,
    _LIST_RECORDINGS,
    _LIST_OF_PATIENT,
    _LIST_SCREENING,
    _LIST_SYMPTOMS,
    _LIST_ACTIVITY,
    _LIST_LOGS,
    _LIST_TEAMS,
    _LIST_FIELDS,
)
"""All requests that ``get`` may send."""
