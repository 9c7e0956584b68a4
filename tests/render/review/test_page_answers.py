"""What the answers of a page say of a plan, in the words of a reader who sees one for the first time."""

from dataclasses import replace
from decimal import Decimal

import pytest

from kardia_ctl.model.address import Address
from kardia_ctl.model.amounts.follow_ups import FollowUps
from kardia_ctl.model.amounts.touched_patients import Touched
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, in_order
from kardia_ctl.render.review.page_content import review_page
from kardia_ctl.render.review.review_page import ReviewPage
from tests.render.review.plans import CONTEXT, blocked, clinic, dangerous, departing, drifted, ordered

CALLBACK = Change(
    Address(Kind.CALLBACK),
    Action.CREATE,
    Cause.DECLARED,
    after={"url": "https://hooks.example.com/kardia"},
)
DEPARTED = departing("AC-77", Action.DELETE, 4, "none", 0, "moved")
WHO, UNDONE, COST, MERGE = "Who is affected?", "What cannot be undone?", "What does it cost?", "May I merge?"


def page_of(plan: Plan) -> ReviewPage:
    return review_page(plan, CONTEXT)


def answer(plan: Plan, question: str) -> str:
    return " ".join(dict(page_of(plan).answers)[question])


def plan_of(*changes: Change) -> Plan:
    return Plan(changes=in_order(changes), digest="d1:7v1kr0mt94hxe2ws6b0c")


def test_who_is_blocked_drifted_or_waiting_is_counted_once_and_named() -> None:
    plan = replace(
        drifted(),
        changes=(blocked("AC-1", 3, "x"), blocked("AC-2", 4, "x")),
    )
    assert answer(plan, WHO) == (
        "Nobody by this plan. 2 patients are blocked and stay as they are. 2 patients differ from these "
        "files. 1 patient waits for deletion: see Notices."
    )
    assert "3 more patients are blocked" in answer(dangerous(), WHO)
    drift = Notice(NoticeKind.DRIFT, "x", DEPARTED.address)
    assert "differ" not in answer(replace(plan_of(DEPARTED), notices=(drift,)), WHO)


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_a_callback_says_whose_events_go_where_and_that_what_was_sent_stays_sent(action: Action) -> None:
    before = {"url": "https://old.example.com"} if action is Action.UPDATE else None
    plan = plan_of(replace(CALLBACK, action=action, before=before))
    was = "no longer to https://old.example.com" if before else "(no URL was set before)"
    assert was in answer(plan, WHO)
    assert "Every patient of the account, now and later: events" in answer(plan, WHO)
    assert "What is sent to a wrong URL cannot be fetched back" in answer(plan, UNDONE)
    touched = Touched(leaving=1, patients=9, monitored=4, redirected=("callback",))
    known = answer(replace(plan, touched=touched), WHO)
    assert "9 patients in Kardia now, the one who leaves included, 4 of them connected: events" in known


def test_an_order_is_no_easy_yes() -> None:
    assert answer(clinic(), MERGE) == (
        "Yes, if you expect 12 new patients, an order of 1188.00 that the API cannot cancel and events "
        "going to https://hooks.example.com/kardia. Nobody is deleted or disconnected."
    )
    unpriced = replace(plan_of(ordered("A-1", "a.yaml", 1)), unpriced=1)
    assert "an order of 1 connection code that the API" in answer(unpriced, MERGE)


def test_what_is_blocked_says_that_all_else_is_done() -> None:
    assert (
        "3 patients and 1 connection code are blocked and will not be done. Everything else, the 2 "
        "deletions and the disconnection included, will be done; the run then ends with an error until "
        "somebody settles those 4." in answer(dangerous(), MERGE)
    )
    alone = answer(plan_of(blocked("AC-1", 3, "x")), MERGE)
    assert "1 patient is blocked and will not be done. Nothing else is sent;" in alone


def test_a_price_stands_once_and_names_its_currency() -> None:
    assert answer(clinic(), COST) == (
        "1188.00 in the currency of the templates: 12 codes of one-year at 99.00 each "
        "(Kardia 12 months, 365 days)."
    )
    assert answer(plan_of(CALLBACK), COST) == "Nothing: no connection code is ordered."
    some = replace(plan_of(ordered("A-1", "a", 1), ordered("A-2", "a", 2)), unpriced=1, cost=Decimal(99))
    assert answer(some, COST) == (
        "99.00 in the currency of the templates, and 1 without a known price: 2 codes of one-year."
    )


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (clinic(), "An apply with this digest then does exactly this plan, or refuses."),
        (replace(clinic(), digest=""), "An apply does: it plans anew first."),
        (replace(clinic(), stops=("x",)), "nothing of this plan can be applied yet"),
        (drifted(), "Merging changes nothing in Kardia, nor does an apply of this plan."),
        (replace(drifted(), following=FollowUps(creates=1)), "or refuses."),
    ],
)
def test_every_plan_says_what_merging_does(plan: Plan, words: str) -> None:
    assert words in page_of(plan).merging


def test_a_second_person_is_asked_for_what_two_person_names() -> None:
    plan = plan_of(DEPARTED, CALLBACK)
    page = review_page(plan, replace(CONTEXT, second_person=plan.changes))
    assert (
        "Somebody else than the author has to approve the deletion and the new URL (two_person in "
        "kardia.yaml), or apply refuses." in dict(page.answers)[MERGE]
    )
    assert "two_person" not in answer(plan, MERGE)


def test_a_title_counts_by_kind_and_names_only_what_is_in_it() -> None:
    assert [section.title for section in page_of(dangerous()).sections] == [
        "Blocked: 3 patients, 1 connection code",
        "Deleted 2, disconnected 1, changed 1",
        "Added: 3 patients, 1 connection code",
    ]
    assert [section.title for section in page_of(drifted()).sections] == ["Drift: 2 patients", "Notices: 1"]


def test_codes_for_exactly_the_new_patients_above_are_one_line() -> None:
    (added,) = page_of(clinic(40, 40)).sections
    people, orders, _ = added.groups
    assert (len(people.entries), len(orders.entries), orders.left) == (40, 0, 0)
    assert orders.note.endswith("one for each of the 40 new patients above")
    for other in (clinic(40, 39), clinic(39, 40)):
        assert all(len(group.entries) == group.count for group in page_of(other).sections[0].groups)
    cut = page_of(clinic(40, 40)).trimmed(10)
    assert cut.left == 60


def test_drift_speaks_of_both_sides_and_of_apply_only_where_they_are() -> None:
    alone = page_of(drifted()).sections[0].meaning
    assert "→" not in alone
    assert "Apply" not in alone
    url = {"url": "https://a.example.com"}
    notice = Notice(NoticeKind.DRIFT, "x", Address(Kind.CALLBACK), before=url, after=url)
    changed = replace(CALLBACK, action=Action.UPDATE, before={"url": "https://b.example.com"})
    both = page_of(replace(plan_of(changed), notices=(notice,))).sections[-1].meaning
    assert "shown as these files → Kardia" in both
    assert "Apply sets back what stands among the changes above. To settle the rest:" in both


def test_a_new_user_is_something_to_expect() -> None:
    user = Change(Address(Kind.MOBILE_USER, ("A-1",)), Action.CREATE, Cause.DECLARED, after={})
    assert answer(plan_of(user), MERGE).startswith("Yes, if you expect 1 new mobile user.")
