"""Checks of departures against each other and against the patients that are declared."""

from collections.abc import Iterable

from kardia_ctl.config.context import address_of
from kardia_ctl.config.patient_registry import PatientRegistry
from kardia_ctl.model.configuration import Departure, DepartureAction
from kardia_ctl.model.source import Source


def check_departures(departures: Iterable[Departure], registry: PatientRegistry) -> None:
    """Report patients that are declared and deleted, and those with two departures.

    A declared patient may be disconnected: that cancels an order, so that another plan can be ordered. Of two
    live patients with a declared mrn, one may leave, named by its id.
    """
    leaving: dict[str, Departure] = {}
    for departure in departures:
        source = departure.source or Source("", 1)
        first = leaving.setdefault(departure.mrn, departure)
        if first is not departure:
            message = f"this patient has two departures; the other is at {first.source}"
            registry.context.problem(source, message, "Keep one", address_of(departure.mrn))
        if departure.action is DepartureAction.DELETE and (place := registry.place(departure.mrn)):
            _check_deletion(departure, source, place, registry)


def _check_deletion(departure: Departure, source: Source, place: str, registry: PatientRegistry) -> None:
    """Report a deletion of a declared patient, unless it names another live one with the mrn."""
    context, declared = registry.context, registry.patients.get(departure.mrn)
    shows = context.capabilities.shows_patients
    is_pinned = declared is not None and departure.id == declared.id
    if departure.id and shows and not is_pinned:
        return
    message = f"this patient has a departure but is also declared at {place}"
    remedy = "Remove the patient there, or the departure here"
    if departure.id and is_pinned:
        message = f"this departure has the id of the patient that is declared at {place}"
        remedy = "Write the id of the other live patient with this mrn"
    elif shows:
        remedy += ". If two live patients have this mrn, write the id: of the one who leaves"
    context.problem(source, message, remedy, address_of(departure.mrn))
