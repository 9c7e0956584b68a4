"""What to do about each declared patient where the API shows none: state knows, and a 409 tells.

====================================  ===========================================================
state's record of the mrn             what is right
====================================  ===========================================================
none                                  create; a 409 says that it exists already, and adopts it
made by us                            no-op, known from state alone; an edit is *blocked*
found to exist already (409)          no-op, *unverifiable*: what it carries is not known
forgotten                             adopt: it still exists, because nothing can delete it
====================================  ===========================================================
"""

from collections.abc import Mapping

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.codes import Holder, plan_codes
from kardia_ctl.planning.resources.mobile_users import plan_user
from kardia_ctl.planning.templates import Resolved


def plan_participants(inputs: PlanInputs, templates: Mapping[str, Resolved], draft: Draft) -> None:
    """Decide every declared patient and what hangs on it, from state alone."""
    for mrn, want in inputs.desired.patients.items():
        record = inputs.state.patients.get(mrn)
        blocked = _plan_participant(inputs, want, record, draft)
        existed = record is not None and kind.existed_before(record.fingerprint)
        status = _status(inputs, mrn, record)
        holder = Holder(want, "" if record is None else mrn, status, blocked, existed)
        plan_codes(inputs, templates, holder, draft)
        plan_user(inputs, holder, draft)


def _plan_participant(inputs: PlanInputs, want: DesiredPatient, record: Record | None, draft: Draft) -> str:
    """Decide one patient; why its codes and user must wait, or an empty text."""
    address, source = patient_address(want.mrn), Source(want.file, want.line)
    if record is None:
        after = kind.values(want, ("mrn", *kind.SENT))
        draft.changes.append(Change(address, Action.CREATE, Cause.DECLARED, after=after, source=source))
        return ""
    if kind.existed_before(record.fingerprint):
        text = "it existed before (409): what it carries cannot be read, and was not compared"
        draft.tell(NoticeKind.UNVERIFIABLE, text, address, source)
    elif edited := kind.edited(record.fingerprint, inputs.key, want):
        draft.changes.append(_edited(want, edited))
        return "its patient is blocked"
    else:
        text = "the API does not show it; it is known from state alone"
        draft.tell(NoticeKind.RECORDED, text, address, source)
    if record.forgotten:
        reason = "it is back: it was forgotten earlier"
        draft.changes.append(
            Change(address, Action.ADOPT, Cause.EXISTS_LIVE, reason, id=want.mrn, source=source)
        )
    else:
        draft.keep(Kind.PATIENT, want.mrn)
    return ""


def _edited(want: DesiredPatient, names: tuple[str, ...]) -> Change:
    reason = (
        f"the API cannot update a participant, and {', '.join(names)} differs from what was sent: "
        "write here what was sent, or list it under ignore_changes"
    )
    return Change(
        patient_address(want.mrn),
        Action.BLOCKED,
        Cause.IMMUTABLE,
        reason,
        after=kind.values(want, names),
        id=want.mrn,
        source=Source(want.file, want.line),
    )


def _status(inputs: PlanInputs, mrn: str, record: Record | None) -> str | None:
    """``none`` for a participant that we made and never ordered a code for; otherwise nobody knows."""
    if record is None:
        return "none"
    ordered = kind.existed_before(record.fingerprint) or mrn in inputs.state.codes
    return None if ordered else "none"
