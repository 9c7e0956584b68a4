from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests, in_order
from kardia_ctl.model.source import Source
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.summary import NO_CHANGES
from kardia_ctl.render.plan.terraform_stream import plan_lines
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View

MARK = "Zq7SECRETq7Z"
JOE = patient_address("JS-20000721")
CODE = code_address("JS-20000721", "one-year")
HIDING, SHOWING, COLOURED = View(), View(show_phi=True), View(colour=True)


def creates(number: int) -> list[Change]:
    return [
        Change(patient_address(f"P-{index:04}"), Action.CREATE, Cause.DECLARED, after={"dob": "2000-07-21"})
        for index in range(number)
    ]


@pytest.mark.parametrize(
    ("name", "view"), [("hiding", HIDING), ("showing", SHOWING), ("coloured", COLOURED)], ids=str
)
def test_a_plan_reads_as_it_did(
    full_plan: Plan, golden: Callable[[str, str], None], name: str, view: View
) -> None:
    golden(f"plan-{name}.txt", plan_text(full_plan, view))


def test_a_stopped_plan_reads_as_it_did(full_plan: Plan, golden: Callable[[str, str], None]) -> None:
    stopped = replace(full_plan, stops=("501 create and limits.create is 500: raise the limit",))
    golden("plan-stopped.txt", plan_text(stopped, HIDING))


def test_a_large_plan_is_grouped_and_its_exceptions_are_by_reason(golden: Callable[[str, str], None]) -> None:
    large = Plan(changes=in_order([*creates(500), *blocked(4)]), requests=Requests(1, 1, 500))
    golden("plan-large.txt", plan_text(large, View(full=2)))


def blocked(
    number: int,
    reason: str = "the same person? patient/O-{0} and patient/O-{0}-b: --distinct 'patient/X-{0}'",
) -> list[Change]:
    return [
        Change(
            patient_address(f"X-{index}"),
            Action.BLOCKED,
            Cause.SAME_PERSON,
            reason.format(index),
            id=f"id{index}",
            source=Source("c.csv", index + 2),
        )
        for index in range(number)
    ]


def test_thousands_that_are_blocked_for_one_reason_are_one_screen() -> None:
    text = plan_text(Plan(changes=in_order(blocked(2000))), HIDING)
    lines = text.splitlines()
    assert len(lines) < 20
    assert lines[2] == "  # 2000 patients are blocked: the same person? …: --distinct 'ADDRESS'"
    assert "  ! patient/X-0                               c.csv:2" in lines
    assert "  ! 1997 more patients are blocked; --full lists each" in lines


def test_up_to_a_screen_each_that_is_blocked_is_shown_with_its_reason() -> None:
    text = plan_text(Plan(changes=in_order(blocked(20))), HIDING)
    assert text.count("is blocked: the same person? patient/O-") == 20


def test_reasons_that_differ_are_told_apart_in_a_large_plan() -> None:
    changes = [
        *blocked(30),
        *[
            replace(one, reason="other", address=patient_address(f"Y-{n}"))
            for n, one in enumerate(blocked(2))
        ],
    ]
    text = plan_text(Plan(changes=in_order(changes)), HIDING)
    assert "# 30 patients are blocked: the same person?" in text
    assert text.count("is blocked: other") == 2


def test_thousands_of_one_notice_are_one_screen() -> None:
    told = [
        Notice(kind, f"like patient/O-{index}", patient_address(f"P-{index}"))
        for kind in (NoticeKind.DRIFT, NoticeKind.WARNING, NoticeKind.UNVERIFIABLE)
        for index in range(2000)
    ]
    text = plan_text(kept(notices=tuple(told)), HIDING)
    assert len(text.splitlines()) < 35
    assert text.count("  and 1997 more: like …") == 3


def test_the_stream_has_each_that_is_blocked() -> None:
    lines = [
        line
        for line in plan_lines(Plan(changes=in_order(blocked(2000))), MRNS)
        if line["type"] == "diagnostic"
    ]
    assert len({line["diagnostic"]["address"] for line in lines}) == 2000


def test_our_own_counts_follow_on_the_same_line(full_plan: Plan) -> None:
    expected = (
        "Plan: 1 to import, 3 to add, 1 to change, 2 to destroy, 1 to forget. "
        "Of these, 1 to disconnect. Besides, 1 blocked.\n"
    )
    assert expected in plan_text(full_plan, HIDING)


def test_the_order_of_the_changes_does_not_show() -> None:
    texts = {plan_text(Plan(changes=in_order(found)), HIDING) for found in permutations(creates(4))}
    assert len(texts) == 1


@pytest.mark.parametrize("show_phi", [True, False])
@pytest.mark.parametrize("name", ["password", "code", "secretKey"])
def test_a_secret_is_shown_to_nobody(name: str, show_phi: bool) -> None:
    user = Change(
        Address(Kind.MOBILE_USER, ("A",)), Action.CREATE, Cause.DECLARED, after={name: MARK, "country": "us"}
    )
    text = plan_text(Plan(changes=(user,)), View(show_phi=show_phi))
    assert MARK not in text
    assert '"us"' in text


