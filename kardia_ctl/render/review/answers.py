"""The answers of a page: who is affected, what cannot be undone, what it costs, what to check first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.model.template import Template
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.summary import following_lines
from kardia_ctl.render.redaction import shown_url
from kardia_ctl.render.review.merge_answer import ByAction, merge_answer
from kardia_ctl.render.review.review_page import Answer, PageContext
from kardia_ctl.render.text import count_of, kind_count, money

_MOST_TEMPLATES: Final = 5

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
    (Action.CREATE, Kind.CONNECTION_CODE): "{} ordered: the API cancels no order.",
    (Action.CREATE, Kind.PATIENT): "{} created: Kardia cannot correct a patient afterwards, only delete.",
    (Action.CREATE, Kind.MOBILE_USER): "{} created: the API removes none.",
    (Action.CREATE, Kind.SERVICE_PROVIDER): "{} added: the API removes none.",
}
"""What no later apply takes back, the gravest first. Source: the API has no request that would do it."""


def answers(plan: Plan, changes: ByAction, context: PageContext) -> tuple[Answer, ...]:
    """The answers for a plan, whose ``changes`` these are, in the order in which a reviewer asks."""
    return (
        ("Who is affected?", tuple(_affected(plan, changes))),
        ("What cannot be undone?", tuple(_irreversible(plan, changes))),
        ("What does it cost?", tuple(_cost(plan))),
        ("May I merge?", tuple(merge_answer(plan, changes, context))),
    )


def _affected(plan: Plan, changes: ByAction) -> Iterator[str]:
    fates, seen = _patients(changes)
    if fates:
        people, several = kind_count(sum(fates.values()), Kind.PATIENT), len(fates) > 1
        parts = [f"{number} {fate}" if several else fate for fate, number in fates.items()]
        yield f"{people}{':' if several else ','} {', '.join(parts)}."
    elif not plan.writes:
        yield "Nobody by this plan."
    yield from _others(plan, changes, seen)
    yield from _leaving(plan.touched)
    for change in (*changes.get(Action.UPDATE, ()), *changes.get(Action.CREATE, ())):
        if events := _SETTINGS.get(change.address.kind):
            yield f"{_whose(change, plan.touched)}: {events} {_redirection(change)}."
    if plan.is_empty and plan.unchanged:
        declared = [kind_count(len(names), kind) for kind, names in plan.unchanged.items() if names]
        yield f"Resources of these files: {', '.join(declared) or 'none'}."


def _others(plan: Plan, changes: ByAction, seen: set[str]) -> Iterator[str]:
    """Patients whom the plan does not change but a reviewer has to know about: blocked, drifted, waiting."""
    blocked = {
        change.address.names[0]
        for change in changes.get(Action.BLOCKED, ())
        if change.blocks and not change.address.kind.is_setting
    }
    noticed = {kind: set[str]() for kind in (NoticeKind.WAITING, NoticeKind.DRIFT)}
    for notice in plan.notices:
        if notice.kind in noticed and notice.address and notice.address.kind is Kind.PATIENT:
            noticed[notice.kind].add(notice.address.names[0])
    for people, one, several in (
        (blocked, "is blocked and stays as it is", "are blocked and stay as they are"),
        (noticed[NoticeKind.DRIFT], "differs from these files", "differ from these files"),
        (noticed[NoticeKind.WAITING], "waits for deletion: see Notices", "wait for deletion: see Notices"),
    ):
        if number := len(people - seen):
            more = "more " if seen else ""
            noun = "patient" if number == 1 else "patients"
            yield f"{number} {more}{noun} {one if number == 1 else several}."


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
        return "Every patient of the account, now and later"
    monitored = "" if touched.monitored is None else f", {touched.monitored} of them connected"
    leaving = f", the {touched.leaving} who leave included" if touched.leaving > 1 else ""
    leaving = ", the one who leaves included" if touched.leaving == 1 else leaving
    return f"{kind_count(touched.patients, Kind.PATIENT)} in Kardia now{leaving}{monitored}"


def _redirection(change: Change) -> str:
    """Where events go instead, as far as anybody may see it."""
    before, after = (shown_url((side or {}).get("url")).text for side in (change.before, change.after))
    if after and before == after:
        return f"go to another query of {after}"
    if change.action is Action.CREATE:
        return f"go to {after or 'a URL'} (no URL was set before)"
    return f"go to {after or 'another URL'}{f', no longer to {before}' if before else ''}"


def _patients(changes: ByAction) -> tuple[Mapping[str, int], set[str]]:
    """How many patients meet each fate, and who; one that meets several counts for the gravest."""
    counted, seen = dict[str, int](), set[str]()
    for action, fate in _FATES.items():
        found = {one.address.names[0] for one in changes.get(action, ()) if one.address.kind is Kind.PATIENT}
        counted[fate] = len(found - seen)
        seen |= found
    owned = [one.address for one in changes.get(Action.CREATE, ()) if one.address.kind.facts.owner]
    owners = {address.names[0] for address in owned}
    counted["with a new code or user"] = len(owners - seen)
    return {fate: number for fate, number in counted.items() if number}, seen | owners


def _irreversible(plan: Plan, changes: ByAction) -> Iterator[str]:
    counts = Counter((action, change.address.kind) for action, some in changes.items() for change in some)
    for (action, kind), words in _FINAL.items():
        if number := counts[action, kind]:
            yield words.format(kind_count(number, kind))
    if number := plan.following.creates:
        yield f"At most {count_of(number, 'more create')}, when what is in doubt is settled."
    if any(action.writes and kind in _SETTINGS for action, kind in counts):
        yield "What is sent to a wrong URL cannot be fetched back, and is not sent again to the right one."
    elif not any(counts[key] for key in _FINAL):
        yield "Nothing."


def _cost(plan: Plan) -> Iterator[str]:
    ordered = [
        change
        for change in plan.changes
        if change.action is Action.CREATE and change.address.kind is Kind.CONNECTION_CODE
    ]
    if not ordered:
        yield "Nothing: no connection code is ordered."
    else:
        numbers = Counter(change.address.names[1] for change in ordered)
        known = {terms.label: terms for terms in plan.templates}
        labels = sorted(numbers)
        parts = [
            _of_template(numbers[label], known.get(label, Template(label)))
            for label in labels[:_MOST_TEMPLATES]
        ]
        if more := len(labels[_MOST_TEMPLATES:]):
            parts.append(count_of(more, "more template"))
        yield f"{_total(plan, len(ordered))}: {'; '.join(parts)}."
    yield from following_lines(plan)


def _total(plan: Plan, codes: int) -> str:
    if plan.unpriced >= codes:
        return "No price is known"
    unpriced = f", and {plan.unpriced} without a known price" if plan.unpriced else ""
    return f"{money(plan.cost)} in the currency of the templates{unpriced}"


def _of_template(number: int, terms: Template) -> str:
    """``12 codes of one-year at 99.00 each (Kardia 12 months, 365 days)``."""
    price = "" if terms.price is None else f" at {money(terms.price)}{' each' if number > 1 else ''}"
    name = terms.name if terms.name != terms.label else ""
    days = "" if terms.duration is None else count_of(terms.duration, "day")
    facts = ", ".join(filter(None, (escape(name), days)))
    return f"{count_of(number, 'code')} of {escape(terms.label)}{price}{f' ({facts})' if facts else ''}"
