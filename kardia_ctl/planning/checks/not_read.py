"""What a plan says that was made without reading everything: what it looked at, and what it cannot know."""

from dataclasses import replace
from typing import Final

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs

_CREATE: Final = "its mrn was not looked for in the whole list: apply does that before it creates anybody"
_ADOPT: Final = "apply reads the whole list before it adopts anybody"
_DEPART: Final = "apply reads the patient and the whole list before it does that"

_NOT_LOOKED_FOR: Final = (
    "not looked for: drift. A name, birth date, e-mail address, sex, mrn or connection that was changed in "
    "Kardia is not seen, but for patients on that page or read by id"
)
_NOT_KNOWN: Final = (
    "not known: whether a patient is live, live twice, changed or connected, what the callbacks are, and "
    "what codes cost"
)


def say_what_was_not_read(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Note what was not read, and mark each change that depends on it."""
    observed = inputs.observed
    match observed.coverage:
        case Coverage.HEAD:
            _note(builder, _head(observed.read_by_id))
            _note(builder, _NOT_LOOKED_FOR)
        case Coverage.STATE:
            _note(builder, "--refresh off: nothing was read; what is declared is compared with state alone")
            _note(builder, _NOT_KNOWN)
        case _:
            if observed.instead:
                _note(
                    builder, f"--refresh head: everything was read all the same, because {observed.instead}"
                )
            return
    builder.changes = [_marked(change) for change in builder.changes]
    if new := _count(builder, Action.CREATE):
        _note(
            builder,
            f"not proven: that the mrn of {_patients(new)} is new. apply reads the whole list first, and "
            "creates nobody who is in it",
        )
    if adopted := _count(builder, Action.ADOPT):
        _note(builder, f"not proven: that {_patients(adopted)} to adopt is in Kardia only once")


def _head(read_by_id: int) -> str:
    by_id = f" and {_patients(read_by_id)} by id" if read_by_id else ""
    return (
        f"--refresh head: the first page of the list was read{by_id}. Its count shows that whoever state "
        "records is still there"
    )


def _patients(count: int) -> str:
    return "1 patient" if count == 1 else f"{count:,} patients"


def _note(builder: PlanBuilder, text: str) -> None:
    builder.notice(NoticeKind.REFRESH, text)


def _count(builder: PlanBuilder, action: Action) -> int:
    return sum(change.action is action and change.address.kind is Kind.PATIENT for change in builder.changes)


def _marked(change: Change) -> Change:
    """The change with the reason why it may turn out otherwise."""
    if change.address.kind.is_setting:
        return change
    match change.action:
        case Action.CREATE if change.address.kind is Kind.PATIENT:
            added = _CREATE
        case Action.ADOPT if change.address.kind is Kind.PATIENT:
            added = _ADOPT
        case Action.DELETE | Action.DISCONNECT | Action.EXPORT if change.cause is Cause.DEPARTURE:
            added = _DEPART
        case _:
            return change
    return replace(change, reason=f"{change.reason}; {added}" if change.reason else added)
