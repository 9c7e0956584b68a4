"""A create whose answer is lost, in a run that dies then."""

from dataclasses import replace
from typing import Final

from kardia_ctl.model.state import Intend
from kardia_ctl.state.open import open_store
from tests.attacks.odd_account import LOST, Person

ANNA: Final = "A-1|1980-02-03|anna@example.com|Anna|Quirildra"
WINDOW = "settle: 1h"


def lose(person: Person, *patients: str, more: str = WINDOW) -> None:
    """A run that dies after its create was sent: the create has had no effect so far."""
    person.declare(*patients, more="settle: 0s\n" + more.replace(WINDOW, ""))
    person.account.stores = lambda _: None
    person.account.answers = lambda _: LOST
    assert person.apply().creates == 4
    person.account.stores = person.account.answers = lambda patient: patient
    lengthen(person)


def lengthen(person: Person, window: float = 3600.0) -> None:
    """As if that create had been sent with this window."""
    store = open_store("sqlite:///.kardia/state.db", person.path, "default")
    with store.lock("test"):
        store.commit([Intend(replace(intent, window=window)) for intent in store.load().intents.values()])
