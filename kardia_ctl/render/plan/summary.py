"""The end of a plan: its stops, the counts that CI tools parse, what codes cost, the requests."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from kardia_ctl.model.amounts.follow_ups import FollowUps
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, NoticeKind, Plan
from kardia_ctl.model.template import Template
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.plan_rows import unchanged
from kardia_ctl.render.text import count_of, duration, money, terms_text
from kardia_ctl.render.view import Colour, View

UNDECLARED: Final = "kardia-ctl get patients --undeclared lists them, kardia-ctl import writes them"
"""What to do about patients who are live and not declared."""

NO_CHANGES: Final = "No changes. Your infrastructure matches the configuration."
"""Terraform's sentence for a plan without changes; Atlantis looks for all of it."""

_PARTS: Final[Mapping[Action, str]] = {
    Action.DISCONNECT: "{} to disconnect",
    Action.EXPORT: "{} to export",
}
"""Our own counts that are part of Terraform's."""

_OURS: Final[Mapping[Action, str]] = {Action.MOVE: "{} to move", Action.BLOCKED: "{} blocked"}
"""Our own counts besides Terraform's."""


_RECORDED: Final[Mapping[Action, str]] = {Action.ADOPT: "the adoption", Action.MOVE: "the move"}
"""What an apply records alone, without anything else to decide or send."""


def action_counts(plan: Plan) -> Mapping[Action, int]:
    """How many changes have each action, and how many addresses are no-ops.

    What a decision accepts as blocked is not among those that are blocked.
    """
    found = Counter(change.action for change in plan.changes)
    no_ops = sum(len(names) for names in plan.unchanged.values())
    blocked = sum(change.blocks for change in plan.changes)
    ours = {Action.NO_OP: no_ops, Action.BLOCKED: blocked}
    return {action: ours.get(action, found[action]) for action in Action}


def accepted_count(plan: Plan) -> int:
    """How many changes are blocked, as a decision accepts."""
    return sum(bool(change.accepted) for change in plan.changes)


def summary_lines(plan: Plan, view: View) -> Iterator[str]:
    """The last lines of a plan."""
    for stop in plan.stops:
        yield f"{view.paint('Error:', Colour.RED)} {escape(stop)}"
    yield no_changes(plan) if plan.is_empty else counts_line(plan)
    if plan.digest:
        yield f"Digest: {plan.digest}"
    if plan.left:
        yield left_line(plan)
    if plan.excluded:
        yield excluded_line(plan)
    yield from cost_lines(plan)
    yield from following_lines(plan)
    yield from undeclared_lines(plan)
    requests = plan.requests
    shares = f"{count_of(requests.reads, 'read')}, {count_of(requests.writes, 'write')}"
    yield f"Requests: {requests.spent} to plan; apply sends {requests.apply} ({shares})."
    if recorded := _only_recorded(plan):
        yield f"Run apply once, to record {recorded} in state: it sends no write."


def time_line(plan: Plan) -> str:
    """How long an apply may take; empty when that is not known.

    It is no part of the plan's text: it changes with each apply, and CI tools approve a plan by its text.
    """
    if plan.rate is None or not plan.requests.writes:
        return ""
    return (
        f"Time: about {count_of(plan.requests.apply, 'request')}, "
        f"about {duration(plan.requests.apply / plan.rate.per_second)} at the rate of an earlier apply "
        f"({plan.rate.per_second:.3g} a second, {plan.rate.parallelism} in flight)."
    )


def _only_recorded(plan: Plan) -> str:
    """What an apply would record if it does nothing else, as after a lost state; empty otherwise."""
    actions = {change.action for change in plan.changes}
    if plan.stops or not actions or not actions <= _RECORDED.keys():
        return ""
    return " and ".join(words for action, words in _RECORDED.items() if action in actions)


def counts_line(plan: Plan) -> str:
    """``Plan: [N to import, ]N to add, N to change, N to destroy[, N to forget].``, then our own counts.

    Terraform's and OpenTofu's words, by which comment bots know whether an account changes: an export counts
    as changed, a disconnect as destroyed. Our own counts are those that are not zero: ``Of these, N to
    disconnect, N to export`` is part of Terraform's, ``N to move, N blocked`` is not.
    """
    counts = action_counts(plan)
    adopted, forgotten = counts[Action.ADOPT], counts[Action.FORGET]
    line = (
        f"Plan: {f'{adopted} to import, ' if adopted else ''}{counts[Action.CREATE]} to add, "
        f"{counts[Action.UPDATE] + counts[Action.EXPORT]} to change, "
        f"{counts[Action.DELETE] + counts[Action.DISCONNECT]} to destroy"
        f"{f', {forgotten} to forget' if forgotten else ''}."
    )
    parts = [words.format(counts[action]) for action, words in _PARTS.items() if counts[action]]
    ours = [words.format(counts[action]) for action, words in _OURS.items() if counts[action]]
    if number := accepted_count(plan):
        ours.append(f"{number} accepted as blocked")
    within = f" Of these, {', '.join(parts)}." if parts else ""
    besides = f" {'Besides, ' if parts else ''}{', '.join(ours)}." if ours else ""
    return f"{line}{within}{besides}"


