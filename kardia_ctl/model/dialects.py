"""What each dialect of the API can do. Code reads this table and never branches on the dialect itself.

============================  ======================  ==========================================
                              v1                      pro
============================  ======================  ==========================================
patients are                  listed, read by id      not shown: known from state or a 409
a patient is named by         Kardia's id             the mrn
a create without a response   is searched for         is sent again: a 409 shows that it exists
a code without a response     is requested again      is in doubt until a person decides
templates, their price, team  read                    not shown
qt_callback, providers        yes                     no
delete, export                yes                     no
a mobile user                 is connected by Kardia  may redeem the patient's code
API keys                      login, rotate-key       come from the vendor
bodies                        forms                   JSON
============================  ======================  ==========================================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.configuration import DepartureAction, Dialect, Region
from kardia_ctl.model.kinds import Kind


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One column of the table.

    Attributes:
        dialect: The column's dialect.
        regions: Where accounts of this dialect live.
        kinds: What can be declared.
        departing: What a departure can do.
        required: What a patient must have besides the mrn.
        shows_patients: Whether patients can be listed and read back. Where they cannot, the mrn is the id, a
            409 on a create shows that the patient exists, and everything else is known from state alone.
        shows_templates: Whether the connection templates, with their prices and team, can be read.
        repeats_codes: Whether requesting a code again returns the same code.
        redeems: Whether a mobile user redeems the patient's code in a request of its own.
        has_phone: Whether a patient may have a phone number.
        makes_keys: Whether the API issues keys: one for a login, or a new one in place of the current one.
        json_bodies: Whether request bodies are usually JSON; otherwise they are forms.
    """

    dialect: Dialect
    regions: frozenset[Region]
    kinds: frozenset[Kind]
    departing: frozenset[DepartureAction]
    required: tuple[str, ...]
    shows_patients: bool
    shows_templates: bool
    repeats_codes: bool
    redeems: bool
    has_phone: bool
    makes_keys: bool
    json_bodies: bool


V1: Final = Capabilities(
    dialect=Dialect.V1,
    regions=frozenset(Region),
    kinds=frozenset(Kind),
    departing=frozenset(DepartureAction),
    required=("dob", "email"),
    shows_patients=True,
    shows_templates=True,
    repeats_codes=True,
    redeems=False,
    has_phone=False,
    makes_keys=True,
    json_bodies=False,
)
"""The current API (API reference, "Introduction")."""

PRO: Final = Capabilities(
    dialect=Dialect.PRO,
    regions=frozenset({Region.US}),
    kinds=frozenset({Kind.CALLBACK, Kind.PATIENT, Kind.CONNECTION_CODE, Kind.MOBILE_USER}),
    departing=frozenset({DepartureAction.DISCONNECT}),
    required=("firstname", "lastname"),
    shows_patients=False,
    shows_templates=False,
    repeats_codes=False,
    redeems=True,
    has_phone=True,
    makes_keys=False,
    json_bodies=True,
)
"""The older Kardia Pro API (Kardia Pro API reference, "Participants" to "Event Callback")."""

CAPABILITIES: Final[Mapping[Dialect, Capabilities]] = {V1.dialect: V1, PRO.dialect: PRO}
