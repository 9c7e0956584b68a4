"""Creates of a person who may exist already: a corrected mrn looks exactly like this.

The creates of a plan are compared with each other and with everybody who is live (see ``kinds.folding``):

===================================================  ==========================================
what two patients have in common                     the create
===================================================  ==========================================
birth date and name, however they are spelled        blocked, unless ``--distinct``
mrn but for case and blanks, and birth date or       blocked, unless ``--distinct``
e-mail address
birth date and name but for accents, order or the    warned of, unless ``--distinct``
number of given or family names
an mrn that looks the same                           warned of, unless ``--distinct``
an e-mail address                                    warned of
===================================================  ==========================================
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from kardia_ctl.kinds.folding import given_and_family, lookalike, mrn_key, person, unified, words_of
from kardia_ctl.model.address import Address, owner_of, patient_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.planning.builder import OWNER_BLOCKED, PlanBuilder
from kardia_ctl.planning.checks.groups import Groups
from kardia_ctl.planning.inputs import PlanInputs

Patient = DesiredPatient | LivePatient
Creates = Mapping[str, DesiredPatient]
Live = Collection[LivePatient]
Sharing = tuple[Creates, Live]

_DIFFER: Final = "in accents, in the order of its parts or in their number"


def block_same_persons(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Block the creates of a person who may exist already, and warn of those who look like another."""
    creating = {
        change.address.names[0]: inputs.desired.patients[change.address.names[0]]
        for change in builder.changes
        if change.action is Action.CREATE and change.address.kind is Kind.PATIENT
    }
    if not creating:
        return
    live = _everyone(inputs)
    same_day, same_mrn = _sharing(_day, creating, live), _sharing(_mrn, creating, live)
    found = dict((*_by_name(*same_day), *_by_mrn(*same_mrn)))
    distinct = inputs.decisions.distinct & found.keys()
    reasons = {address: reason for address, reason in found.items() if address not in distinct}
    builder.changes = [_block(change, reasons, distinct) for change in builder.changes]
    settled = {address.names[0] for address in (*inputs.decisions.distinct, *reasons)}
    undecided = [mrn for mrn in creating if mrn not in settled]
    _warn_of_names(undecided, same_day, builder)
    _warn_of_mails(creating, live, builder)
    _warn_of_mrns(undecided, same_mrn, _sharing(_look, creating, live), builder)


def _everyone(inputs: PlanInputs) -> list[LivePatient]:
    state, observed = inputs.state, inputs.observed
    twins = (twin for several in observed.twins.values() for twin in several)
    return [
        live
        for live in (*observed.patients.values(), *twins)
        if not state.has_done(live.id, DepartureAction.DELETE)
    ]


def _sharing(key_of: Callable[[Patient], str], creating: Creates, live: Iterable[LivePatient]) -> Sharing:
    """The creates whose key somebody else has too, and whoever is live with one of those."""
    keys = list(map(key_of, creating.values()))
    counts = Counter(keys)
    counts.pop("", None)
    others = [one for one in live if key_of(one) in counts]
    counts.update(map(key_of, others))
    shared = {
        mrn: want for key, (mrn, want) in zip(keys, creating.items(), strict=True) if counts.get(key, 0) > 1
    }
    return shared, others


def _grouped(keys_of: Callable[[Patient], Collection[Hashable]], creating: Creates, live: Live) -> Groups:
    groups = Groups({mrn: keys_of(want) for mrn, want in creating.items()})
    for one in live:
        groups.join(one.mrn, keys_of(one))
    return groups


def _day(patient: Patient) -> str:
    return (patient.dob or "")[:10]


def _mrn(patient: Patient) -> str:
    return mrn_key(patient.mrn)


def _look(patient: Patient) -> str:
    return lookalike(patient.mrn)


def _email(patient: Patient) -> str:
    return unified(patient.email) if patient.email else ""


def _by_name(creating: Creates, live: Live) -> Iterator[tuple[Address, str]]:
    groups = _grouped(_person, creating, live)
    yield from _reasons(creating, groups, "this name and birth date, as after an mrn was corrected")


def _person(patient: Patient) -> tuple[Hashable, ...]:
    key = person(patient.dob or "", patient.firstname or "", patient.lastname or "")
    return (key,) if key else ()


def _by_mrn(creating: Creates, live: Live) -> Iterator[tuple[Address, str]]:
    what = "this mrn but for case or blanks, and this birth date or e-mail address"
    yield from _reasons(creating, _grouped(_mrn_and_facts, creating, live), what)


def _mrn_and_facts(patient: Patient) -> list[Hashable]:
    facts = {"dob": _day(patient), "email": _email(patient)}
    return [(_mrn(patient), name, fact) for name, fact in facts.items() if fact]


def _reasons(creating: Creates, groups: Groups, what: str) -> Iterator[tuple[Address, str]]:
    for mrn in creating:
        if others := groups.others(mrn):
            address = patient_address(mrn)
            reason = (
                f"the same person? {others} has {what}. Declare the mrn that is live, or confirm that they "
                f"are two people: --distinct '{address}'"
            )
            yield address, reason


def _block(change: Change, reasons: Mapping[Address, str], distinct: Collection[Address]) -> Change:
    if change.address in distinct:
        return replace(change, cause=Cause.DECIDED)
    if change.address in reasons:
        reason = reasons[change.address]
        return replace(change, action=Action.BLOCKED, cause=Cause.SAME_PERSON, reason=reason)
    if owner_of(change.address) in reasons:
        return replace(change, action=Action.BLOCKED, cause=Cause.OWNER_BLOCKED, reason=OWNER_BLOCKED)
    return change


def _warn_of_names(mrns: Iterable[str], same_day: Sharing, builder: PlanBuilder) -> None:
    one = f"the same person? Its birth date is equal and its name differs only {_DIFFER} from"
    many = f"one birth date, and names that differ only {_DIFFER}"
    _warn_of(_grouped(_names, *same_day), mrns, one, many, builder)


def _warn_of_mails(creating: Creates, live: Live, builder: PlanBuilder) -> None:
    groups = _grouped(lambda patient: (_email(patient),), *_sharing(_email, creating, live))
    _warn_of(groups, creating, "its e-mail address is also", "one e-mail address", builder)


def _warn_of_mrns(mrns: Iterable[str], same: Sharing, looking: Sharing, builder: PlanBuilder) -> None:
    creating, live = {**same[0], **looking[0]}, (*same[1], *looking[1])
    groups = _grouped(lambda patient: {_mrn(patient).upper(), _look(patient)}, creating, live)
    _warn_of(groups, mrns, "its mrn looks like", "mrns that look alike", builder)


def _names(patient: Patient) -> set[Hashable]:
    day, first, last = _day(patient), patient.firstname or "", patient.lastname or ""
    keys: set[Hashable] = {(day, *sorted(pair)) for pair in given_and_family(first, last)}
    words = words_of(first, last)
    return keys | {(day, words)} if len(words) > 1 else keys


def _warn_of(groups: Groups, mrns: Iterable[str], one: str, many: str, builder: PlanBuilder) -> None:
    """Warn of each of a few patients that share something; of many, warn once."""
    few, large = groups.few_and_many(mrns)
    for count, everyone in large:
        builder.notice(NoticeKind.WARNING, f"{count:,} patients to be created have {many}: {everyone}")
    for mrn, others in few:
        builder.notice(NoticeKind.WARNING, f"{one} that of {others}", patient_address(mrn))
