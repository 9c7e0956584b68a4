"""The notices of a plan in groups that say the same."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kardia_ctl.model.plan import Notice, NoticeKind, Plan
from kardia_ctl.render.plan.plan_rows import Remark, remarks
from kardia_ctl.render.reasons import EXAMPLES, OWN, shared_reason
from kardia_ctl.render.review.change_groups import MOST_GROUPS, both_sides, entries_each
from kardia_ctl.render.review.review_page import Group, PageContext, PageEntry
from kardia_ctl.render.text import kind_count


def notice_groups(plan: Plan, kind: NoticeKind, title: str, context: PageContext) -> Iterator[Group]:
    """The notices of one kind. What more than a few say is a group, with its text; so are all the others."""
    found: dict[str, list[Notice]] = {}
    for notice in plan.notices:
        if notice.kind is kind:
            found.setdefault(shared_reason(notice.text, notice.address), []).append(notice)
    many = {text: several for text, several in found.items() if len(several) > EXAMPLES or len(found) == 1}
    ordered = sorted(many.items(), key=lambda one: -len(one[1]))[:MOST_GROUPS]
    apart = {text for text, _ in ordered}
    others = [notice for text, notices in found.items() if text not in apart for notice in notices]
    cap = entries_each(len(ordered) + bool(others))
    for text, notices in ordered:
        yield _group(plan, title, context.text(text), notices, context, cap)
    if others:
        yield _group(plan, title, "", others, context, cap)


def _group(
    plan: Plan, title: str, note: str, notices: Sequence[Notice], context: PageContext, cap: int
) -> Group:
    listed = replace(plan, notices=tuple(notices[:cap]))
    found = remarks(listed, notices[0].kind, names=context.names)
    entries = [_entry(remark, note, context) for remark in found if isinstance(remark, Remark)]
    if len(notices) == 1 and entries and not entries[0].shown:
        entries, note = [PageEntry("", entries[0].place, (context.text(notices[0].text),))], ""
    return Group(title or _kinds(notices), len(notices), tuple(entries), note=note)


def _entry(remark: Remark, note: str, context: PageContext) -> PageEntry:
    text = context.directory.text(remark.text)
    details = [] if note in (text, text.replace(remark.shown, OWN)) else [text]
    if remark.kind is NoticeKind.DRIFT:
        details += both_sides(remark.fields, live_last=True)
    return PageEntry(remark.shown, context.directory.place(remark.place), tuple(details))


def _kinds(notices: Sequence[Notice]) -> str:
    """How many of each kind the notices are about: ``2 patients``."""
    counts = Counter(notice.address.kind for notice in notices if notice.address)
    return ", ".join(kind_count(number, kind) for kind, number in counts.items())
