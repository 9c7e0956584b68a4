"""What must be true when a story is over, checked against the server's account."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Dialect
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change
from kardia_ctl.model.results import Status
from kardia_ctl.planning.checks.effects import doubts
from kardia_ctl.planning.settle_window import HEARTBEAT_MARGIN, SKEW
from kardia_ctl.sandbox.data.values import Patient, PatientStatus
from tests.simulation.world import World
from tests.simulation.worlds import busy_list, copied_state, twin_leaves, two_runners

_SLOWEST: Final = 6.0
"""The most that a request without faults takes, in seconds."""

_LOOK_AT_END: Final = 60.0
"""The most that the reads at the end of a run are apart, together, in seconds."""


def violations(world: World) -> list[str]:
    """Every rule that a story broke; empty when there is none."""
    rules = _TWO_RUNNERS if world.story.hazards.runners is not None else _ONE_RUNNER
    return [*world.network.guesses, *chain.from_iterable(rule(world) for rule in rules)]


def _by_mrn(world: World) -> dict[str, list[Patient]]:
    found: dict[str, list[Patient]] = {}
    for patient in world.server.account.patients.all():
        found.setdefault(patient.mrn, []).append(patient)
    return found


def _duplicates_and_losses(world: World) -> Iterator[str]:
    live = _by_mrn(world)
    for mrn in world.story.desired.patients:
        found = live.get(mrn, [])
        found += [one for one in _altered(world, mrn) if one not in found]
        ours = [one.id for one in found if one.id not in world.server.strangers]
        if len(ours) > 1 or (ours and mrn in world.story.present):
            yield f"duplicate: {mrn} exists {len(found)} times, and {len(ours)} of them are ours"
        if not found and mrn not in world.server.altered:
            yield f"lost: {mrn} does not exist"
        elif mrn not in world.staying_blocked and world.recorded(mrn) not in _names(world, found):
            yield f"lost: {mrn} is recorded under an id that is not live"
    recorded = Counter(record.id for record in world.disk.patients.values() if not record.forgotten)
    for patient_id, times in recorded.items():
        if patient_id and times > 1:
            yield f"duplicate: {patient_id} is recorded for {times} mrns"


def _altered(world: World, mrn: str) -> Iterable[Patient]:
    """The patients of whom the server altered the mrn: in these stories an e-mail address belongs to one.

    When state is lost, so is the doubt: whoever has another mrn then is another patient.
    """
    if mrn not in world.server.altered or world.doubts_were_lost:
        return ()
    email = world.story.desired.patients[mrn].email
    return [one for one in world.server.account.patients.all() if one.email == email]


def _names(world: World, found: Iterable[Patient]) -> set[str]:
    """The names of these patients in the dialect: mrns in pro, ids in v1."""
    return {one.mrn if world.story.dialect is Dialect.PRO else one.id for one in found}


def _users(world: World) -> Iterator[str]:
    """Each declared user was created once; a participant who existed already keeps its user."""
    account, people = world.server.account, world.story.desired.patients
    counts = Counter(user.email for user in account.connections.users())
    for mrn in world.story.desired.users:
        made = counts.pop(people[mrn].email, 0)
        if made > 1:
            yield f"duplicate: {made} users were made for {mrn}"
        elif not made and not _connected(world, mrn):
            yield f"no user was made for {mrn}"
    if counts:
        yield f"users that nobody declared: {sorted(counts)}"


def _connected(world: World, mrn: str) -> bool:
    return any(one.status is PatientStatus.CONNECTED for one in _by_mrn(world).get(mrn, ()))


def _departures(world: World) -> Iterator[str]:
    """Each patient who leaves was exported once, then deleted. Lost state loses the record of an export."""
    account = world.server.account
    exports = Counter(account.patients.exports())
    for mrn, number in world.server.leaving.items():
        if exports[number] > 1 and not world.state_was_lost:
            yield f"the data of {mrn} was exported {exports[number]} times"
        if not exports[number]:
            yield f"the data of {mrn} was never exported"
        if account.patients.get(number) is not None:
            yield f"{mrn} was not deleted"
    for address, record in ((one, known) for one, of in world.disk.codes.items() for known in of.items()):
        if world.story.dialect is Dialect.PRO and not _was_handed_out(world, address, record[0]):
            yield f"the code of {address} for {record[0]} is recorded, and nobody was given it"


def _leaver(world: World) -> Iterator[str]:
    leaver = world.server.leaver
    return iter(()) if leaver is None else leaver.violations(world.disk.departed.get(leaver.id, frozenset()))


def _was_handed_out(world: World, mrn: str, template: str) -> bool:
    labels = {label for label, one in world.story.desired.templates.items() if one.id == template}
    settled = {Address(Kind.CONNECTION_CODE, (mrn, label)) for label in labels} & world.settled_by_hand
    return bool(settled) or any(code.mrn == mrn and code.template in labels for code in world.codes)


def _codes(world: World) -> Iterator[str]:
    """Each code was ordered once, and handed out unchanged."""
    account, desired = world.server.account, world.story.desired
    mrns = {patient.id: patient.mrn for patient in account.patients.all()}
    minted = {
        (mrns[code.patient_id], code.template_id): code.code
        for code in account.connections.codes()
        if code.patient_id in mrns
    }
    if len(minted) < len(account.connections.codes()):
        yield f"a code was ordered twice: {len(account.connections.codes())} codes for {len(minted)}"
    declared = {
        (mrn, desired.templates[label].id) for mrn, want in desired.patients.items() for label in want.codes
    }
    if undeclared := minted.keys() - declared:
        yield f"codes that nobody declared: {sorted(undeclared)}"
    for mrn, template in sorted(declared - minted.keys()):
        unverifiable = world.state_was_lost and any(known == mrn for known, _ in minted)
        # A user connects its patient: whether that came of an order is not known.
        unverifiable = unverifiable or (mrn in desired.users and _connected(world, mrn))
        if mrn not in world.staying_blocked and not unverifiable:
            yield f"the code of {mrn} for {template} was not ordered"
    for code in world.codes:
        label = desired.templates[code.template].id
        if code.code not in {known.code for known in account.connections.codes()}:
            yield f"{code.mrn} was handed a code for {label} that does not exist"


def _leftovers(world: World) -> Iterator[str]:
    """Without faults everything is completed, and the next plan has nothing to do."""
    if not world.clean:
        yield f"not done after {len(world.runs)} runs: {world.runs[-1].error}"
        return
    for address in world.disk.intents:
        if address.names[0] not in world.staying_blocked:
            yield f"the intent of {address} was left behind"
    last = world.runs[-1].plan
    if last is None or last.stops or last.writes:
        yield "the last plan is not empty"
        return
    for change in last.changes:
        if change.address.names[0] not in world.staying_blocked or change.action is not Action.BLOCKED:
            yield f"the last plan is not empty: {change.action} {change.address}"


def _reports(world: World) -> Iterator[str]:
    """What a run reported is true: done exists, failed and skipped had no effect, exit 0 means everything."""
    live = _names(world, world.server.account.patients.all())
    effects = Counter((sending.run, sending.mrn) for sending in world.network.sendings if sending.id)
    for run in world.runs:
        if run.succeeded and run.undone:
            yield f"run {run.number} reported success, and {run.undone} was not done"
        if run.unsent:
            yield (
                f"run {run.number}: an intent was left of a request that was never sent, after an abort "
                f"that ended: {run.unsent}"
            )
        for result in run.results or ():
            if result.address.kind is not Kind.PATIENT or result.action is not Action.CREATE:
                continue
            mrn = result.address.names[0]
            if run.succeeded and world.server.snatched.get(mrn) == run.number:
                yield f"run {run.number} reported success, and somebody else had created {mrn} too"
            if result.status is Status.DONE and result.id not in live:
                yield f"run {run.number} said that {mrn} is done, and it does not exist"
            if result.status in (Status.FAILED, Status.SKIPPED) and effects[run.number, mrn]:
                yield f"run {run.number} said that {mrn} was not executed, and it was"


def _waves(world: World) -> Iterator[str]:
    """A wave begins when the one before it has ended; after one that failed, the run sends nothing more."""
    waves = world.story.waves
    for run in world.runs:
        if waves is None or run.plan is None:
            continue
        writes = [change for change in run.plan.changes if change.action.writes and change.address.names]
        people = list(dict.fromkeys(map(_person, writes)))
        number = {change.address: people.index(_person(change)) // waves.size for change in writes}
        open_, wrong, gone_wrong = Counter(number.values()), Counter[int](), False
        first = set(number)
        for address, status in run.events:
            if status is None:
                if gone_wrong:
                    yield f"run {run.number} sent {address} although a wave had gone wrong"
                elif address in first and any(open_[wave] for wave in range(number[address])):
                    yield f"run {run.number} sent {address} before the wave before it had ended"
            elif address in first:
                first.remove(address)
                open_[number[address]] -= 1
                wrong[number[address]] += status in (Status.FAILED, Status.IN_DOUBT)
                gone_wrong = gone_wrong or wrong[number[address]] >= waves.stop_on_failures


def _person(change: Change) -> tuple[str, str]:
    """Whose change it is: who departs may have the mrn of another, who stays."""
    return change.address.names[0], change.id if change.cause is Cause.DEPARTURE else ""


def _counts(world: World) -> Iterator[str]:
    """A plan says how many requests it took, and how many its apply takes.

    Of the look at the end, what a lagging list and others who create meanwhile cost is not known before. A
    look that grew old while the machine was suspended is repeated before the first write.
    """
    for run in world.runs:
        if run.plan is not None and run.plan.requests.spent != run.spent:
            yield f"run {run.number} counted {run.plan.requests.spent} requests, and {run.spent} arrived"
        if run.plan is None or run.plan.stops or not run.calm or run.was_suspended or not run.succeeded:
            continue
        promised = run.plan.requests.apply - run.look
        if run.arrived - world.network.looks[run.number] != promised and not doubts(run.plan.changes):
            yield f"run {run.number} promised {promised} requests, and {run.arrived} arrived"


def _waits(world: World) -> Iterator[str]:
    """Without faults a run waits no longer than the window of what was in doubt before."""
    window = world.story.settle + HEARTBEAT_MARGIN + SKEW
    for run in world.runs:
        if run.calm and run.seconds > window + _LOOK_AT_END + _SLOWEST * run.arrived:
            yield f"run {run.number} waited for {run.seconds:.0f} s, and nothing was in doubt for so long"


def _approved(world: World) -> Iterator[str]:
    """A saved plan sends what it holds, each create once; one that certainly had no effect does not count."""
    for run in world.runs:
        if not run.saved or run.plan is None:
            continue
        held = {
            change.address.names[0]
            for change in run.plan.changes
            if change.action is Action.CREATE and change.address.kind is Kind.PATIENT
        }
        sent = Counter(one.mrn for one in world.network.sendings if one.run == run.number and not one.certain)
        for mrn, times in sorted(sent.items()):
            if times > 1 or mrn not in held:
                yield f"run {run.number} sent what was not approved: {mrn}, {times} times"


def _elsewhere(world: World) -> Iterator[str]:
    """With the key of another account nothing is recorded, and nothing sent that changes it."""
    elsewhere = world.network.elsewhere
    if elsewhere is not None:
        yield from (f"tenant: {name} was sent to another account" for name in elsewhere.sent)
    if world.recorded_elsewhere:
        yield f"tenant: {world.recorded_elsewhere}"


def _limits(world: World) -> Iterator[str]:
    """A run sends no more than its limit, counting the creates that it sent again."""
    for run in world.runs:
        if not run.most:
            continue
        creates = [one for one in world.network.sendings if one.run == run.number and not one.certain]
        others = {
            address
            for address, status in run.events
            if status is None
            and (address.kind is Kind.CONNECTION_CODE or world.story.hazards.limit)
            and address.kind is not Kind.PATIENT
        }
        if (sent := len(creates) + len(others)) > run.most:
            yield f"run {run.number} sent {sent}, which is beyond its limit of {run.most}"


_ONE_RUNNER: Final = (
    _duplicates_and_losses,
    _codes,
    _users,
    _departures,
    _leaver,
    _leftovers,
    _reports,
    _counts,
    _waves,
    _approved,
    _elsewhere,
    _limits,
    _waits,
    busy_list.violations,
    copied_state.violations,
    twin_leaves.violations,
)
_TWO_RUNNERS: Final = (_reports, _counts, _waves, _waits, two_runners.violations)
"""The rules for two runners, who may create somebody twice."""
