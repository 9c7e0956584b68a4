"""What to do about the connection codes of one patient."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import assert_never

from kardia_ctl.kinds.connection_code import CodeDecision, decide
from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Action, Cause, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import CodeRecord
from kardia_ctl.model.template import Template
from kardia_ctl.planning.builder import OWNER_BLOCKED, Details, PlanBuilder
from kardia_ctl.planning.decided.issued import took_as_issued
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.switching import switch, undeclared

_NOTICES = {
    CodeDecision.MAYBE_EXPIRED: (
        NoticeKind.EXPIRED,
        "issued more than 90 days ago and still unused: it may have expired",
    ),
    CodeDecision.NOT_SENT: (
        NoticeKind.NOT_SENT,
        "it was issued, and the patient is not connected now (disconnected, or the code expired)",
    ),
    CodeDecision.UNVERIFIABLE: (
        NoticeKind.UNVERIFIABLE,
        "the patient has an order, and state does not know its template; nothing is sent",
    ),
}
_EXISTED = "the patient existed before, and whether it has a code cannot be read; nothing is sent"


@dataclass(frozen=True, slots=True)
class CodeOwner:
    """The patient whose codes and mobile user are planned.

    ``id`` is empty for a patient that is yet to be created. ``status`` is the connection status: ``none`` for
    such a patient, None where it is not known. ``blocked`` says that nothing may be sent for the patient.
    ``existed`` says that a create found it in Kardia (409), where its codes and user cannot be read.
    """

    want: DesiredPatient
    id: str = ""
    status: str | None = "none"
    blocked: bool = False
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

    ``recorded`` are state's records. ``in_doubt`` are orders whose response was lost: requesting the same
    template again returns the same code, requesting another would be a second order. ``declared`` are the
    ids of all templates that the patient's codes name.
    """

    recorded: Mapping[str, CodeRecord]
    in_doubt: Mapping[str, CodeRecord]
    declared: Collection[str]

    def knows(self, template: str) -> bool:
        """Whether an order of this template is recorded or in doubt."""
        return template in self.recorded or template in self.in_doubt

    def decide(self, template: str, owner: CodeOwner, now: float, *, reissue: bool) -> CodeDecision:
        """What to do about the code of one declared template.

        For a participant that we did not create, only our own orders are known; ordering another template
        could duplicate one.
        """
        again = template in self.in_doubt and template not in self.recorded
        known = {**self.in_doubt, **self.recorded}
        if again:
            del known[template]
        reissue = reissue or again
        decision = decide(template, self.declared, known, owner.status, now, reissue=reissue)
        unknown = decision is CodeDecision.ISSUE and owner.existed and not reissue
        return CodeDecision.UNVERIFIABLE if unknown else decision

    def undeclared(self, want: DesiredPatient) -> list[str]:
        """The names of the orders whose templates are no longer declared."""
        orders = {**self.in_doubt, **self.recorded}
        return sorted(
            _name_of(template, record, want)
            for template, record in orders.items()
            if template not in self.declared
        )


def _name_of(template: str, record: CodeRecord, want: DesiredPatient) -> str:
    """The template name under which a code was issued; the id when that name now means another template."""
    return template if not record.template or record.template in want.codes else record.template


def _orders(
    inputs: PlanInputs, templates: Mapping[str, Template], owner: CodeOwner, builder: PlanBuilder
) -> _Orders:
    mrn, labels = owner.want.mrn, owner.want.codes
    known = inputs.state.codes.get(mrn, {})
    recorded = {template: record for template, record in known.items() if owner.is_of(record.id)}
    in_doubt = {
        intent.target: CodeRecord(intent.id, at=int(intent.at.wall), template=intent.address.names[1])
        for intent in builder.index.orders_in_doubt.get(mrn, ())
        if owner.is_of(intent.id)
    }
    # A declared name that no longer resolves may be the name that a recorded code was issued under.
    unresolved = {label for label in labels if not templates[label].id}
    declared = {templates[label].id for label in labels}
    declared.update(template for template, record in recorded.items() if record.template in unresolved)
    return _Orders(recorded, in_doubt, declared)


def plan_codes(
    inputs: PlanInputs, templates: Mapping[str, Template], owner: CodeOwner, builder: PlanBuilder
) -> None:
    """Decide every declared code of a patient, and forget those that are no longer declared."""
    orders = _orders(inputs, templates, owner, builder)
    labels: dict[str, str] = {}
    for label in owner.want.codes:
        template = templates[label]
        first = labels.setdefault(template.id or label, label)
        if first != label:
            address = code_address(owner.want.mrn, label)
            reason = (
                f"it means the same template as {first}. Keep one of the two names, or both would be ordered"
            )
            builder.block(address, Cause.DUPLICATE_TEMPLATE, reason, source=owner.source)
        elif not template.id:
            _issue(template, owner, builder)
        else:
            _plan_code(inputs, template, orders, owner, builder)
    _forget_undeclared(inputs, orders, owner, builder)


