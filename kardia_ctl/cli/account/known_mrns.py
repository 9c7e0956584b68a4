"""The mrns that pseudonyms may stand for: of everybody who is declared or recorded."""

from collections.abc import Iterator

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.state import State


def known_mrns(desired: Desired, state: State | None = None) -> Iterator[str]:
    """The mrns of everybody who is declared, departs, was quarantined or had another mrn, or is recorded."""
    yield from desired.patients
    yield from (departure.mrn for departure in desired.departures)
    yield from desired.quarantined
    for move in desired.moved:
        yield from (move.old, move.new)
    if state is None:
        return
    yield from state.patients
    yield from state.codes
    yield from state.users
    yield from state.elsewhere.values()
    yield from (address.names[0] for address in state.intents if not address.kind.is_setting)
