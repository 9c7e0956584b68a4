"""The answers of a page: who is affected, what cannot be undone, what it costs, what to check first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.render.plan.summary import accepted_count, cost_lines, following_lines, left_line
from kardia_ctl.render.review.review_page import Answers
from kardia_ctl.render.text import count_of, kind_count

_MOST_TEMPLATES: Final = 5
_DEPARTING: Final = frozenset({Action.DELETE, Action.DISCONNECT, Action.EXPORT})
_RECORDED: Final = frozenset({Action.ADOPT, Action.FORGET, Action.MOVE})

_FATES: Final[Mapping[Action, str]] = {
    Action.DELETE: "deleted",
    Action.DISCONNECT: "disconnected",
    Action.EXPORT: "exported by mail",
    Action.CREATE: "new",
    Action.ADOPT: "imported",
    Action.FORGET: "forgotten",
    Action.MOVE: "under a corrected mrn",
}
"""What happens to a patient, the gravest first."""

_SETTINGS: Final[Mapping[Kind, str]] = {
    Kind.CALLBACK: "events about recordings and connections",
    Kind.QT_CALLBACK: "requests for QT analyses",
}
"""What Kardia sends to a callback URL, of every patient of the account."""

_FINAL: Final[Mapping[tuple[Action, Kind], str]] = {
    (Action.DELETE, Kind.PATIENT): "{} deleted: a deletion cannot be undone.",
    (Action.DISCONNECT, Kind.PATIENT): "{} disconnected: to connect again takes a new connection code.",
    (Action.EXPORT, Kind.PATIENT): "{} exported: the mail with the data is not called back.",
    (Action.CREATE, Kind.CONNECTION_CODE): "{} ordered: an order may be billed, and the API cancels none.",
    (Action.CREATE, Kind.PATIENT): "{} created: Kardia cannot correct a patient afterwards, only delete.",
    (Action.CREATE, Kind.MOBILE_USER): "{} created: the API removes none.",
    (Action.CREATE, Kind.SERVICE_PROVIDER): "{} added: the API removes none.",
}
"""What no later apply takes back, the gravest first. Source: the API has no request that would do it."""


def answers(plan: Plan) -> Answers:
    """The answers for a plan."""
    return Answers(
        affected=tuple(_affected(plan)),
        irreversible=tuple(_irreversible(plan)),
        cost=tuple(_cost(plan)),
        merge=tuple(_merge(plan)),
    )


def _affected(plan: Plan) -> Iterator[str]:
    fates = _patients(plan)
    if fates:
        people, several = kind_count(sum(fates.values()), Kind.PATIENT), len(fates) > 1
        parts = [f"{number} {fate}" if several else fate for fate, number in fates.items()]
        yield f"{people}{':' if several else ','} {', '.join(parts)}."
    for change in plan.changes:
        if change.address.kind in _SETTINGS and change.action in (Action.UPDATE, Action.CREATE):
            verb = "go to another URL" if change.action is Action.UPDATE else "go to a URL from now on"
            yield f"Every patient of the account: {_SETTINGS[change.address.kind]} {verb}."
    if not fates and not any(change.action.writes for change in plan.changes):
        yield "Nobody."


def _patients(plan: Plan) -> Mapping[str, int]:
    """How many patients meet each fate; one that meets several counts for the gravest."""
    gravest: dict[str, int] = {}
    order = list(_FATES)
    for change in plan.changes:
        if change.address.kind.is_setting or change.action not in _FATES:
            continue
        is_patient = change.address.kind is Kind.PATIENT
        rank = order.index(change.action) if is_patient else len(order)
        if not is_patient and change.action in _RECORDED:
            continue
        mrn = change.address.names[0]
        gravest[mrn] = min(rank, gravest.get(mrn, rank))
    words = [*_FATES.values(), "with a new code or user"]
    counts = Counter(gravest.values())
    return {words[rank]: counts[rank] for rank in sorted(counts)}


def _irreversible(plan: Plan) -> Iterator[str]:
    counts = Counter((change.action, change.address.kind) for change in plan.changes)
    for (action, kind), words in _FINAL.items():
        if number := counts[action, kind]:
            yield words.format(kind_count(number, kind))
    if number := plan.following.creates:
        yield f"At most {count_of(number, 'more create')}, when what is in doubt is settled."
    if not any(counts[key] for key in _FINAL):
        is_update = plan.count(Action.UPDATE) > 0
        yield "Nothing. What is sent to the new URL meanwhile is not sent again." if is_update else "Nothing."


def _cost(plan: Plan) -> Iterator[str]:
    total, *templates = [line.strip() for line in cost_lines(plan)] or ["No connection code is ordered"]
    more = len(templates) - _MOST_TEMPLATES
    shown = templates[:_MOST_TEMPLATES] + ([f"{count_of(more, 'more template')}"] if more > 0 else [])
    yield f"{total}{': ' if shown else ''}{'; '.join(shown)}."
    yield from following_lines(plan)
    requests = plan.requests
    shares = f"{count_of(requests.reads, 'read')}, {count_of(requests.writes, 'write')}"
    yield f"{count_of(requests.apply, 'request')} to the API ({shares})."


def _merge(plan: Plan) -> Iterator[str]:
    """What the plan itself says about merging: whether it is right is for a person to say."""
    if plan.stops:
        yield "Not yet: nothing at all can be applied, for the reason above."
        return
    counts = Counter(change.action for change in plan.changes)
    departing = sum(counts[action] for action in _DEPARTING)
    if departing:
        yield f"Only when somebody who knows why has checked the {_number_of(departing, 'departure')} below."
    if number := counts[Action.UPDATE]:
        yield f"Only when somebody has checked the {_number_of(number, 'changed URL')} below."
    if blocked := sum(map(_blocks, plan.changes)):
        yield (
            f"{blocked} blocked: apply leaves what is blocked as it is, does the rest, and ends with an "
            "error until a person has decided."
        )
    if not departing and not counts[Action.UPDATE]:
        yield from _harmless(plan, counts)
    if number := accepted_count(plan):
        yield f"{number} accepted as blocked, by a decision: no error."
    if plan.left:
        yield left_line(plan)
    yield from _unseen(plan)


def _number_of(number: int, noun: str) -> str:
    return noun if number == 1 else count_of(number, noun)


def _harmless(plan: Plan, counts: Mapping[Action, int]) -> Iterator[str]:
    if counts.get(Action.CREATE):
        yield "Yes, if you expect the additions below: nobody is deleted, disconnected or redirected."
    elif not any(map(_blocks, plan.changes)):
        what = "; apply only records what is there already" if plan.changes else ""
        yield f"Yes: nothing is sent that changes Kardia{what}."


def _unseen(plan: Plan) -> Iterator[str]:
    """What the plan does not know, which bears on every answer."""
    if plan.refresh is not Refresh.FULL:
        yield (
            f"This plan did not read the whole account (--refresh {plan.refresh.value}) and shows no drift: "
            "Notices say what it cannot know."
        )
    drifted = sum(notice.kind is NoticeKind.DRIFT for notice in plan.notices)
    if drifted:
        yield f"{drifted} changed in Kardia outside these files: see Drift."


def _blocks(change: Change) -> bool:
    return change.blocks
