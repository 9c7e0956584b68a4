"""The page of a plan: its sections, what a reviewer must read first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.render.plan.drift_text import drift_line, ways_out
from kardia_ctl.render.plan.summary import UNDECLARED, counts_line, no_changes
from kardia_ctl.render.review.answers import answers
from kardia_ctl.render.review.change_groups import change_groups
from kardia_ctl.render.review.merge_answer import ByAction, kinds_of, meaning_of_merging
from kardia_ctl.render.review.notice_groups import notice_groups
from kardia_ctl.render.review.review_page import Group, PageContext, PageEntry, ReviewPage, Section
from kardia_ctl.render.text import count_of, kind_count

_MOST_STOPS: Final = 5


@dataclass(frozen=True, slots=True)
class _Changes:
    """A section of changes: its anchor, title and meaning, and which changes are in it.

    The title is followed by how many of each kind there are; without one, each action has its count.
    """

    name: str
    title: str
    meaning: str
    actions: tuple[Action, ...]
    is_accepted: bool = False
    is_grave: bool = False


_SECTIONS: Final = (
    _Changes(
        "blocked",
        "Blocked",
        "kardia-ctl leaves these as they are: the Kardia API cannot make the change, or it is not safe. "
        "Each reason names the way out; a person chooses.",
        (Action.BLOCKED,),
        is_grave=True,
    ),
    _Changes(
        "grave",
        "",
        "Read each of these before you approve.",
        (Action.DELETE, Action.DISCONNECT, Action.EXPORT, Action.UPDATE),
        is_grave=True,
    ),
    _Changes(
        "added",
        "Added",
        "These are not in Kardia yet; apply creates them.",
        (Action.CREATE,),
    ),
    _Changes(
        "recorded",
        "Recorded only",
        "Nothing is sent for these. Imported: it is in Kardia already, and these files manage it from now. "
        "Forgotten: it is in these files no longer, and stays as it is in Kardia. Moved: its mrn was "
        "corrected, and its records follow.",
        (Action.ADOPT, Action.MOVE, Action.FORGET),
    ),
    _Changes(
        "accepted",
        "Accepted as blocked",
        "A decision in these files says that these stay as they are, until its day.",
        (Action.BLOCKED,),
        is_accepted=True,
    ),
)
"""Every change is in one of them."""

_DONE: Final = {
    Action.DELETE: "deleted",
    Action.DISCONNECT: "disconnected",
    Action.EXPORT: "exported",
    Action.UPDATE: "changed",
}
"""The actions of the section without a title of its own."""

_SIDES: Final = "; shown as these files → Kardia"
_SET_BACK: Final = "Apply sets back what stands among the changes above. "
_NOTICES: Final = {
    NoticeKind.WARNING: "Warnings",
    NoticeKind.REFRESH: "What this plan read, and what it cannot know",
    NoticeKind.WAITING: "Waiting for a person",
    NoticeKind.UNVERIFIABLE: "Cannot be verified: neither an error nor a change",
    NoticeKind.NOT_SENT: "Not sent",
    NoticeKind.EXPIRED: "Perhaps expired: a hint, nothing is sent",
    NoticeKind.DECIDED: "Decisions that count",
    NoticeKind.IDLE: "Entries that do nothing",
    NoticeKind.DEPARTED: "Departures that are done",
}
"""The notices of a page, the most urgent first. What is only known from state is counted, as in text."""


def review_page(plan: Plan, context: PageContext) -> ReviewPage:
    """The content of a plan's page."""
    by_action: dict[Action, list[Change]] = {}
    for change in plan.changes:
        by_action.setdefault(change.action, []).append(change)
    return ReviewPage(
        counts=no_changes(plan) if plan.is_empty else counts_line(plan),
        digest=plan.digest,
        answers=answers(plan, by_action, context),
        sections=tuple(_sections(plan, by_action, context)),
        context=context,
        stops=_stops(plan, context),
        merging=meaning_of_merging(plan, context),
        ending=_requests(plan),
    )


def drift_page(plan: Plan, context: PageContext) -> ReviewPage:
    """The content of the page of a plan that holds drift alone: what moved, and both ways out."""
    moved = [notice.address.kind for notice in plan.notices if notice.address]
    counts = Counter([*moved, *(change.address.kind for change in plan.changes)])
    what = ", ".join(kind_count(counts[kind], kind) for kind in Kind if counts[kind])
    page = review_page(plan, replace(context, subject="drift"))
    ways = tuple(f"{way}." for way in ways_out(plan, context.names))
    answers = (("What moved?", (f"{what or 'Nothing'}.",)), ("What can I do?", ways or ("Nothing.",)))
    return replace(page, counts=drift_line(plan), answers=answers, merging="", ending="")


def _requests(plan: Plan) -> str:
    requests = plan.requests
    shares = f"{count_of(requests.reads, 'read')}, {count_of(requests.writes, 'write')}"
    return f"An apply sends {count_of(requests.apply, 'request')} to the API ({shares})."


def _stops(plan: Plan, context: PageContext) -> tuple[str, ...]:
    more = len(plan.stops) - _MOST_STOPS
    return (*map(context.text, plan.stops[:_MOST_STOPS]), *((f"{more} further reasons",) if more > 0 else ()))


def _sections(plan: Plan, by_action: ByAction, context: PageContext) -> Iterator[Section]:
    for one in _SECTIONS:
        chosen = [
            change
            for action in one.actions
            for change in by_action.get(action, ())
            if bool(change.accepted) is one.is_accepted
        ]
        if groups := change_groups(plan, chosen, context):
            yield Section(one.name, _title(one, chosen), one.meaning, groups, one.is_grave)
    if drift := tuple(notice_groups(plan, NoticeKind.DRIFT, "", context)):
        yield _drift(plan, drift)
    notices = [
        group for kind, title in _NOTICES.items() for group in notice_groups(plan, kind, title, context)
    ]
    notices += [
        Group("Not declared", 1, (PageEntry("", "", (f"{notice.text}. {UNDECLARED}",)),))
        for notice in plan.notices
        if notice.kind is NoticeKind.UNDECLARED
    ]
    if notices:
        number = sum(group.count for group in notices)
        yield Section("notices", f"Notices: {number}", "None of these is a change.", tuple(notices))


def _title(section: _Changes, chosen: Sequence[Change]) -> str:
    if section.title:
        return f"{section.title}: {', '.join(kinds_of(chosen))}"
    counts = Counter(change.action for change in chosen)
    words = ", ".join(f"{done} {counts[action]}" for action, done in _DONE.items() if counts[action])
    return words.capitalize()


def _drift(plan: Plan, groups: tuple[Group, ...]) -> Section:
    """What moved; the sentences about both sides and about apply only where there is what they speak of."""
    moved = [notice for notice in plan.notices if notice.kind is NoticeKind.DRIFT and notice.address]
    kinds = Counter(notice.address.kind for notice in moved if notice.address)
    changed = {change.address for change in plan.changes if change.action is Action.UPDATE}
    has_sides = any(" → " in text for group in groups for entry in group.entries for text in entry.details)
    is_set_back = any(notice.address in changed for notice in moved)
    meaning = (
        f"Somebody changed these in Kardia, outside these files{_SIDES if has_sides else ''}. "
        f"{_SET_BACK if is_set_back else ''}To settle {'the rest' if is_set_back else 'one'}: correct it in "
        "Kardia by hand, or take what Kardia has into the files with kardia-ctl import --update."
    )
    counts = ", ".join(kind_count(kinds[kind], kind) for kind in Kind if kinds[kind])
    return Section("drift", f"Drift: {counts}", meaning, groups)
