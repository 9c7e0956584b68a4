"""The last answer of a page: what merging means, what to check first, who else has to approve."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.render.plan.summary import accepted_count, excluded_line, left_line
from kardia_ctl.render.redaction import shown_url
from kardia_ctl.render.review.review_page import PageContext
from kardia_ctl.render.text import count_of, kind_count, money

ByAction = Mapping[Action, Sequence[Change]]
"""The changes of a plan by their action, so that each part looks at its own alone."""

_RECORDED: Final = frozenset({Action.ADOPT, Action.FORGET, Action.MOVE})
_GRAVE: Final[Mapping[Action, str]] = {
    Action.DELETE: "deletion",
    Action.DISCONNECT: "disconnection",
    Action.EXPORT: "export",
    Action.UPDATE: "changed URL",
}
"""What only a person can know to be right, the gravest first."""

_NEW: Final = "new URL"


def kinds_of(changes: Iterable[Change]) -> list[str]:
    """How many of each kind, the most first: ``3 patients``, ``1 connection code``."""
    counts = Counter(change.address.kind for change in changes)
    return [kind_count(number, kind) for kind, number in sorted(counts.items(), key=_most)]


def _most(counted: tuple[Kind, int]) -> tuple[int, int]:
    return -counted[1], [*Kind].index(counted[0])


def meaning_of_merging(plan: Plan, context: PageContext) -> str:
    """What happens to the plan of the page when it is merged."""
    if plan.stops:
        return "Merging sends nothing to Kardia, and nothing of this plan can be applied yet."
    if not plan.writes and not plan.following.creates:
        return "Merging changes nothing in Kardia, nor does an apply of this plan."
    if context.warnings or not plan.digest:
        return "Merging sends nothing to Kardia yet. An apply does: it plans anew first."
    return (
        "Merging approves this plan and sends nothing to Kardia yet. An apply with this digest then does "
        "exactly this plan, or refuses."
    )


def merge_answer(plan: Plan, changes: ByAction, context: PageContext) -> Iterator[str]:
    """What the plan itself says about merging: whether it is right is for a person to say."""
    if context.warnings:
        yield "Not by this page alone: see the warning above."
    if plan.stops:
        yield "Not yet: nothing at all can be applied, for the reason above."
        return
    blocked = [change for change in changes.get(Action.BLOCKED, ()) if change.blocks]
    yield from _verdict(plan, changes, is_blocked=bool(blocked))
    if context.second_person:
        yield (
            f"Somebody else than the author has to approve {_joined(_graves(context.second_person))} "
            "(two_person in kardia.yaml), or apply refuses."
        )
    if blocked:
        yield _blocked(plan, changes, blocked)
    if number := accepted_count(plan):
        yield f"{number} accepted as blocked, by a decision: no error."
    if plan.left:
        yield left_line(plan)
    if plan.excluded:
        yield excluded_line(plan)
    yield from _unseen(plan)


def _verdict(plan: Plan, changes: ByAction, *, is_blocked: bool) -> Iterator[str]:
    grave = [change for action in _GRAVE for change in changes.get(action, ())]
    created = _joined(_created(plan, changes.get(Action.CREATE, ())))
    if grave:
        also = f", and only if you expect {created}" if created else ""
        yield f"Only when somebody who knows why has checked {_joined(_graves(grave))} below{also}."
    elif created:
        yield f"Yes, if you expect {created}. Nobody is deleted or disconnected."
    else:
        recorded = "; apply only records what is there already" if _RECORDED & changes.keys() else ""
        yield f"{'Nothing' if is_blocked else 'Yes: nothing'} is sent that changes Kardia{recorded}."


def _blocked(plan: Plan, changes: ByAction, blocked: Sequence[Change]) -> str:
    leaving = {action: changes[action] for action in (Action.DELETE, Action.DISCONNECT) if action in changes}
    included = _joined(_graves(change for some in leaving.values() for change in some))
    done = f"Everything else{f', {included} included,' if included else ''} will be done"
    others = done if plan.writes else "Nothing else is sent"
    verb, them = ("is", "that") if len(blocked) == 1 else ("are", f"those {len(blocked)}")
    return (
        f"{_joined(kinds_of(blocked))} {verb} blocked and will not be done. {others}; "
        f"the run then ends with an error until somebody settles {them}."
    )


def _graves(changes: Iterable[Change]) -> Iterator[str]:
    """``the 2 deletions``, ``the changed URL``, the gravest first; ``new URL`` where none was set."""
    counts = Counter(_GRAVE.get(change.action, _NEW) for change in changes)
    for noun in (*_GRAVE.values(), _NEW):
        if number := counts[noun]:
            yield f"the {noun if number == 1 else count_of(number, noun)}"


def _created(plan: Plan, created: Sequence[Change]) -> Iterator[str]:
    """What somebody who merges has to expect: the patients, the order, where events go, the others."""
    counts = Counter(change.address.kind for change in created)
    for kind in (Kind.PATIENT, Kind.MOBILE_USER, Kind.SERVICE_PROVIDER):
        if number := counts[kind]:
            yield f"{number} new {kind.facts.singular if number == 1 else kind.facts.plural}"
    if codes := counts[Kind.CONNECTION_CODE]:
        amount = kind_count(codes, Kind.CONNECTION_CODE) if plan.unpriced else money(plan.cost)
        yield f"an order of {amount} that the API cannot cancel"
    for change in created:
        if change.address.kind.is_setting and change.address.kind is not Kind.SERVICE_PROVIDER:
            url = shown_url((change.after or {}).get("url")).text
            events = "events" if change.address.kind is Kind.CALLBACK else "QT requests"
            yield f"{events} going to {url or 'a URL'}"


def _joined(parts: Iterable[str]) -> str:
    *first, last = (*parts,) or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def _unseen(plan: Plan) -> Iterator[str]:
    """What the plan does not know, which bears on every answer."""
    if plan.refresh is not Refresh.FULL:
        yield (
            f"This plan did not read the whole account (--refresh {plan.refresh.value}) and shows no drift: "
            "Notices say what it cannot know."
        )
    drifted = sum(notice.kind is NoticeKind.DRIFT for notice in plan.notices)
    if drifted:
        yield f"Drift: {drifted} changed in Kardia, outside these files."
