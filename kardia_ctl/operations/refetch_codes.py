"""Asking again for codes that were issued. An effect, so it goes the way of every write."""

from dataclasses import dataclass, replace

from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind, Plan, Requests
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning.templates import resolve, terms_of

_NOT_ASKED = (NoticeKind.NOT_SENT, NoticeKind.UNVERIFIABLE, NoticeKind.EXPIRED)


@dataclass(frozen=True, slots=True)
class Reask:
    """The codes to ask for as a plan, when each was issued (Unix seconds), and whom it leaves out.

    ``left_out`` are declared codes whose patient is disconnected, whose order state does not know, or which
    may have expired: asking for those could be a new order.
    """

    plan: Plan
    issued: dict[Address, int]
    left_out: tuple[Address, ...]


def reask(seen: Preview) -> Reask:
    """What asking again may ask for: codes that are declared, recorded, and in use now."""
    state, desired = seen.inputs.state, seen.inputs.desired
    templates = resolve(desired.templates, seen.observed.templates)
    doubtful = {notice.address for notice in seen.plan.notices if notice.kind in _NOT_ASKED}
    changes, issued, left_out = [], {}, []
    for mrn, label in seen.plan.unchanged.get(Kind.CONNECTION_CODE, ()):
        address, template = code_address(mrn, label), templates[label].id
        record = state.codes.get(mrn, {}).get(template)
        if record is None or address in doubtful:
            left_out.append(address)
            continue
        patient_id = record.id or state.patients[mrn].id
        changes.append(Change(address, Action.CREATE, Cause.DECLARED, id=patient_id, target=template))
        issued[address] = record.at
    requests = Requests(seen.plan.requests.spent, seen.plan.requests.reads, len(changes))
    asked = sorted({change.address.names[1] for change in changes})
    known = tuple(terms_of(label, templates[label]) for label in asked)
    plan = replace(seen.plan, changes=tuple(changes), requests=requests, templates=known)
    return Reask(plan, issued, tuple(left_out))
