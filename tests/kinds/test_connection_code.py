"""The table of connection codes, in full."""

from itertools import product

import pytest

from kardia_ctl.kinds.connection_code import OLD_AFTER, CodeDecision, decide
from kardia_ctl.model.state import Record

NOW = 1_800_000_000
NEW, OLD = Record(at=NOW - OLD_AFTER), Record(at=NOW - OLD_AFTER - 1)
OURS, KEPT, DROPPED = "ours", "kept", "dropped"
DECLARED = {OURS, KEPT}

RECORDS = {
    "nothing": {},
    "this, new": {OURS: NEW},
    "this, old": {OURS: OLD},
    "this and one no longer declared": {OURS: NEW, DROPPED: NEW},
    "only others, all still declared": {KEPT: NEW},
    "another that is no longer declared": {DROPPED: NEW},
    "one of each": {KEPT: NEW, DROPPED: NEW},
    "another, forgotten": {DROPPED: Record(at=NOW, forgotten=True)},
}
STATUSES = ("none", "pending", "connected", None, "something new")

ISSUE, NO_OP, NOT_SENT = CodeDecision.ISSUE, CodeDecision.NO_OP, CodeDecision.NOT_SENT
EXPIRED, CHANGE, UNKNOWN = CodeDecision.MAYBE_EXPIRED, CodeDecision.PLAN_CHANGE, CodeDecision.UNVERIFIABLE

TABLE = {  #                                  none      pending  connected  None     something new
    "nothing": (ISSUE, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    "this, new": (NOT_SENT, NO_OP, NO_OP, NO_OP, NO_OP),
    "this, old": (NOT_SENT, EXPIRED, NO_OP, NO_OP, NO_OP),
    "this and one no longer declared": (NOT_SENT, NO_OP, NO_OP, NO_OP, NO_OP),
    "only others, all still declared": (ISSUE, ISSUE, ISSUE, ISSUE, ISSUE),
    "another that is no longer declared": (ISSUE, CHANGE, CHANGE, CHANGE, CHANGE),
    "one of each": (ISSUE, CHANGE, CHANGE, CHANGE, CHANGE),
    "another, forgotten": (ISSUE, CHANGE, CHANGE, CHANGE, CHANGE),
}


@pytest.mark.parametrize(("known", "column"), list(product(RECORDS, range(len(STATUSES)))))
def test_what_is_right_for_one_declared_code(known: str, column: int) -> None:
    assert decide(OURS, DECLARED, RECORDS[known], STATUSES[column], NOW) is TABLE[known][column]


@pytest.mark.parametrize(
    ("known", "status", "verdict"),
    [
        ("this, new", "none", ISSUE),
        ("nothing", "pending", ISSUE),
        ("nothing", None, ISSUE),
        ("this, new", "connected", NO_OP),
        ("this, old", "pending", EXPIRED),
        ("another that is no longer declared", "connected", CHANGE),
    ],
)
def test_reissue_sends_only_where_a_person_may_decide_it(
    known: str, status: str | None, verdict: CodeDecision
) -> None:
    assert decide(OURS, DECLARED, RECORDS[known], status, NOW, reissue=True) is verdict
