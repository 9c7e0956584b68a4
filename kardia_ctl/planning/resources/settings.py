"""What to do about settings: callbacks and service providers."""

from kardia_ctl.fingerprints import fingerprint
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.plan import Action, Cause, NoticeKind, Values
from kardia_ctl.model.state import Record
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.diff import differing
from kardia_ctl.planning.inputs import PlanInputs


def plan_settings(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Decide every declared setting, and forget those no longer declared."""
    for setting in inputs.desired.settings:
        record = inputs.state.settings.get(setting.address)
        if setting.address.kind.facts.read_back:
            _plan_readable(inputs, setting, record, builder)
        else:
            _plan_unreadable(inputs, setting, record, builder)
    declared = {setting.address for setting in inputs.desired.settings}
    for address, record in inputs.state.settings.items():
        if address not in declared and not record.forgotten:
            builder.forget(address, "no longer declared; it stays as it is in Kardia")


def _plan_unreadable(
    inputs: PlanInputs, setting: Setting, record: Record | None, builder: PlanBuilder
) -> None:
    """Write-only: sent when it is not recorded, because adding it again has no effect."""
    address, source = setting.address, setting.source
    if record is None:
        reason = "it cannot be read; adding it again has no effect"
        team = inputs.desired.team
        builder.change(address, Action.CREATE, Cause.UNREADABLE, reason, after={}, target=team, source=source)
    else:
        text = "the API does not show it; it is known from state alone"
        builder.notice(NoticeKind.RECORDED, text, address, source)
        builder.keep_or_adopt(address, record, "", source=source)


def _plan_readable(inputs: PlanInputs, setting: Setting, record: Record | None, builder: PlanBuilder) -> None:
    address, source = setting.address, setting.source
    live = inputs.observed.settings.get(address)
    if address in inputs.observed.refused:
        reason = "the API key may not read it (403). Ask for access, or remove it from the configuration"
        builder.block(address, Cause.UNREADABLE, reason, source=source)
    elif live is None:
        after = dict(setting.attributes)
        builder.create(address, after, source=source)
        if record is not None and not record.forgotten:
            _note_drift(inputs, setting, record, dict.fromkeys(after), after, builder)
    else:
        _compare(inputs, setting, live, record, builder)


def _compare(
    inputs: PlanInputs, setting: Setting, live: Setting, record: Record | None, builder: PlanBuilder
) -> None:
    address, source = setting.address, setting.source
    normalise = SETTINGS[address.kind].normalise
    compared = {
        name: (normalise(name, live.attributes.get(name, "")), normalise(name, value))
        for name, value in setting.attributes.items()
    }
    if all(before == after for before, after in compared.values()):
        _note_spelling(setting, live, builder)
        same = dict(setting.attributes)
        builder.keep_or_adopt(address, record, "it is already as declared", after=same, source=source)
        return
    before, after = differing(live.attributes, setting.attributes, compared)
    if inputs.observed.coverage is Coverage.STATE:
        reason = f"{', '.join(after)} differs from what was last applied"
        builder.change(address, Action.UPDATE, Cause.DIFFERS, reason, after=after, source=source)
        return
    reason = f"{', '.join(after)} differs from live"
    builder.change(address, Action.UPDATE, Cause.DIFFERS, reason, before=before, after=after, source=source)
    if record is not None:
        _note_drift(inputs, setting, record, before, after, builder)


def _note_spelling(setting: Setting, live: Setting, builder: PlanBuilder) -> None:
    """Note what Kardia keeps otherwise than it is declared, up to a query, which may hold a secret."""
    for name, value in setting.attributes.items():
        kept = live.attributes.get(name, "")
        if kept != value:
            shown, query, _ = kept.partition("?")
            text = f"Kardia keeps the {name} as {shown}{query and '?…'}: the same, so nothing is sent"
            builder.notice(NoticeKind.WARNING, text, setting.address, setting.source)


def _note_drift(
    inputs: PlanInputs,
    setting: Setting,
    record: Record,
    before: Values,
    after: Values,
    builder: PlanBuilder,
) -> None:
    """Note that the live side changed: what is declared is still what was applied last."""
    if applied(inputs.key, setting, record):
        text = "changed in Kardia; apply sets it back to what is declared"
        builder.notice(NoticeKind.DRIFT, text, setting.address, setting.source, before=before, after=after)


def applied(key: bytes, setting: Setting, record: Record) -> bool:
    """Whether what is declared is what was applied last; False when unknown."""
    return bool(key) and record.fingerprint == fingerprints(key, setting)


def fingerprints(key: bytes, setting: Setting) -> bytes:
    """What a record keeps of a setting's attributes, in the order of their names."""
    kind: Kind = setting.address.kind
    normalise = SETTINGS[kind].normalise
    return b"".join(
        fingerprint(key, str(setting.address), name, normalise(name, setting.attributes[name]))
        for name in sorted(setting.attributes)
    )
