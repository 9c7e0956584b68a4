"""An invented twin of a live account: as many patients, twins, statuses and odd values; nobody's data.

It is a file of JSON lines, which the sandbox starts with (``sandbox/control/given_account.py`` reads it): an
object about the account, then an object for each patient, the newest first.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from itertools import chain
from random import Random
from typing import Any, Final

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.operations.importing.invented_values import (
    InventedTexts,
    invented_address,
    invented_day,
    invented_sex,
)

FILE: Final = "account.ndjson"
FORMAT: Final = "kardia-ctl invented account 1"
_STATUSES: Final = frozenset({"none", "pending", "connected"})
_URLS: Final = {
    Kind.CALLBACK: ("callback", "https://hooks.example.com/kardia"),
    Kind.QT_CALLBACK: ("qtCallback", "https://hooks.example.com/kardia-qt"),
}


def invented_account(observed: Observed, random: Random, today: date) -> Iterator[str]:
    """The lines of a twin of the observed account; ``today`` is the last day that is not in the future."""
    live = list(_everybody(observed))
    ids = InventedTexts(random, (patient.id for patient in live), unique=True)
    mrns = InventedTexts(random, (patient.mrn for patient in live), unique=True)
    emails = InventedTexts(random, (patient.email for patient in live), unique=True)
    days, invent_day = InventedTexts(random, ()), partial(invented_day, today=today)
    firsts = InventedTexts(random, (patient.firstname for patient in live))
    lasts = InventedTexts(random, (patient.lastname for patient in live))
    yield _line(_about(observed, random))
    for patient in live:
        invented = {
            "id": ids(patient.id),
            "mrn": mrns(patient.mrn),
            "dob": days(patient.dob, invent_day),
            "email": emails(patient.email, invented_address),
            "firstname": firsts(patient.firstname),
            "lastname": lasts(patient.lastname),
            "sex": invented_sex(random, patient.sex),
            "status": patient.status if patient.status in _STATUSES else "none",
        }
        yield _line({name: value for name, value in invented.items() if value is not None})


def _everybody(observed: Observed) -> Iterable[LivePatient]:
    return chain.from_iterable(
        observed.twins.get(mrn) or (patient,) for mrn, patient in observed.patients.items()
    )


def _about(observed: Observed, random: Random) -> dict[str, Any]:
    """The account itself: templates by number, and which callbacks are set."""
    templates = observed.templates or ()
    ids = InventedTexts(random, (template.id for template in templates), unique=True)
    names = list(dict.fromkeys(template.name for template in templates))
    callbacks = {
        _URLS[address.kind][0]: _URLS[address.kind][1]
        for address, setting in observed.settings.items()
        if setting is not None and address.kind in _URLS
    }
    return {
        "format": FORMAT,
        "callbacks": callbacks,
        "templates": [
            {
                "id": ids(template.id),
                "name": f"Invented template {names.index(template.name) + 1}",
                "duration": template.duration or 0,
                "price": 9.99,
            }
            for template in templates
        ],
    }


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n"