def left_line(plan: Plan) -> str:
    """How many of the changes the plan has, and how many are left for later runs because of ``--limit``."""
    done = sum(1 for change in plan.changes if change.action.writes)
    return (
        f"--limit: applying {done} of {count_of(done + plan.left, 'change')}; "
        f"{plan.left} left for later runs."
    )


def excluded_line(plan: Plan) -> str:
    """How many addresses ``--exclude`` leaves alone."""
    return f"--exclude: {plan.excluded} {'address' if plan.excluded == 1 else 'addresses'} left out."


def no_changes(plan: Plan) -> str:
    """Terraform's sentence, and how many resources are as declared, drifted or not verifiable.

    A plan that did not read everything knows of no changes: its counts are zero, and it says no more.
    """
    total = action_counts(plan)[Action.NO_OP]
    if plan.refresh is not Refresh.FULL:
        them = "it" if total == 1 else "them"
        return f"{counts_line(plan)} {count_of(total, 'resource')} as state has {them}."
    notices = _notices(plan)
    if not total:
        return (
            NO_CHANGES if notices or plan.notices or plan.excluded else f"{NO_CHANGES} Nothing is declared."
        )
    unlike = notices[NoticeKind.DRIFT] + notices[NoticeKind.NOT_SENT]
    alike = count_of(total - unlike, "resource")
    verb = "is" if total - unlike == 1 else "are"
    parts = [f"{NO_CHANGES} {alike} {verb} as declared"]
    if notices[NoticeKind.UNVERIFIABLE]:
        parts.append(f", {notices[NoticeKind.UNVERIFIABLE]} of them unverifiable")
    if notices[NoticeKind.RECORDED]:
        parts.append(f", {notices[NoticeKind.RECORDED]} known from state alone")
    if notices[NoticeKind.DRIFT]:
        parts.append(f"; {notices[NoticeKind.DRIFT]} drifted")
    if notices[NoticeKind.NOT_SENT]:
        parts.append(f"; {notices[NoticeKind.NOT_SENT]} not sent")
    return "".join(parts) + "."


def _notices(plan: Plan) -> Mapping[NoticeKind, int]:
    """How many no-ops have a notice of each kind."""
    about = {(notice.address, notice.kind) for notice in plan.notices if notice.address}
    if not about:
        return Counter()
    addresses = {address for address, _ in about}
    found = {address for address in unchanged(plan) if address in addresses}
    return Counter(kind for address, kind in about if address in found)


def template_lines(plan: Plan) -> Iterator[str]:
    """How many codes of each template are requested, with the template's name, duration and price."""
    numbers = Counter(change.address.names[1] for change in plan.changes if _is_code(change))
    known = {terms.label: terms for terms in plan.templates}
    for label in sorted(numbers):
        yield f"  {numbers[label]} of {terms_text(known.get(label, Template(label)))}"


def _is_code(change: Change) -> bool:
    return change.action is Action.CREATE and change.address.kind is Kind.CONNECTION_CODE


def cost_lines(plan: Plan) -> Iterator[str]:
    """The cost of the codes to issue, and their templates; no lines if none is to be issued."""
    codes = sum(1 for change in plan.changes if _is_code(change))
    if not codes:
        return
    yield _cost(plan, codes)
    yield from template_lines(plan)


def following_lines(plan: Plan) -> Iterator[str]:
    """What is settled, and the most that may be sent and ordered then; no line if nothing is in doubt."""
    if plan.following.doubts:
        most = most_following(plan.following)
        yield f"In doubt: settle {plan.following.doubts}; {most}. A saved plan only looks."


def undeclared_lines(plan: Plan) -> Iterator[str]:
    """How many live patients no file declares; no line when that is nobody, or not known."""
    for notice in plan.notices:
        if notice.kind is NoticeKind.UNDECLARED:
            yield f"Not declared: {escape(notice.text)}. {UNDECLARED}"


def most_following(following: FollowUps) -> str:
    """``at most 3 creates and 3 codes, 29.97, may follow``."""
    parts = [count_of(following.creates, "create")]
    if following.codes:
        parts.append(f"{count_of(following.codes, 'code')}, {_following_cost(following)},")
    if following.users:
        parts.append(count_of(following.users, "user"))
    *first, last = parts
    return f"at most {' and '.join((', '.join(first), last)) if first else last} may follow"


def _following_cost(following: FollowUps) -> str:
    if following.unpriced >= following.codes:
        return "no known price"
    unpriced = f" and {following.unpriced} without a known price" if following.unpriced else ""
    return f"{money(following.cost)}{unpriced}"


def _cost(plan: Plan, codes: int) -> str:
    if plan.unpriced >= codes:
        return f"Codes: {codes}; no price is known"
    unpriced = f"; {plan.unpriced} of them without a known price" if plan.unpriced else ""
    return f"Codes: {codes}, {money(plan.cost)} in the templates' currency{unpriced}"
