"""What to do about each declared patient."""

from collections.abc import Mapping

from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.folding import small_difference
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.patient import ATTRIBUTES, DesiredPatient, LivePatient
from kardia_ctl.model.plan import Action, Cause, NoticeKind
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import Record
from kardia_ctl.model.template import Template
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.decided.moved_patients import live_under_old_mrn, moved_onto_another
from kardia_ctl.planning.diff import differing
from kardia_ctl.planning.doubts import Obstacle
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import match
from kardia_ctl.planning.resources.codes import CodeOwner, plan_codes
from kardia_ctl.planning.resources.mobile_users import plan_user
from kardia_ctl.planning.resources.twins import staying


def plan_patients(inputs: PlanInputs, templates: Mapping[str, Template], builder: PlanBuilder) -> None:
    """Decide every declared patient and what hangs on it, where the API shows patients."""
    live_of, record_of = inputs.observed.patients.get, inputs.state.patients.get
    twins, departed, codes = inputs.observed.twins, inputs.state.departed, inputs.state.codes
    users, recorded_users = inputs.desired.users, inputs.state.users
    colliding = inputs.moves.colliding
    keep = builder.unchanged.setdefault(Kind.PATIENT, []).append
    for mrn, want in inputs.desired.patients.items():
        live, record = live_of(mrn), record_of(mrn)
        if (
            live is not None
            and record is not None
            and record.id == live.id
            and not record.forgotten
            and not want.id
            and mrn not in colliding
            and not kind.differences(want, live)
            and not (twins and mrn in twins)
            and not (departed and live.id in departed)
        ):
            keep((mrn,))
            blocked = False
        else:
            live, blocked = _plan_patient(inputs, want, record, builder)
        if want.codes or mrn in codes or mrn in users or mrn in recorded_users:
            known = ("", "none") if live is None else (live.id, live.status)
            owner = CodeOwner(want, *known, blocked)
            plan_codes(inputs, templates, owner, builder)
            plan_user(inputs, owner, builder)


def _source(want: DesiredPatient) -> Source:
    return Source(want.file, want.line)


def _plan_patient(
    inputs: PlanInputs, want: DesiredPatient, record: Record | None, builder: PlanBuilder
) -> tuple[LivePatient | None, bool]:
    """Decide one patient that is not plainly unchanged: the live patient, and whether it is blocked."""
    address, source = patient_address(want.mrn), _source(want)
    known_id = "" if record is None else record.id
    if reason := moved_onto_another(inputs, want.mrn):
        builder.block(address, Cause.ID_MISMATCH, reason, id=known_id, source=source)
        return None, True
    found = match(inputs, want, record)
    if found.cause is not None:
        builder.block(address, found.cause, found.reason, id=known_id, source=source)
        return None, True
    live = found.live
    if live is None and (reason := live_under_old_mrn(inputs, want.mrn)):
        builder.block(address, Cause.SAME_PERSON, reason, source=source)
        return None, True
    if live is None and (obstacle := builder.doubts.obstacle(want)) is not None:
        _block_in_doubt(want, obstacle, builder)
        return None, True
    if live is None:
        is_decided = bool(known_id) and address in inputs.decisions.recreate
        is_decided = is_decided or builder.doubts.are_overridden(want)
        builder.create(address, kind.values(want, ("mrn", *ATTRIBUTES)), is_decided=is_decided, source=source)
        return None, False
    blocked = _block_recorded_elsewhere(want, live, builder) or _block_differing(
        inputs, want, record, live, builder
    )
    _warn_of_twins(inputs, want, live, builder)
    if not blocked:
        ours = record if record is not None and record.id == live.id else None
        builder.keep_or_adopt(address, ours, "it already exists in Kardia", id=live.id, source=source)
    return live, blocked


def _block_in_doubt(want: DesiredPatient, obstacle: Obstacle, builder: PlanBuilder) -> None:
    """Block a create that an earlier one may have done already, and show who might be that patient."""
    address, live, source = patient_address(want.mrn), obstacle.live, _source(want)
    if live is None:
        builder.block(address, obstacle.cause, obstacle.reason, source=source)
        return
    names = ("mrn", *(name for name in obstacle.names if name != "mrn"))
    before, after = kind.live_values(live, names), kind.values(want, names)
    builder.block(
        address, obstacle.cause, obstacle.reason, before=before, after=after, id=live.id, source=source
    )


