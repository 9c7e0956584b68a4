"""What to do about the connection codes of one patient."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from kardia_ctl.kinds.connection_code import Verdict, decide
from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.templates import Resolved

_NOTICES = {
    Verdict.MAYBE_EXPIRED: (
        NoticeKind.EXPIRED,
        "issued more than 90 days ago and still unused: it may have expired",
    ),
    Verdict.NOT_SENT: (
        NoticeKind.NOT_SENT,
        "it was issued, and the patient is not connected now (disconnected, or the code expired)",
    ),
    Verdict.UNVERIFIABLE: (
        NoticeKind.UNVERIFIABLE,
        "an order exists for the patient, and state does not know of which template; nothing is sent",
    ),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """The patient whose codes and user are looked at.

    ``id`` is empty for a patient who is yet to be created. ``status`` is the connection status: ``none`` for
    such a patient, None where it is not known. ``blocked`` says why nothing may be sent, empty otherwise.
    ``existed``: it was there before, and nobody can read what it has.
    """

    want: DesiredPatient
    id: str = ""
    status: str | None = "none"
    blocked: str = ""
    existed: bool = False

    @property
    def source(self) -> Source:
        """Where the patient is declared."""
        return Source(self.want.file, self.want.line)

    def is_of(self, patient_id: str) -> bool:
        """Whether a record or an intent is about this live patient, and not an earlier one of the mrn."""
        return bool(self.id) and patient_id in ("", self.id)


@dataclass(frozen=True, slots=True)
class _Orders:
    """What was ordered for a patient, by template id.

    ``recorded`` are state's records, ``asked`` those whose answer was lost: asking for the same template
    again returns the same code, and asking for another one would be a second order. ``declared`` are the
    ids of all templates that the patient's codes name.
    """

    recorded: Mapping[str, Record]
    asked: Mapping[str, Record]
    declared: Collection[str]

    def verdict(self, template: str, holder: Holder, now: float, *, reissue: bool) -> Verdict:
        """What is right for one declared template.

        Of whom was there before, state knows the orders that it made, and of no other template whether it was
        ordered: one more beside them would be a guess.
        """
        again = template in self.asked and template not in self.recorded
        known = {**self.asked, **self.recorded}
        if again:
            del known[template]
        told = reissue or again
        verdict = decide(template, self.declared, known, holder.status, now, reissue=told)
        unknown = verdict is Verdict.ISSUE and holder.existed and not told
        return Verdict.UNVERIFIABLE if unknown else verdict


def _orders(inputs: PlanInputs, templates: Mapping[str, Resolved], holder: Holder, draft: Draft) -> _Orders:
    mrn, labels = holder.want.mrn, holder.want.codes
    known = inputs.state.codes.get(mrn, {})
    recorded = {template: record for template, record in known.items() if holder.is_of(record.id)}
    asked = {
        intent.target: Record(intent.id, intent.address.names[1], at=int(intent.at))
        for intent in draft.index.orders_in_doubt.get(mrn, ())
        if holder.is_of(intent.id)
    }
    # A name that leads to no template now may well be the one that a code was issued under.
    unresolved = {label for label in labels if not templates[label].id}
    declared = {templates[label].id for label in labels}
    declared.update(template for template, record in recorded.items() if record.label in unresolved)
    return _Orders(recorded, asked, declared)


def plan_codes(inputs: PlanInputs, templates: Mapping[str, Resolved], holder: Holder, draft: Draft) -> None:
    """Decide every declared code of a patient, and forget those that are no longer declared."""
    orders = _orders(inputs, templates, holder, draft)
    named: dict[str, str] = {}
    for label in holder.want.codes:
        template = templates[label]
        first = named.setdefault(template.id or label, label)
        if first != label:
            draft.changes.append(_same_template(label, first, holder))
        elif not template.id:
            draft.changes.append(_issue(template, label, holder))
        else:
            _plan_code(inputs, template, label, orders, holder, draft)
    draft.changes.extend(_forgotten(holder.want, orders.declared, orders.recorded))


def _plan_code(
    inputs: PlanInputs, template: Resolved, label: str, orders: _Orders, holder: Holder, draft: Draft
) -> None:
    address = code_address(holder.want.mrn, label)
    if template.id in orders.asked and not inputs.capabilities.repeats_codes:
        draft.changes.append(_in_doubt(address, holder))
        return
    reissue = address in inputs.decisions.reissue
    verdict = orders.verdict(template.id, holder, inputs.now, reissue=reissue)
    match verdict:
        case Verdict.NO_OP | Verdict.MAYBE_EXPIRED | Verdict.NOT_SENT | Verdict.UNVERIFIABLE:
            _keep(address, template, orders, holder, draft)
            _notice(verdict, address, holder, draft, shown=inputs.capabilities.shows_patients)
        case Verdict.PLAN_CHANGE:
            draft.changes.append(_plan_change(address, holder))
        case Verdict.ISSUE:
            draft.changes.append(_issue(template, label, holder))
        case _:
            assert_never(verdict)


def _keep(address: Address, template: Resolved, orders: _Orders, holder: Holder, draft: Draft) -> None:
    record = orders.recorded.get(template.id)
    if record is None or not record.forgotten:
        draft.keep(Kind.CONNECTION_CODE, *address.names)
        return
    draft.changes.append(
        Change(
            address,
            Action.ADOPT,
            Cause.EXISTS_LIVE,
            "issued before it was forgotten",
            id=record.id,
            target=template.id,
            source=holder.source,
        )
    )


def _notice(verdict: Verdict, address: Address, holder: Holder, draft: Draft, *, shown: bool) -> None:
    if verdict in _NOTICES:
        kind, text = _NOTICES[verdict]
        if verdict is Verdict.UNVERIFIABLE and not shown:
            text = "the patient was there before, and whether a code exists cannot be read; nothing is sent"
        way = "" if verdict is Verdict.MAYBE_EXPIRED else f"; to issue it: --reissue '{address}'"
        draft.tell(kind, text + way, address, holder.source)


def _in_doubt(address: Address, holder: Holder) -> Change:
    reason = (
        "in doubt: it was asked for and no answer came; asking again would make another code: look into the "
        "file of --codes-out and into Kardia whether the patient has one, then apply with "
        f"--assume-created '{address}' or --assume-absent '{address}'"
    )
    return Change(address, Action.BLOCKED, Cause.UNSETTLED, reason, id=holder.id, source=holder.source)


def _plan_change(address: Address, holder: Holder) -> Change:
    reason = (
        "another template was ordered for the patient and is no longer declared: changing a plan is "
        "a cancel and a new order, for a person to decide; declare the other one again, or "
        "disconnect first"
    )
    return Change(address, Action.BLOCKED, Cause.PLAN_CHANGE, reason, source=holder.source)


def _same_template(label: str, first: str, holder: Holder) -> Change:
    address = code_address(holder.want.mrn, label)
    reason = f"it means the same template as {first}: keep one of the two names, or it would be ordered twice"
    return Change(address, Action.BLOCKED, Cause.DUPLICATE_TEMPLATE, reason, source=holder.source)


def _issue(template: Resolved, label: str, holder: Holder) -> Change:
    source, address = holder.source, code_address(holder.want.mrn, label)
    if holder.blocked:
        return Change(address, Action.BLOCKED, Cause.OWNER_BLOCKED, holder.blocked, source=source)
    if template.missing:
        reason = f"{template.missing}; correct it under templates"
        return Change(address, Action.BLOCKED, Cause.TEMPLATE_MISSING, reason, source=source)
    return Change(
        address,
        Action.CREATE,
        Cause.DECLARED,
        after={"template": label, "template_id": template.id, "template_name": template.name or None},
        id=holder.id,
        target=template.id,
        source=source,
        price=template.price,
    )


def _forgotten(
    want: DesiredPatient, declared: Collection[str], records: Mapping[str, Record]
) -> Iterator[Change]:
    """Codes no longer declared, under their names; under a template's id where the name means another now."""
    for template_id, record in records.items():
        if template_id not in declared and not record.forgotten:
            taken = not record.label or record.label in want.codes
            address = code_address(want.mrn, template_id if taken else record.label)
            reason = "no longer declared; the order stays as it is in Kardia"
            yield Change(address, Action.FORGET, Cause.UNDECLARED, reason, id=record.id, target=template_id)
