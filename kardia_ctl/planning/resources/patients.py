"""What to do about each declared patient."""

from collections.abc import Mapping

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import ATTRIBUTES, DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.diff import differing
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import Match, match
from kardia_ctl.planning.resources.codes import Holder, plan_codes
from kardia_ctl.planning.resources.mobile_users import plan_user
from kardia_ctl.planning.templates import Resolved


def plan_patients(inputs: PlanInputs, templates: Mapping[str, Resolved], draft: Draft) -> None:
    """Decide every declared patient and what hangs on it, where the API shows patients."""
    live_of, record_of = inputs.observed.patients.get, inputs.state.patients.get
    twins, departed, codes = inputs.observed.twins, inputs.state.departed, inputs.state.codes
    users, recorded_users = inputs.desired.users, draft.index.users
    keep = draft.unchanged.setdefault(Kind.PATIENT, []).append
    for mrn, want in inputs.desired.patients.items():
        live, record = live_of(mrn), record_of(mrn)
        if (
            live is not None
            and record is not None
            and record.id == live.id
            and not record.forgotten
            and not want.id
            and not kind.differences(want, live)
            and not (twins and mrn in twins)
            and not (departed and live.id in departed)
        ):
            keep((mrn,))
            blocked = ""
        else:
            live, blocked = _plan_patient(inputs, want, record, draft)
        if want.codes or mrn in codes or mrn in users or mrn in recorded_users:
            holder = Holder(want, "", "none", blocked) if live is None else _holder(want, live, blocked)
            plan_codes(inputs, templates, holder, draft)
            plan_user(inputs, holder, draft)


def _holder(want: DesiredPatient, live: LivePatient, blocked: str) -> Holder:
    return Holder(want, live.id, live.status, blocked)


def _plan_patient(
    inputs: PlanInputs, want: DesiredPatient, record: Record | None, draft: Draft
) -> tuple[LivePatient | None, str]:
    """Decide one patient that is not plainly unchanged: its live side, and why its codes must wait."""
    address = patient_address(want.mrn)
    source = Source(want.file, want.line)
    found = match(inputs, want, record)
    if found.cause is not None:
        draft.changes.append(
            Change(address, Action.BLOCKED, found.cause, found.reason, id=_known_id(record), source=source)
        )
        return None, "its patient is blocked"
    if found.live is None:
        after = kind.values(want, ("mrn", *ATTRIBUTES))
        draft.changes.append(Change(address, Action.CREATE, Cause.DECLARED, after=after, source=source))
        return None, ""
    blocked = _recorded_elsewhere(want, found.live, draft) or _compare(
        inputs, want, record, found.live, draft
    )
    _tell_of_twins(inputs, want, found.live, draft)
    if blocked is not None:
        draft.changes.append(blocked)
        return found.live, "its patient is blocked"
    _keep_or_adopt(want, record, found, draft)
    return found.live, ""


def _recorded_elsewhere(want: DesiredPatient, live: LivePatient, draft: Draft) -> Change | None:
    """Block the adoption of a live patient whom state knows under another mrn, with codes of that name."""
    owner = draft.index.owners.get(live.id, want.mrn)
    if owner == want.mrn:
        return None
    other = patient_address(owner)
    reason = (
        f"{live.id} is recorded as {other}, and carries this mrn now: if it is the same person, "
        f"kardia-ctl state forget '{other}', and then it can be adopted; its codes will not be known"
    )
    source = Source(want.file, want.line)
    return Change(
        patient_address(want.mrn), Action.BLOCKED, Cause.ID_MISMATCH, reason, id=live.id, source=source
    )


def _tell_of_twins(inputs: PlanInputs, want: DesiredPatient, live: LivePatient, draft: Draft) -> None:
    others = [twin.id for twin in inputs.observed.twins.get(want.mrn, ()) if twin.id != live.id]
    if others:
        text = f"other live patients carry its mrn: {', '.join(others)}; {live.id} is taken for this one"
        draft.tell(NoticeKind.WARNING, text, patient_address(want.mrn), Source(want.file, want.line))


def _known_id(record: Record | None) -> str:
    return "" if record is None else record.id


def _keep_or_adopt(want: DesiredPatient, record: Record | None, found: Match, draft: Draft) -> None:
    live_id = found.live.id if found.live else ""
    if record is not None and record.id == live_id and not record.forgotten:
        draft.keep(Kind.PATIENT, want.mrn)
        return
    reason = (
        "it is back: it was forgotten earlier" if _known_id(record) == live_id else "it exists live already"
    )
    source = Source(want.file, want.line)
    draft.changes.append(
        Change(patient_address(want.mrn), Action.ADOPT, Cause.EXISTS_LIVE, reason, id=live_id, source=source)
    )


def _compare(
    inputs: PlanInputs, want: DesiredPatient, record: Record | None, live: LivePatient, draft: Draft
) -> Change | None:
    """Tell drift (noted in the draft) from intent (returned as a blocked change).

    Whoever appeared after a create whose answer was lost must carry everything that was sent.
    """
    in_doubt = patient_address(want.mrn) in inputs.state.intents
    names = kind.all_differences(want, live) if in_doubt else kind.differences(want, live)
    if not names:
        return None
    known = record.fingerprint if record is not None and record.id == live.id else b""
    drifted = [
        name for name in names if kind.applied(known, inputs.key, want.mrn, name, getattr(want, name)) is True
    ]
    source = Source(want.file, want.line)
    if drifted:
        before, after = _shown(want, live, drifted)
        way = "follow it in the YAML, or correct it in Kardia by hand"
        if "dob" not in drifted:
            way = "follow it in the YAML, or ignore_changes"
        text = f"the live side changed; the API cannot change it back: {way}"
        draft.tell(NoticeKind.DRIFT, text, patient_address(want.mrn), source, before=before, after=after)
    intended = [name for name in names if name not in drifted]
    if not intended:
        return None
    before, after = _shown(want, live, intended)
    ignorable = " or list it under ignore_changes" if "dob" not in intended else ""
    reason = (
        f"the API cannot update a patient, and {', '.join(intended)} differs from live: "
        f"correct it in Kardia by hand, or write here what is live{',' if ignorable else ''}{ignorable}"
    )
    return Change(
        patient_address(want.mrn),
        Action.BLOCKED,
        Cause.IMMUTABLE,
        reason,
        before=before,
        after=after,
        id=live.id,
        source=source,
    )


def _shown(
    want: DesiredPatient, live: LivePatient, names: list[str]
) -> tuple[Mapping[str, str | None], Mapping[str, str | None]]:
    compared = {
        name: (
            kind.normalise(name, kind.live_value(live, name)),
            kind.normalise(name, getattr(want, name)),
        )
        for name in names
    }
    return differing(kind.live_values(live, names), kind.values(want, names), compared)
