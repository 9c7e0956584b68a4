"""What each dialect of the API can do. Everything that depends on it asks this table, never the dialect.

============================  ======================  ==========================================
                              v1                      pro
============================  ======================  ==========================================
patients are                  listed, read by id      not shown: state knows, 409 says it exists
a patient is named by         the id that Kardia made the mrn itself
a create that got no answer   is looked for           is sent again: 409 is the observation
a code that got no answer     is asked for again      is in doubt until a person settles it
templates, their price, team  read                    not shown
qt_callback, providers        yes                     no
delete, export                yes                     no
a mobile user                 connects by itself      may redeem the patient's code
API keys                      login, rotate-key       come from the vendor
bodies                        forms                   JSON
============================  ======================  ==========================================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.configuration import Departing, Dialect, Region
from kardia_ctl.model.kinds import Kind


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One column of the table.

    Attributes:
        dialect: Whose column it is.
        regions: Where accounts of this dialect live.
        kinds: What can be declared.
        departing: What a departure can ask for.
        required: What a patient must have besides the mrn.
        shows_patients: Whether patients can be listed and read back. Where they cannot, the mrn is the id, a
            409 on a create says that the patient exists, and what state says is all that is known.
        shows_templates: Whether the connection templates, with their prices and team, can be read.
        repeats_codes: Whether asking for a code again returns the same one.
        redeems: Whether a mobile user redeems the patient's code in a request of its own.
        has_phone: Whether a patient may have a phone number.
        makes_keys: Whether a login gets a key, and a key makes a new one.
        json_bodies: Whether bodies are JSON, as a rule; they are forms otherwise.
    """

    dialect: Dialect
    regions: frozenset[Region]
    kinds: frozenset[Kind]
    departing: frozenset[Departing]
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
    departing=frozenset(Departing),
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
    departing=frozenset({Departing.DISCONNECT}),
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

CAPABILITIES: Final[Mapping[Dialect, Capabilities]] = {one.dialect: one for one in (V1, PRO)}
