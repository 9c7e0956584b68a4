"""A person who checks in Kardia, in the mail and in the file of codes what the API does not show.

By then the faults are over and every late effect has happened: what does not exist will not appear.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Intent
from kardia_ctl.operations.assume import assume
from kardia_ctl.planning.inputs import Decisions

if TYPE_CHECKING:
    from tests.simulation.world import World


def settle_by_hand(world: "World", store: Store) -> Decisions:
    """Settle the intents that need a person, and name the codes and users to issue again."""
    intents = {
        address: intent
        for address, intent in world.disk.intents.items()
        if _is_for_a_person(intent, world.story.dialect)
    }
    created = [address for address, intent in intents.items() if _happened(world, intent)]
    exports = [address for address in created if intents[address].operation == Action.EXPORT]
    absent = [address for address in intents if address not in created]
    assume(store, absent, [address for address in created if address not in exports])
    world.settled_by_hand.update(intents)
    _write_dates(world)
    return Decisions(reissue=frozenset(_missing(world)))


def _is_for_a_person(intent: Intent, dialect: Dialect) -> bool:
    match intent.address.kind:
        case Kind.MOBILE_USER:
            return True
        case Kind.CONNECTION_CODE:
            return dialect is Dialect.PRO
        case _:
            return intent.operation == Action.EXPORT


def _happened(world: "World", intent: Intent) -> bool:
    mrn = intent.address.names[0]
    match intent.address.kind:
        case Kind.MOBILE_USER:
            return mrn in users(world)
        case Kind.CONNECTION_CODE:
            return (mrn, intent.target) in codes(world)
        case _:
            return intent.id in world.server.account.patients.exports()


def _write_dates(world: "World") -> None:
    """Date each export that arrived by mail; stop redeeming a code that was shown before."""
    arrived = set(world.server.account.patients.exports())
    departures = tuple(
        replace(one, exported="2001-03-02") if one.id in arrived else one for one in world.desired.departures
    )
    known = codes(world)
    templates = world.desired.templates
    shown = {
        mrn
        for mrn in world.desired.users
        for label in world.desired.patients[mrn].codes[:1]
        if (mrn, templates[label].id) in known
    }
    people = {
        mrn: replace(user, redeem=False) if mrn in shown else user
        for mrn, user in world.desired.users.items()
    }
    world.desired = replace(world.desired, departures=departures, users=people)


def _missing(world: "World") -> set[Address]:
    """The codes and users that participants who existed already do not have."""
    if world.story.dialect is not Dialect.PRO:
        return set()
    known, people = codes(world), users(world)
    wanted = {
        code_address(mrn, label): (mrn, world.desired.templates[label].id) in known
        for mrn, want in world.desired.patients.items()
        for label in want.codes
    }
    wanted |= {Address(Kind.MOBILE_USER, (mrn,)): mrn in people for mrn in world.desired.users}
    # Whoever looks in Kardia sees who is there, whether state knows them or was lost.
    live = {patient.mrn for patient in world.server.account.patients.all()}
    return {address for address, exists in wanted.items() if not exists and address.names[0] in live}


def codes(world: "World") -> set[tuple[str, str]]:
    """The mrn and template of each code that exists."""
    mrns = {patient.id: patient.mrn for patient in world.server.account.patients.all()}
    return {(mrns[code.patient_id], code.template_id) for code in world.server.account.connections.codes()}


def users(world: "World") -> set[str]:
    """The mrns of those who have a user: in these stories an e-mail address belongs to one patient."""
    emails = {user.email for user in world.server.account.connections.users()}
    return {mrn for mrn, want in world.desired.patients.items() if want.email in emails}
