"""The lines that other tools look for in a plan's text: each pattern is one that the named tool has.

Read from the tools' sources: tfcmt 4 (pkg/terraform/parser.go), Atlantis (server/events/models/models.go),
dflook/terraform-github-actions (plan_summary, github_pr_comment), Digger and tf-summarize (the JSON).
"""

import re
from collections import Counter
from dataclasses import replace

import pytest

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Plan, Requests, in_order
from kardia_ctl.model.results import Report, Result, Status
from kardia_ctl.render.apply.report import complete_line
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.summary import time_line
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from kardia_ctl.render.wrapping import WIDTH
from tests.documents import document_of

TFCMT_SUMMARY = re.compile(r"^(Plan: \d|No changes\.)", re.MULTILINE)
TFCMT_DESTROYS = re.compile(r"[1-9][0-9]* to destroy.")
TFCMT_LISTS = {
    words: re.compile(rf"^ *# (.*) will be {words}$", re.MULTILINE)
    for words in ("created", "updated in-place", "destroyed", "imported")
}
TFCMT_MOVED = re.compile(r"^ *# (.*?) has moved to (.*?)$", re.MULTILINE)
ATLANTIS_PLAN = re.compile(r"Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy.")
ATLANTIS_NONE = re.compile(
    r"No changes. (Infrastructure is up-to-date|Your infrastructure matches the configuration)."
)
ATLANTIS_COLOURED = re.compile(r"^( +)([-+~]\s)(.*)(\s=\s|\s->\s)(.*)", re.MULTILINE)
DFLOOK_COUNT = re.compile(r"(\d+) to (\w+)")
DFLOOK_MOVED = re.compile(r"  # \S+ has moved to \S+$", re.MULTILINE)
DIGGER_APPLIED = re.compile(r"(\d+) added, (\d+) changed, (\d+) destroyed")


def one(action: Action, mrn: str = "A-1", reason: str = "", **more: object) -> Change:
    known = replace(Change(patient_address(mrn), action, Cause.DECLARED, reason), **more)  # type: ignore[arg-type]
    return replace(known, before={"status": "none"}, after={"dob": "2000-07-21"}, id=f"id-{mrn}")


def text_of(*changes: Change) -> str:
    return plan_text(Plan(changes=in_order(changes)), View())


def dflook(text: str) -> dict[str, int]:
    """What dflook's action writes as outputs: to_add, to_change, to_destroy and the like."""
    [line] = [line for line in text.splitlines() if line.startswith("Plan:")]
    return {word: int(number) for number, word in DFLOOK_COUNT.findall(line)}


def test_tfcmt_lists_each_change_under_its_action(full_plan: Plan) -> None:
    text = plan_text(full_plan, View())
    found = {words: pattern.findall(text) for words, pattern in TFCMT_LISTS.items()}
    assert found == {
        "created": [
            "service_provider/8sP3SiaF", "patient/JS-20000721", "connection_code/JS-20000721/one-year",
        ],
        "updated in-place": ["callback"],
        "destroyed": ["patient/AC-77", "the connection of patient/AC-78"],
        "imported": ["patient/AN-1"],
    }  # fmt: skip


def test_a_disconnect_is_seen_by_every_bot() -> None:
    text = text_of(one(Action.DISCONNECT))
    assert TFCMT_DESTROYS.search(text)
    assert dflook(text)["destroy"] == 1
    found = ATLANTIS_PLAN.search(text)
    assert found is not None
    assert found.groups() == (None, "0", "0", "1")


def test_an_export_is_seen_as_a_change() -> None:
    assert dflook(text_of(one(Action.EXPORT)))["change"] == 1


def test_counts_of_terraform_are_not_counted_again_after_them(full_plan: Plan) -> None:
    line = next(line for line in plan_text(full_plan, View()).splitlines() if line.startswith("Plan:"))
    words = Counter(word for _, word in DFLOOK_COUNT.findall(line))
    assert set(words.values()) == {1}
    assert dflook(line) == {"import": 1, "add": 3, "change": 1, "destroy": 2, "forget": 1, "disconnect": 1}


