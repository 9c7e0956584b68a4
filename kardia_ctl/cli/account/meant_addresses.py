"""Addresses that a person wrote with a pseudonym, as a page shows it: whom they mean."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.state import State
from kardia_ctl.render.pseudonyms import may_be_pseudonym, meant

Translate = Callable[[Address], Address]
"""The address that is meant; itself where there is nothing to translate, or nobody who is known."""


def translation(
    addresses: Iterable[Address], desired: Desired, keys: Keys, state: Callable[[], State] | None = None
) -> Translate:
    """How to translate some addresses. The key is looked for when one of them has the form of a pseudonym.

    ``state`` loads what is recorded, for a command that takes the addresses of people who are not declared.

    Raises:
        RunStopped: a key is too short, or cannot be read.
        StateError: the key of an encrypted state is another one, or state cannot be read.
    """
    names = meant_mrns((one.names[0] for one in addresses if not one.kind.is_setting), desired, keys, state)
    if not names:
        return _as_written

    def translate(address: Address) -> Address:
        if address.kind.is_setting:
            return address
        mrn, *others = address.names
        return replace(address, names=(names.get(mrn, mrn), *others))

    return translate


def meant_mrns(
    written: Iterable[str], desired: Desired, keys: Keys, state: Callable[[], State] | None = None
) -> dict[str, str]:
    """The mrns that pseudonyms stand for, by pseudonym; Arguments and errors as ``translation``."""
    wanted = set(filter(may_be_pseudonym, written))
    if not wanted:
        return {}
    known = known_mrns(desired, None if state is None else state())
    return meant(wanted, known, keys.review(keys.fingerprints()))


def with_meant_addresses(configuration: Configuration, keys: Keys) -> Configuration:
    """The configuration with decisions about whom they mean. Raises as ``translation``."""
    desired = configuration.desired
    translate = translation((one.address for one in desired.decisions), desired, keys)
    if translate is _as_written:
        return configuration
    decisions = tuple(replace(one, address=translate(one.address)) for one in desired.decisions)
    return replace(configuration, desired=replace(desired, decisions=decisions))


def _as_written(address: Address) -> Address:
    return address


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