def _plan_code(
    inputs: PlanInputs, template: Template, orders: _Orders, owner: CodeOwner, builder: PlanBuilder
) -> None:
    address = code_address(owner.want.mrn, template.label)
    if template.id in orders.in_doubt and not inputs.capabilities.repeats_codes:
        builder.block(address, Cause.UNSETTLED, _in_doubt(address), id=owner.id, source=owner.source)
        return
    reissue = address in inputs.decisions.reissue
    decision = orders.decide(template.id, owner, inputs.now.wall, reissue=reissue)
    is_unknown = decision is CodeDecision.UNVERIFIABLE
    if not orders.knows(template.id) and took_as_issued(builder, address, owner.id, is_unknown=is_unknown):
        reason = "issued already, as a decision says"
        details: Details = {"id": owner.id, "target": template.id, "source": owner.source}
        builder.change(address, Action.ADOPT, Cause.DECIDED, reason, **details)
        return
    match decision:
        case (
            CodeDecision.NO_OP
            | CodeDecision.MAYBE_EXPIRED
            | CodeDecision.NOT_SENT
            | CodeDecision.UNVERIFIABLE
        ):
            _keep(address, template, orders, owner, builder)
            _notice(decision, address, owner, builder, readable=inputs.capabilities.shows_patients)
        case CodeDecision.PLAN_CHANGE:
            ordered = orders.undeclared(owner.want)
            switch(inputs, address, ordered, builder, id=owner.id, blocked=owner.blocked, source=owner.source)
        case CodeDecision.ISSUE:
            plainly = (
                orders.decide(template.id, owner, inputs.now.wall, reissue=False) if reissue else decision
            )
            _issue(template, owner, builder, is_decided=plainly is not decision)
        case _:
            assert_never(decision)


def _keep(
    address: Address, template: Template, orders: _Orders, owner: CodeOwner, builder: PlanBuilder
) -> None:
    record = orders.recorded.get(template.id)
    if record is None:
        builder.keep(address)
    else:
        builder.keep_or_adopt(address, record, "", id=record.id, target=template.id, source=owner.source)


def _notice(
    decision: CodeDecision, address: Address, owner: CodeOwner, builder: PlanBuilder, *, readable: bool
) -> None:
    if decision in _NOTICES:
        kind, text = _NOTICES[decision]
        if decision is CodeDecision.UNVERIFIABLE and not readable:
            text = _EXISTED
        way = "" if decision is CodeDecision.MAYBE_EXPIRED else f"; to issue it: --reissue '{address}'"
        builder.notice(kind, text + way, address, owner.source)


def _in_doubt(address: Address) -> str:
    return (
        "in doubt: the code was requested and no response arrived; another request would make another code. "
        "Check the --codes-out file and Kardia for a code, then apply with "
        f"--assume-created '{address}' or --assume-absent '{address}'"
    )


def _issue(template: Template, owner: CodeOwner, builder: PlanBuilder, *, is_decided: bool = False) -> None:
    source, address = owner.source, code_address(owner.want.mrn, template.label)
    if owner.blocked:
        builder.block(address, Cause.OWNER_BLOCKED, OWNER_BLOCKED, source=source)
        return
    if template.problem:
        reason = f"{template.problem}. Correct it under templates"
        builder.block(address, Cause.TEMPLATE_MISSING, reason, source=source)
        return
    after = {
        "template": template.label,
        "template_id": template.id,
        "template_name": template.name or None,
    }
    builder.create(
        address,
        after,
        is_decided=is_decided,
        id=owner.id,
        target=template.id,
        source=source,
        price=template.price,
    )


def _forget_undeclared(inputs: PlanInputs, orders: _Orders, owner: CodeOwner, builder: PlanBuilder) -> None:
    want = owner.want
    was_cancelled = inputs.state.has_done(owner.id, DepartureAction.DISCONNECT)
    reason = undeclared(owner.status, was_cancelled=was_cancelled)
    for template, record in orders.recorded.items():
        if template not in orders.declared and not record.forgotten:
            address = code_address(want.mrn, _name_of(template, record, want))
            builder.forget(address, reason, id=record.id, target=template)