def test_a_move_reads_as_terraforms() -> None:
    moved = one(Action.MOVE, "A-2", previous=patient_address("A-1"))
    text = text_of(moved)
    assert TFCMT_MOVED.findall(text) == [("patient/A-1", "patient/A-2")]
    assert DFLOOK_MOVED.search(text)


def test_no_changes_is_the_sentence_that_atlantis_looks_for() -> None:
    text = plan_text(Plan(unchanged={Kind.PATIENT: (("A",),)}), View())
    assert ATLANTIS_NONE.search(text)
    assert TFCMT_SUMMARY.search(text)


def test_atlantis_colours_each_attribute(full_plan: Plan) -> None:
    text = plan_text(full_plan, View(show_phi=True))
    found = {match[2].strip() + match[3].rstrip().split(" ")[0] for match in ATLANTIS_COLOURED.finditer(text)}
    assert {"+mrn", "+dob", "~url", "-status"} <= found


@pytest.mark.parametrize("words", TFCMT_LISTS)
def test_a_long_reason_reads_as_no_other_change(words: str) -> None:
    for length in range(60, 160):
        reason = (
            f"{'x' * (length % 7)} {'word ' * (length // 5)}and it will be {words} then or will be {words}"
        )
        text = text_of(one(Action.BLOCKED, "A-1", reason), one(Action.FORGET, "A-2", reason))
        assert all(not pattern.findall(text) for pattern in TFCMT_LISTS.values()), text


def test_a_long_reason_is_wrapped_and_no_word_of_it_is_lost() -> None:
    reason = "the API cannot change it; " * 9 + "apply with --assume-absent 'patient/A-1' once you know"
    text = text_of(one(Action.BLOCKED, "A-1", reason))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert reason in " ".join(text.split())
    assert any("--assume-absent 'patient/A-1'" in line for line in text.splitlines())


def test_nothing_that_changes_by_itself_is_in_the_text() -> None:
    plans = [Plan(changes=(one(Action.CREATE),), requests=Requests(1, 1, 1), rate=Rate(n, 4)) for n in (1, 9)]
    assert plan_text(plans[0], View()) == plan_text(plans[1], View())
    assert time_line(plans[0]) != time_line(plans[1])


def test_digger_counts_what_an_apply_did() -> None:
    actions = (Action.CREATE, Action.UPDATE, Action.EXPORT, Action.DELETE, Action.DISCONNECT)
    done = tuple(Result(Address(Kind.CALLBACK), action, Status.DONE) for action in actions)
    line = complete_line(Report(results=done, adopted=3))
    assert line.startswith("Apply complete! Resources: 3 imported, 1 added, 2 changed, 2 destroyed.")
    assert DIGGER_APPLIED.findall(line) == [("1", "2", "2")]


def test_digger_and_tf_summarize_find_what_is_blocked_and_imported(full_plan: Plan) -> None:
    document = document_of(full_plan, Stamp("0.1.0", "2026-03-02T10:00:00Z"), MRNS)
    actions = Counter(
        action for change in document["resource_changes"] for action in change["change"]["actions"]
    )
    assert (actions["create"], actions["update"], actions["delete"], actions["forget"]) == (3, 1, 2, 1)
    imported = [change for change in document["resource_changes"] if "importing" in change["change"]]
    assert [change["address"] for change in imported] == ["patient/AN-1"]
    [check] = document["checks"]
    assert check["status"] == "fail"
    assert "dob differs from live" in check["instances"][0]["problems"][0]["message"]


def test_a_digest_stands_in_every_form(full_plan: Plan) -> None:
    plan = replace(full_plan, digest="d1:abc")
    assert "\nDigest: d1:abc\n" in plan_text(plan, View())
    assert document_of(plan, Stamp("0", "t"), MRNS)["kardia_ctl"]["digest"] == "d1:abc"
