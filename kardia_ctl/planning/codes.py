"""What to do about the connection codes of one patient."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from kardia_ctl.kinds.connection_code import Verdict, decide
from kardia_ctl.model.address import Kind, code_address
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.planning.draft import Draft
from kardia_ctl.planning.question import Question
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
    """The patient whose codes are looked at. ``blocked`` says why nothing may be sent, empty otherwise."""

    want: DesiredPatient
    live: LivePatient | None
    blocked: str = ""

    @property
    def status(self) -> str | None:
        """The live connection status; ``none`` for a patient who is yet to be created."""
        return "none" if self.live is None else self.live.status

    def records(self, question: Question) -> Mapping[str, Record]:
        """State's records of this patient's codes, without those of an earlier live patient of the mrn."""
        known = question.state.codes.get(self.want.mrn, {})
        live_id = "" if self.live is None else self.live.id
        return {
            template: record for template, record in known.items() if live_id and record.id in ("", live_id)
        }


def plan_codes(question: Question, templates: Mapping[str, Resolved], holder: Holder, draft: Draft) -> None:
    """Decide every declared code of a patient, and forget those that are no longer declared."""
    records = holder.records(question)
    declared = {templates[label].id for label in holder.want.codes}
    # A name that leads to no template now may well be the one that a code was issued under.
    unresolved = {label for label in holder.want.codes if not templates[label].id}
    declared.update(template for template, record in records.items() if record.label in unresolved)
    for label in holder.want.codes:
        _plan_code(question, templates[label], label, declared, records, holder, draft)
    draft.changes.extend(_forgotten(holder.want, declared, records))


def _plan_code(
    question: Question,
    template: Resolved,
    label: str,
    declared: set[str],
    records: Mapping[str, Record],
    holder: Holder,
    draft: Draft,
) -> None:
    address = code_address(holder.want.mrn, label)
    source = Source(holder.want.file, holder.want.line)
    asked_before = address in question.state.intents and template.id not in records
    reissue = asked_before or address in question.decisions.reissue
    if not template.id:
        draft.changes.append(_issue(template, label, holder, source))
        return
    verdict = decide(template.id, declared, records, holder.status, question.now, reissue=reissue)
    match verdict:
        case Verdict.NO_OP | Verdict.MAYBE_EXPIRED | Verdict.NOT_SENT | Verdict.UNVERIFIABLE:
            if template.id in records and records[template.id].forgotten:
                reason = "issued before it was forgotten"
                draft.changes.append(
                    Change(
                        address,
                        Action.ADOPT,
                        Cause.EXISTS_LIVE,
                        reason,
                        id=records[template.id].id,
                        target=template.id,
                        source=source,
                    )
                )
            else:
                draft.keep(Kind.CONNECTION_CODE, *address.names)
            if verdict in _NOTICES:
                kind, text = _NOTICES[verdict]
                way = "" if verdict is Verdict.MAYBE_EXPIRED else f"; to issue it: --reissue '{address}'"
                draft.tell(kind, text + way, address, source)
        case Verdict.PLAN_CHANGE:
            reason = (
                "another template was ordered for the patient and is no longer declared: changing a plan is "
                "a cancel and a new order, for a person to decide; declare the other one again, or "
                "disconnect first"
            )
            draft.changes.append(Change(address, Action.BLOCKED, Cause.PLAN_CHANGE, reason, source=source))
        case Verdict.ISSUE:
            draft.changes.append(_issue(template, label, holder, source))
        case _:
            assert_never(verdict)


def _issue(template: Resolved, label: str, holder: Holder, source: Source) -> Change:
    address = code_address(holder.want.mrn, label)
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
        id="" if holder.live is None else holder.live.id,
        target=template.id,
        source=source,
        price=template.price,
    )


def _forgotten(want: DesiredPatient, declared: set[str], records: Mapping[str, Record]) -> Iterator[Change]:
    """Codes no longer declared, under their names; under a template's id where the name means another now."""
    for template_id, record in records.items():
        if template_id not in declared and not record.forgotten:
            taken = not record.label or record.label in want.codes
            address = code_address(want.mrn, template_id if taken else record.label)
            reason = "no longer declared; the order stays as it is in Kardia"
            yield Change(address, Action.FORGET, Cause.UNDECLARED, reason, id=record.id, target=template_id)
