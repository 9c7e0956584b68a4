"""What to do about each declared patient where the API shows none: from state, and from a 409.

====================================  ===========================================================
state's record of the mrn             plan
====================================  ===========================================================
none                                  create; a 409 shows that it exists: it is adopted
created by us                         no-op, known from state alone; an edit is *blocked*
existed before (409)                  no-op, *unverifiable*: its values are not known
forgotten                             adopt: it still exists, because nothing can delete it
====================================  ===========================================================
"""

from collections.abc import Mapping

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Cause, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.model.template import Template
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.codes import CodeOwner, plan_codes
from kardia_ctl.planning.resources.mobile_users import plan_user


def plan_participants(inputs: PlanInputs, templates: Mapping[str, Template], builder: PlanBuilder) -> None:
    """Decide every declared patient and what hangs on it, from state alone."""
    for mrn, want in inputs.desired.patients.items():
        record = inputs.state.patients.get(mrn)
        blocked = _plan_participant(inputs, want, record, builder)
        existed = record is not None and kind.existed_before(record.fingerprint)
        owner = CodeOwner(want, "" if record is None else mrn, _status(inputs, mrn, record), blocked, existed)
        plan_codes(inputs, templates, owner, builder)
        plan_user(inputs, owner, builder)


def _plan_participant(
    inputs: PlanInputs, want: DesiredPatient, record: Record | None, builder: PlanBuilder
) -> bool:
    """Decide one patient; whether it is blocked, so that its codes and user must wait."""
    address, source = patient_address(want.mrn), Source(want.file, want.line)
    if record is None:
        builder.create(address, kind.values(want, ("mrn", *kind.SENT)), source=source)
        return False
    if kind.existed_before(record.fingerprint):
        text = "it existed before (409): its values cannot be read, and were not compared"
        builder.notice(NoticeKind.UNVERIFIABLE, text, address, source)
    elif edited := kind.edited(record.fingerprint, inputs.key, want):
        reason = (
            f"{', '.join(edited)} {'differs' if len(edited) == 1 else 'differ'} from what was sent, and the "
            "API cannot update a participant. Write here what was sent, or list it under ignore_changes"
        )
        after = kind.values(want, edited)
        builder.block(address, Cause.IMMUTABLE, reason, after=after, id=want.mrn, source=source)
        return True
    else:
        text = "the API does not show it; it is known from state alone"
        builder.notice(NoticeKind.RECORDED, text, address, source)
    builder.keep_or_adopt(address, record, "", id=want.mrn, source=source)
    return False


def _status(inputs: PlanInputs, mrn: str, record: Record | None) -> str | None:
    """``none`` for a participant that we created and ordered no code for; None (not known) otherwise."""
    if record is None:
        return "none"
    ordered = kind.existed_before(record.fingerprint) or mrn in inputs.state.codes
    return None if ordered else "none"
