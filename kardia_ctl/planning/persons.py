"""Creates that may be a person who exists already: a corrected mrn looks exactly like this."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kardia_ctl.kinds.patient import lookalike, person, person_fingerprint
from kardia_ctl.model.address import Address, Kind, patient_address
from kardia_ctl.model.configuration import Departing
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.planning.draft import Draft
from kardia_ctl.planning.question import Question

Person = tuple[str, str, str]


def block_same_persons(question: Question, draft: Draft) -> None:
    """Block creates whose name and birth date are those of a live patient or of another create."""
    creating = {
        change.address.names[0]: question.desired.patients[change.address.names[0]]
        for change in draft.changes
        if change.action is Action.CREATE and change.address.kind is Kind.PATIENT
    }
    if not creating:
        return
    live = _everyone(question)
    persons = _persons(creating.values(), live)
    _warn(creating, live, draft)
    reasons: dict[Address, str] = {}
    for mrn, want in creating.items():
        address = patient_address(mrn)
        key = person(want.dob, want.firstname, want.lastname)
        others = [other for other in persons.get(key, ()) if other != address] if key else []
        others += _in_doubt(question, want, draft)
        if others and address not in question.decisions.distinct:
            reasons[address] = _reason(address, others)
    draft.changes = [_block(change, reasons) for change in draft.changes]


def _everyone(question: Question) -> list[LivePatient]:
    state, observed = question.state, question.observed
    twins = (twin for several in observed.twins.values() for twin in several)
    return [
        live
        for live in (*observed.patients.values(), *twins)
        if not state.has_done(live.id, Departing.DELETE)
    ]


def _persons(
    creating: Iterable[DesiredPatient], everyone: Iterable[LivePatient]
) -> Mapping[Person, set[Address]]:
    """Addresses by person, for the birth dates that are about to be created."""
    found: defaultdict[Person, set[Address]] = defaultdict(set)
    days = set()
    for want in creating:
        days.add(want.dob)
        if key := person(want.dob, want.firstname, want.lastname):
            found[key].add(patient_address(want.mrn))
    for live in everyone:
        if live.dob and live.dob[:10] in days:
            key = person(live.dob, live.firstname or "", live.lastname or "")
            if key:
                found[key].add(patient_address(live.mrn))
    return found


def _in_doubt(question: Question, want: DesiredPatient, draft: Draft) -> list[Address]:
    """Creates of this person, under another mrn, that got no answer and may still appear."""
    found = draft.index.persons_in_doubt.get(person_fingerprint(question.key, want), ())
    address = patient_address(want.mrn)
    return [intent.address for intent in found if intent.address != address]


def _reason(address: Address, others: list[Address]) -> str:
    names = ", ".join(sorted(str(other) for other in others)[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return (
        f"the same person? {names}{more} has this name and birth date, as it looks when an mrn is corrected; "
        f"keep the mrn that is live, or say that they are two people with --distinct '{address}'"
    )


def _block(change: Change, reasons: Mapping[Address, str]) -> Change:
    if change.address in reasons:
        reason = reasons[change.address]
        return replace(change, action=Action.BLOCKED, cause=Cause.SAME_PERSON, reason=reason)
    if change.address.kind is Kind.CONNECTION_CODE and patient_address(change.address.names[0]) in reasons:
        reason = "its patient is blocked"
        return replace(change, action=Action.BLOCKED, cause=Cause.OWNER_BLOCKED, reason=reason)
    return change


def _warn(creating: Mapping[str, DesiredPatient], everyone: list[LivePatient], draft: Draft) -> None:
    """An equal e-mail alone, or mrns that differ by case, space or Unicode form alone, is a warning."""
    mails = _by((want.email.casefold(), mrn) for mrn, want in creating.items())
    looks = _by((lookalike(mrn), mrn) for mrn in creating)
    for live in everyone:
        if live.email and (mail := live.email.casefold()) in mails:
            mails[mail].add(live.mrn)
        if (look := lookalike(live.mrn)) in looks:
            looks[look].add(live.mrn)
    for mrn in creating:
        address = patient_address(mrn)
        if others := mails[creating[mrn].email.casefold()] - {mrn}:
            draft.tell(NoticeKind.WARNING, f"its e-mail address is also that of {_listed(others)}", address)
        if others := looks[lookalike(mrn)] - {mrn}:
            draft.tell(NoticeKind.WARNING, f"its mrn looks like that of {_listed(others)}", address)


def _by(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, mrn in pairs:
        found.setdefault(key, set()).add(mrn)
    return found


def _listed(mrns: set[str]) -> str:
    names = sorted(str(patient_address(mrn)) for mrn in mrns)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
