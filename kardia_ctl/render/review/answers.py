"""The answers of a page: who is affected, what cannot be undone, what it costs, what to check first."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.render.plan.summary import accepted_count, cost_lines, following_lines, left_line
from kardia_ctl.render.redaction import shown_url
from kardia_ctl.render.review.review_page import Answer
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


ByAction = Mapping[Action, Sequence[Change]]
"""The changes of a plan by their action, so that each part looks at its own alone."""


def answers(plan: Plan, changes: ByAction, *, is_doubtful: bool = False) -> tuple[Answer, ...]:
    """The answers for a plan, whose ``changes`` these are, in the order in which a reviewer asks.

    ``is_doubtful``: a warning stands above them, because of which the page alone decides nothing.
    """
    doubt = ("Not by this page alone: see the warning above.",) if is_doubtful else ()
    return (
        ("Who is affected?", tuple(_affected(plan, changes))),
        ("What cannot be undone?", tuple(_irreversible(plan, changes))),
        ("What does it cost?", tuple(_cost(plan))),
        ("May I merge?", (*doubt, *_merge(plan, changes))),
    )


def _affected(plan: Plan, changes: ByAction) -> Iterator[str]:
    fates = _patients(changes)
    if fates:
        people, several = kind_count(sum(fates.values()), Kind.PATIENT), len(fates) > 1
        parts = [f"{number} {fate}" if several else fate for fate, number in fates.items()]
        yield f"{people}{':' if several else ','} {', '.join(parts)}."
    yield from _leaving(plan.touched)
    for change in (*changes.get(Action.UPDATE, ()), *changes.get(Action.CREATE, ())):
        if events := _SETTINGS.get(change.address.kind):
            yield f"{_whose(change, plan.touched)}: {events} {_redirection(change)}."
    if not fates and not any(action.writes for action in changes):
        yield "Nobody."


def _leaving(touched: Touched) -> Iterator[str]:
    """What those who leave lose."""
    facts = [
        (touched.connected, "connected"),
        (touched.unknown, "possibly connected"),
        (touched.recorded, "with recordings that are deleted"),
        (touched.unread, "with recordings that are counted just before the deletion"),
    ]
    if touched.leaving:
        known = [f"{number} {words}" for number, words in facts if number]
        yield f"Of those who leave: {', '.join(known) or 'none connected, none with recordings'}."


def _whose(change: Change, touched: Touched) -> str:
    """Whose events a callback is about."""
    is_counted = str(change.address) in (*touched.redirected, *touched.opened)
    if not is_counted or touched.patients is None:
        return "Every patient of the account"
    monitored = "" if touched.monitored is None else f", {touched.monitored} of them connected"
    return f"{kind_count(touched.patients, Kind.PATIENT)} live now{monitored}"


def _redirection(change: Change) -> str:
    """Where events go instead, as far as anybody may see it."""
    before, after = (shown_url((side or {}).get("url")).text for side in (change.before, change.after))
    if after and before == after:
        return f"go to another query of {after}"
    if change.action is Action.CREATE:
        return f"go to {after or 'a URL'} from now on"
    return f"go to {after or 'another URL'}{f', no longer to {before}' if before else ''}"


def _patients(changes: ByAction) -> Mapping[str, int]:
    """How many patients meet each fate; one that meets several counts for the gravest."""
    counted, seen = dict[str, int](), set[str]()
    for action, fate in _FATES.items():
        found = {one.address.names[0] for one in changes.get(action, ()) if one.address.kind is Kind.PATIENT}
        counted[fate] = len(found - seen)
        seen |= found
    owned = [one.address for one in changes.get(Action.CREATE, ()) if one.address.kind.facts.owner]
    counted["with a new code or user"] = len({address.names[0] for address in owned} - seen)
    return {fate: number for fate, number in counted.items() if number}


def _irreversible(plan: Plan, changes: ByAction) -> Iterator[str]:
    counts = Counter((action, change.address.kind) for action, some in changes.items() for change in some)
    for (action, kind), words in _FINAL.items():
        if number := counts[action, kind]:
            yield words.format(kind_count(number, kind))
    if number := plan.following.creates:
        yield f"At most {count_of(number, 'more create')}, when what is in doubt is settled."
    if not any(counts[key] for key in _FINAL):
        sent = " What is sent to the new URL meanwhile is not sent again." if Action.UPDATE in changes else ""
        yield f"Nothing.{sent}"


def _cost(plan: Plan) -> Iterator[str]:
    total, *templates = [line.strip() for line in cost_lines(plan)] or ["No connection code is ordered"]
    more = len(templates) - _MOST_TEMPLATES
    shown = templates[:_MOST_TEMPLATES] + ([f"{count_of(more, 'more template')}"] if more > 0 else [])
    yield f"{total}{': ' if shown else ''}{'; '.join(shown)}."
    yield from following_lines(plan)
    requests = plan.requests
    shares = f"{count_of(requests.reads, 'read')}, {count_of(requests.writes, 'write')}"
    yield f"{count_of(requests.apply, 'request')} to the API ({shares})."


def _merge(plan: Plan, changes: ByAction) -> Iterator[str]:
    """What the plan itself says about merging: whether it is right is for a person to say."""
    if plan.stops:
        yield "Not yet: nothing at all can be applied, for the reason above."
        return
    blocked = sum(change.blocks for change in changes.get(Action.BLOCKED, ()))
    if checks := [*_to_check(changes)]:
        yield f"Only when somebody who knows why has checked {' and '.join(checks)} below."
    elif Action.CREATE in changes:
        yield "Yes, if you expect the additions below: nobody is deleted, disconnected or redirected."
    else:
        recorded = "; apply only records what is there already" if _RECORDED & changes.keys() else ""
        yield f"{'Nothing' if blocked else 'Yes: nothing'} is sent that changes Kardia{recorded}."
    if blocked:
        yield (
            f"{blocked} blocked: apply leaves what is blocked as it is, does the rest, and ends with an "
            "error until a person has decided."
        )
    if number := accepted_count(plan):
        yield f"{number} accepted as blocked, by a decision: no error."
    if plan.left:
        yield left_line(plan)
    yield from _unseen(plan)


def _to_check(changes: ByAction) -> Iterator[str]:
    """What only a person can know to be right."""
    departing = sum(len(changes.get(action, ())) for action in _DEPARTING)
    for number, noun in ((departing, "departure"), (len(changes.get(Action.UPDATE, ())), "changed URL")):
        if number:
            yield f"the {noun if number == 1 else count_of(number, noun)}"


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
