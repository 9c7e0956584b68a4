"""What to do about the declared resources beside the patients: callbacks and service providers."""

from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.configuration import Resource
from kardia_ctl.model.fingerprint import fingerprint
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind, Values
from kardia_ctl.model.state import Record
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.diff import differing
from kardia_ctl.planning.inputs import PlanInputs


def plan_settings(inputs: PlanInputs, draft: Draft) -> None:
    """Decide every declared resource that is not a patient, and forget those no longer declared."""
    for resource in inputs.desired.others:
        record = inputs.state.others.get(resource.address)
        if resource.address.kind.facts.read_back:
            _plan_readable(inputs, resource, record, draft)
        else:
            _plan_unreadable(inputs, resource, record, draft)
    declared = {resource.address for resource in inputs.desired.others}
    for address, record in inputs.state.others.items():
        if address.kind.is_setting and address not in declared and not record.forgotten:
            reason = "no longer declared; it stays as it is in Kardia"
            draft.changes.append(Change(address, Action.FORGET, Cause.UNDECLARED, reason))


def _plan_unreadable(inputs: PlanInputs, resource: Resource, record: Record | None, draft: Draft) -> None:
    """Write-only: without a record it is sent, because sending it again adds nothing."""
    address = resource.address
    if record is None:
        reason = "it cannot be read back; adding it again adds nothing"
        team = inputs.desired.team
        draft.changes.append(
            Change(
                address,
                Action.CREATE,
                Cause.UNREADABLE,
                reason,
                None,
                {},
                target=team,
                source=resource.source,
            )
        )
    else:
        text = "the API does not show it; it is known from state alone"
        draft.tell(NoticeKind.RECORDED, text, address, resource.source)
        _keep_or_adopt(resource, record, draft)


def _keep_or_adopt(resource: Resource, record: Record | None, draft: Draft) -> None:
    address = resource.address
    if record is not None and not record.forgotten:
        draft.keep(address.kind, *address.names)
        return
    reason = "it is as declared already" if record is None else "it is back: it was forgotten earlier"
    draft.changes.append(Change(address, Action.ADOPT, Cause.EXISTS_LIVE, reason, source=resource.source))


def _plan_readable(inputs: PlanInputs, resource: Resource, record: Record | None, draft: Draft) -> None:
    if resource.address in inputs.observed.refused:
        reason = "the key may not read it (403): ask for the access, or leave it out of the configuration"
        draft.changes.append(
            Change(resource.address, Action.BLOCKED, Cause.UNREADABLE, reason, source=resource.source)
        )
        return
    live = inputs.observed.settings.get(resource.address)
    if live is None:
        after = dict(resource.attributes)
        change = Change(
            resource.address, Action.CREATE, Cause.DECLARED, "", None, after, source=resource.source
        )
        draft.changes.append(change)
        if record is not None and not record.forgotten:
            _drifted(inputs, resource, record, dict.fromkeys(after), after, draft)
        return
    normalise = SETTINGS[resource.address.kind].normalise
    compared = {
        name: (normalise(name, live.attributes.get(name, "")), normalise(name, value))
        for name, value in resource.attributes.items()
    }
    if all(before == after for before, after in compared.values()):
        _keep_or_adopt(resource, record, draft)
        return
    before, after_values = differing(live.attributes, resource.attributes, compared)
    reason = f"{', '.join(after_values)} differs from live"
    draft.changes.append(
        Change(
            resource.address,
            Action.UPDATE,
            Cause.DIFFERS,
            reason,
            before,
            after_values,
            source=resource.source,
        )
    )
    if record is not None:
        _drifted(inputs, resource, record, before, after_values, draft)


def _drifted(
    inputs: PlanInputs, resource: Resource, record: Record, before: Values, after: Values, draft: Draft
) -> None:
    """Say so when the live side moved: what is declared is still what was applied last."""
    if applied(inputs.key, resource, record):
        text = "the live side changed; apply sets it back to what is declared"
        draft.tell(NoticeKind.DRIFT, text, resource.address, resource.source, before=before, after=after)


def applied(key: bytes, resource: Resource, record: Record) -> bool:
    """Whether what is declared is what was applied last; False where nothing is known."""
    return bool(key) and record.fingerprint == fingerprints(key, resource)


def fingerprints(key: bytes, resource: Resource) -> bytes:
    """What a record keeps of a resource's attributes, in the order of their names."""
    kind: Kind = resource.address.kind
    normalise = SETTINGS[kind].normalise
    return b"".join(
        fingerprint(key, str(resource.address), name, normalise(name, resource.attributes[name]))
        for name in sorted(resource.attributes)
    )