@pytest.mark.parametrize("url", [f"https://h.example.com/k?t={MARK}", f"https://u:{MARK}@h.example.com/k"])
def test_what_may_be_a_token_in_a_url_is_hidden(url: str) -> None:
    change = Change(Address(Kind.CALLBACK), Action.CREATE, Cause.DECLARED, after={"url": url})
    text = plan_text(Plan(changes=(change,)), HIDING)
    assert MARK not in text
    assert "https://h.example.com/k?(hidden)" in text


def test_a_value_that_is_absent_looks_like_one_that_is_hidden() -> None:
    def text(value: str | None) -> str:
        change = Change(
            JOE, Action.BLOCKED, Cause.IMMUTABLE, "r", {"firstname": value}, {"firstname": "Joe"}, id="i"
        )
        return plan_text(Plan(changes=(change,)), HIDING)

    assert text(None) == text("Jo")


def kept(**more: object) -> Plan:
    plan = Plan(unchanged={Kind.PATIENT: (("A",), ("B",)), Kind.CONNECTION_CODE: (("A", "t"),)})
    return replace(plan, **more)  # type: ignore[arg-type]


def test_no_changes_is_said_first() -> None:
    text = plan_text(kept(requests=Requests(1, 1, 0)), HIDING)
    assert text == (
        "No changes. Your infrastructure matches the configuration. 3 resources are as declared.\n"
        "Requests: 1 to plan; apply sends 1 (1 read, 0 writes).\n"
    )


def test_no_changes_tells_what_could_not_be_verified_and_what_drifted() -> None:
    told = (
        Notice(NoticeKind.UNVERIFIABLE, "t", code_address("A", "t")),
        Notice(NoticeKind.DRIFT, "t", patient_address("B")),
        Notice(NoticeKind.DEPARTED, "t", patient_address("GONE")),
    )
    text = plan_text(kept(notices=told), HIDING)
    counts = "2 resources are as declared, 1 of them unverifiable; 1 drifted."
    assert f"\nNo changes. Your infrastructure matches the configuration. {counts}\n" in text


def test_an_empty_configuration_is_no_changes() -> None:
    assert plan_text(Plan(), HIDING).startswith(f"{NO_CHANGES} Nothing is declared.\n")


def test_a_plan_that_only_stops_has_the_counts_line() -> None:
    text = plan_text(Plan(stops=("the key belongs to another team",)), HIDING)
    assert text.startswith(
        "Error: the key belongs to another team\nPlan: 0 to add, 0 to change, 0 to destroy.\n"
    )


@pytest.mark.parametrize(
    ("cost", "codes", "unpriced", "line"),
    [
        ("19.98", 2, 0, "Codes: 2, 19.98 in the templates' currency\n"),
        ("20", 2, 0, "Codes: 2, 20.00 in the templates' currency\n"),
        ("1E+3", 2, 0, "Codes: 2, 1000.00 in the templates' currency\n"),
        ("9.995", 2, 1, "Codes: 2, 9.995 in the templates' currency; 1 of them without a known price\n"),
        ("0", 2, 2, "Codes: 2; no price is known\n"),
    ],
)
def test_what_codes_cost_is_said(cost: str, codes: int, unpriced: int, line: str) -> None:
    found = [Change(code_address(f"P-{index}", "t"), Action.CREATE, Cause.DECLARED) for index in range(codes)]
    plan = Plan(changes=in_order(found), cost=Decimal(cost), unpriced=unpriced)
    assert line in plan_text(plan, HIDING)


def test_no_codes_cost_nothing_and_say_so_by_silence() -> None:
    blocked = Change(CODE, Action.BLOCKED, Cause.OWNER_BLOCKED, "its patient is blocked")
    assert "Codes:" not in plan_text(Plan(changes=(blocked,)), HIDING)


def test_a_plan_that_is_all_blocked_does_not_promise_to_do_anything() -> None:
    blocked = Change(JOE, Action.BLOCKED, Cause.DUPLICATE_MRN, "two live patients carry this mrn")
    assert "will do" not in plan_text(Plan(changes=(blocked,)), HIDING)


def saved(change: Change) -> Change:
    """As a saved plan has it: names without values."""
    before, after = (None if side is None else dict.fromkeys(side) for side in (change.before, change.after))
    return replace(change, before=before, after=after)


def test_a_saved_plan_shows_hidden_values_and_not_absent_ones(full_plan: Plan) -> None:
    kept = replace(full_plan, changes=tuple(map(saved, full_plan.changes)))
    assert "(not set)" not in plan_text(kept, SHOWING)
    lines = plan_text(kept, HIDING).splitlines()
    assert '      + mrn           = "JS-20000721"' in lines
    assert '      + template_id   = "4qq0q0tS"' in lines
    assert "      ~ url           = (hidden) -> (hidden)" in lines


def test_a_side_that_is_not_set_live_is_said_to_be(full_plan: Plan) -> None:
    change = Change(JOE, Action.BLOCKED, Cause.IMMUTABLE, "r", {"firstname": None}, {"firstname": "Joe"})
    text = plan_text(replace(full_plan, changes=(change,)), SHOWING)
    assert '(not set) -> "Joe"' in text