def _block_recorded_elsewhere(want: DesiredPatient, live: LivePatient, builder: PlanBuilder) -> bool:
    """Block the adoption of a live patient that state records, with its codes, under another mrn."""
    recorded = builder.index.owners.get(live.id, want.mrn)
    if recorded == want.mrn:
        return False
    other, address = patient_address(recorded), patient_address(want.mrn)
    reason = (
        f"{live.id} is recorded as {other} and has this mrn now. If it is the same person, an entry under "
        f"moved keeps what is recorded of its codes: - {{from: {other}, to: {address}}}"
    )
    builder.block(address, Cause.ID_MISMATCH, reason, id=live.id, source=_source(want))
    return True


def _warn_of_twins(inputs: PlanInputs, want: DesiredPatient, live: LivePatient, builder: PlanBuilder) -> None:
    others = [twin.id for twin in staying(inputs, want.mrn) if twin.id != live.id]
    if others:
        text = f"other live patients have the same mrn: {', '.join(others)}; {live.id} is used"
        builder.notice(NoticeKind.WARNING, text, patient_address(want.mrn), _source(want))


def _block_differing(
    inputs: PlanInputs, want: DesiredPatient, record: Record | None, live: LivePatient, builder: PlanBuilder
) -> bool:
    """Note what the live side changed (drift); block, and return True, for what the configuration changed.

    A patient that appears after a create whose response was lost must have everything that was sent.
    """
    intent = inputs.state.intents.get(patient_address(want.mrn))
    in_doubt = intent is not None and intent.operation == Action.CREATE  # else a twin departs
    names = kind.all_differences(want, live) if in_doubt else kind.differences(want, live)
    known = record.fingerprint if record is not None and record.id == live.id else b""
    drifted = [
        name for name in names if kind.applied(known, inputs.key, want.mrn, name, getattr(want, name)) is True
    ]
    if drifted:
        _note_drift(want, live, drifted, builder)
    intended = [name for name in names if name not in drifted]
    if intended and inputs.observed.coverage is Coverage.STATE:
        _block_edited(want, live, intended, builder)
    elif intended:
        _block_immutable(want, live, intended, builder)
    return bool(intended)


def _note_drift(want: DesiredPatient, live: LivePatient, names: list[str], builder: PlanBuilder) -> None:
    before, after = _shown(want, live, names)
    way = (
        "correct it in Kardia by hand"
        if "dob" in names
        else f"list it under ignore_changes{_of_cohort(want)}"
    )
    text = (
        "changed in Kardia, and the API cannot change it back: take the live value into this file "
        f"(kardia-ctl import --update), or {way}"
    )
    address, source = patient_address(want.mrn), _source(want)
    builder.notice(NoticeKind.DRIFT, text, address, source, before=before, after=after)


def _block_immutable(want: DesiredPatient, live: LivePatient, names: list[str], builder: PlanBuilder) -> None:
    before, after = _shown(want, live, names)
    ignore = "" if "dob" in names else f", or list it under ignore_changes{_of_cohort(want)}"
    unset = not any(kind.live_value(live, name) for name in names)
    correct = (
        "Enter it in Kardia by hand, or remove it here"
        if unset
        else "Correct it in Kardia by hand, or write the live value here"
    )
    what = f"{', '.join(names)} {_how_they_differ(want, live, names, unset=unset)}"
    reason = f"{what}, and the API cannot update a patient. {correct}{ignore}"
    builder.block(
        patient_address(want.mrn),
        Cause.IMMUTABLE,
        reason,
        before=before,
        after=after,
        id=live.id,
        source=_source(want),
    )


def _block_edited(want: DesiredPatient, live: LivePatient, names: list[str], builder: PlanBuilder) -> None:
    """Block what was edited since it was applied, where the live value was not read."""
    verb = "differs" if len(names) == 1 else "differ"
    reason = (
        f"{', '.join(names)} {verb} from what was last applied, and the API cannot update a patient. What is "
        "live was not read: if Kardia has it by now, a plan without --refresh off says so"
    )
    address, after = patient_address(want.mrn), kind.values(want, names)
    builder.block(address, Cause.IMMUTABLE, reason, after=after, id=live.id, source=_source(want))


def _how_they_differ(want: DesiredPatient, live: LivePatient, names: list[str], *, unset: bool) -> str:
    """That they differ from live, and if they do so in a small way alone, in which."""
    if unset:
        return f"{'is' if len(names) == 1 else 'are'} not set in Kardia"
    verb = "differs" if len(names) == 1 else "differ"
    ways = [small_difference(name, getattr(want, name), kind.live_value(live, name)) for name in names]
    return f"{verb} from live" + (f" only {' and '.join(dict.fromkeys(ways))}" if all(ways) else "")


def _of_cohort(want: DesiredPatient) -> str:
    """Where a patient's ignore_changes stand: a row of a cohort has none."""
    return f" in the overrides or defaults of the cohort {want.cohort}" if want.cohort else ""


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
