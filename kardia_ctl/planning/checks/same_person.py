"""Blocks creates of a person who may exist already: a corrected mrn looks exactly like this."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from heapq import nsmallest
from typing import Final

from kardia_ctl.kinds.patient import lookalike, person
from kardia_ctl.model.address import Address, owner_of, patient_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.planning.builder import OWNER_BLOCKED, PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs

Person = tuple[str, str, str]


def block_same_persons(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Block creates whose name and birth date are those of a live patient or of another create."""
    creating = {
        change.address.names[0]: inputs.desired.patients[change.address.names[0]]
        for change in builder.changes
        if change.action is Action.CREATE and change.address.kind is Kind.PATIENT
    }
    if not creating:
        return
    live = _everyone(inputs)
    persons = {key: _Group(mrns) for key, mrns in _persons(creating.values(), live).items()}
    _warn(creating, live, builder)
    reasons: dict[Address, str] = {}
    for mrn, want in creating.items():
        address = patient_address(mrn)
        if address in inputs.decisions.distinct:
            continue
        key = person(want.dob, want.firstname, want.lastname)
        others = persons[key].others(mrn) if key else ""
        if others:
            reasons[address] = _reason(address, others)
    builder.changes = [_block(change, reasons) for change in builder.changes]


class _Group:
    """Patients with something in common. Listing a few of them costs the same, however many there are."""

    def __init__(self, mrns: Collection[str]) -> None:
        self._size = len(mrns)
        self._first = nsmallest(_NAMED + 1, (str(patient_address(mrn)) for mrn in mrns))

    def others(self, mrn: str) -> str:
        """A few of the others than ``mrn``, and how many more there are; empty if there are none."""
        own = str(patient_address(mrn))
        return _listed([name for name in self._first if name != own], self._size - 1)

    def everyone(self) -> str:
        """A few of them, and how many more there are."""
        return _listed(self._first, self._size)


_NAMED: Final = 3


def _listed(names: Iterable[str], size: int) -> str:
    first = nsmallest(_NAMED, names)
    return ", ".join(first) + (f" and {size - len(first):,} more" if size > len(first) else "")


def _everyone(inputs: PlanInputs) -> list[LivePatient]:
    state, observed = inputs.state, inputs.observed
    twins = (twin for several in observed.twins.values() for twin in several)
    return [
        live
        for live in (*observed.patients.values(), *twins)
        if not state.has_done(live.id, DepartureAction.DELETE)
    ]


def _persons(
    creating: Iterable[DesiredPatient], everyone: Iterable[LivePatient]
) -> Mapping[Person, set[str]]:
    """The mrns of each person, for the birth dates that are about to be created."""
    found: defaultdict[Person, set[str]] = defaultdict(set)
    days = set()
    for want in creating:
        days.add(want.dob)
        if key := person(want.dob, want.firstname, want.lastname):
            found[key].add(want.mrn)
    for live in everyone:
        if live.dob and live.dob[:10] in days:
            key = person(live.dob, live.firstname or "", live.lastname or "")
            if key:
                found[key].add(live.mrn)
    return found


def _reason(address: Address, others: str) -> str:
    return (
        f"the same person? {others} has this name and birth date, as after an mrn was corrected. Declare the "
        f"mrn that is live, or confirm that they are two people: --distinct '{address}'"
    )


def _block(change: Change, reasons: Mapping[Address, str]) -> Change:
    if change.address in reasons:
        reason = reasons[change.address]
        return replace(change, action=Action.BLOCKED, cause=Cause.SAME_PERSON, reason=reason)
    if owner_of(change.address) in reasons:
        return replace(change, action=Action.BLOCKED, cause=Cause.OWNER_BLOCKED, reason=OWNER_BLOCKED)
    return change


def _warn(creating: Mapping[str, DesiredPatient], everyone: list[LivePatient], builder: PlanBuilder) -> None:
    """An equal e-mail alone, or mrns that differ by case, space or Unicode form alone, is a warning."""
    by_mail = {mrn: want.email.casefold() for mrn, want in creating.items() if want.email}
    by_look = {mrn: lookalike(mrn) for mrn in creating}
    mails = _by((mail, mrn) for mrn, mail in by_mail.items())
    looks = _by((look, mrn) for mrn, look in by_look.items())
    for live in everyone:
        if live.email and (mail := live.email.casefold()) in mails:
            mails[mail].add(live.mrn)
        if (look := lookalike(live.mrn)) in looks:
            looks[look].add(live.mrn)
    _warn_of(mails, "its e-mail address is also", "one e-mail address", by_mail, builder)
    _warn_of(looks, "its mrn looks like", "mrns that look alike", by_look, builder)


def _warn_of(
    shared: Mapping[str, set[str]], one: str, many: str, creating: Mapping[str, str], builder: PlanBuilder
) -> None:
    """Warn of each of a few patients that share something; of many, warn once."""
    counts = Counter(creating.values())
    groups = {key: _Group(mrns) for key, mrns in shared.items() if len(mrns) > 1}
    for key in sorted(groups):
        if counts[key] > _NAMED:
            text = f"{counts[key]:,} patients to be created have {many}: {groups[key].everyone()}"
            builder.notice(NoticeKind.WARNING, text)
    for mrn, key in creating.items():
        if key in groups and counts[key] <= _NAMED:
            text = f"{one} that of {groups[key].others(mrn)}"
            builder.notice(NoticeKind.WARNING, text, patient_address(mrn))


def _by(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, mrn in pairs:
        found.setdefault(key, set()).add(mrn)
    return found
