"""The digest of a plan, on the plans of all cases: the table in its module, row by row."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.amounts.rate import Rate
from kardia_ctl.model.amounts.refresh import Refresh
from kardia_ctl.model.plan import Action, Cause, Change, Plan, Requests
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import State
from kardia_ctl.operations.plan import observe_and_plan
from kardia_ctl.planning.approval import plan_digest as module
from kardia_ctl.planning.approval.plan_digest import is_digest, plan_digest, same_digest
from kardia_ctl.planning.inputs import inputs_of
from tests.attacks.safeguards import removed
from tests.cases.live import Account, AccountReader
from tests.cases.recorded import Recorded
from tests.cases.test_plan_cases import CASES, KEY, NAMES, NOW, Options
from tests.moments import at

DIGEST_KEY: Final = b"an invented key for digests"


@cache
def planned(name: str, refresh: Refresh = Refresh.FULL, later: float = 0.0) -> Plan:
    """The plan of a case, as somebody makes it who reads so much of it, so many seconds later."""
    before = Path.cwd()
    os.chdir(CASES / name)
    try:
        options = msgspec.json.decode(_bytes("options.json") or b"{}", type=Options)
        account = msgspec.json.decode(_bytes("observed.json"), type=Account)
        recorded = _bytes("state.json")
        state = msgspec.json.decode(recorded, type=Recorded).state(NOW, KEY) if recorded else State()
        key = KEY if options.key else b""
        inputs = inputs_of(load(Path(), {}), state, at(NOW + later), key, options.decisions())
        inputs = replace(inputs, refresh=refresh, digest_key=DIGEST_KEY)
        reader = AccountReader(account)
        return asyncio.run(observe_and_plan(reader, inputs, lambda: len(reader.log))).plan
    finally:
        os.chdir(before)


def _bytes(name: str) -> bytes:
    path = Path(name)
    return path.read_bytes() if path.is_file() else b""


def digest(plan: Plan) -> str:
    return plan_digest(plan, DIGEST_KEY)


OTHER: Final = patient_address("somebody-else")


def otherwise(change: Change) -> Iterator[tuple[str, Change]]:
    """The change with one fact changed that is approved, whatever its action."""
    yield "address", replace(change, address=Address(change.address.kind, (*change.address.names, "x")))
    yield from (("action", replace(change, action=one)) for one in Action if one is not change.action)
    yield from (("cause", replace(change, cause=one)) for one in Cause if one is not change.cause)


def applied_otherwise(change: Change) -> Iterator[tuple[str, Change]]:
    """The change with one fact changed that is approved where it is not blocked."""
    yield "id", replace(change, id=change.id + "x")
    yield "target", replace(change, target=change.target + "x")
    yield "previous", replace(change, previous=OTHER)
    yield "price", replace(change, price=(change.price or Decimal(0)) + 1)
    if change.price is not None:
        yield "no price", replace(change, price=None)
    if change.cause is Cause.DEPARTURE:
        yield "code", replace(change, reason="departure: duplicate, in fact")
    for side in ("before", "after"):
        values = getattr(change, side)
        yield f"{side}, one more", with_side(change, side, {**(values or {}), "one more": ""})
        if values is not None:
            yield f"no {side}", with_side(change, side, None)
        for name, value in (values or {}).items():
            yield f"{side}, without", with_side(change, side, _without(values, name))
            yield f"{side}, renamed", with_side(change, side, {**_without(values, name), name + "x": value})
            if name != "recordings":
                yield f"{side}, value", with_side(change, side, {**values, name: (value or "") + "x"})
            if value is not None:
                yield f"{side}, null", with_side(change, side, {**values, name: None})


def with_side(change: Change, side: str, values: Mapping[str, Any] | None) -> Change:
    return replace(change, before=values) if side == "before" else replace(change, after=values)


def _without(values: Any, name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def as_much(change: Change) -> Iterator[tuple[str, Change]]:
    """The same change, found out otherwise."""
    yield "source", replace(change, source=Source("elsewhere.yaml", 7, 3))
    yield "accepted", replace(change, accepted="2027-01-01")
    if change.cause is not Cause.DEPARTURE:
        yield "reason", replace(change, reason="worded otherwise")
    for side in ("before", "after"):
        if values := getattr(change, side):
            yield f"{side} in another order", with_side(change, side, dict(reversed(values.items())))
            if (values.get("recordings") or "0") != "0":
                yield "one more recording", with_side(change, side, {**values, "recordings": "4711"})
    if change.price is not None:
        yield "zeros of a price", replace(change, price=change.price + Decimal("0.000"))


def with_one(plan: Plan, number: int, change: Change) -> Plan:
    return replace(plan, changes=(*plan.changes[:number], change, *plan.changes[number + 1 :]))


@pytest.mark.parametrize("name", NAMES)
def test_any_other_set_of_changes_has_another_digest(name: str) -> None:
    plan = planned(name)
    approved = digest(plan)
    assert is_digest(approved)
    assert plan.digest == approved
    for number, change in enumerate(plan.changes):
        applied = () if change.action is Action.BLOCKED else applied_otherwise(change)
        for what, other in (*otherwise(change), *applied):
            assert digest(with_one(plan, number, other)) != approved, (what, change)
        assert digest(replace(plan, changes=plan.changes[:number] + plan.changes[number + 1 :])) != approved
        assert digest(replace(plan, changes=(*plan.changes, change))) != approved
    assert digest(replace(plan, stops=() if plan.stops else ("a limit is passed",))) != approved
    assert digest(replace(plan, team=plan.team + "x")) != approved


@pytest.mark.parametrize("name", NAMES)
def test_how_the_changes_were_found_out_is_not_in_the_digest(name: str) -> None:
    plan = planned(name)
    approved = digest(plan)
    for number, change in enumerate(plan.changes):
        ignored = applied_otherwise(change) if change.action is Action.BLOCKED else ()
        for what, other in (*as_much(change), *ignored):
            assert digest(with_one(plan, number, other)) == approved, (what, change)
    same = (
        replace(plan, changes=plan.changes[::-1]),
        replace(plan, notices=()),
        replace(plan, unchanged={}),
        replace(plan, requests=Requests(7, 7, 7), rate=Rate(1.0, 1)),
        replace(plan, refresh=Refresh.HEAD),
        replace(plan, stops=tuple(f"{stop}, of 7" for stop in plan.stops)),
        replace(plan, digest=""),
    )
    assert {digest(one) for one in same} == {approved}


def table(plan: Plan) -> set[tuple[object, ...]]:
    """What a reader of a plan sees that it does."""
    return {
        (change.address, change.action, change.cause, _whom(change), bool(plan.stops))
        for change in plan.changes
    }


def _whom(change: Change) -> str:
    return "" if change.action is Action.BLOCKED else change.id


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("refresh", "later"), [(Refresh.HEAD, 0.0), (Refresh.FULL, 3600.0), (Refresh.HEAD, 86_400.0)], ids=str
)
def test_the_same_changes_have_one_digest_at_another_hour_and_from_the_head(
    name: str, refresh: Refresh, later: float
) -> None:
    plan, other = planned(name), planned(name, refresh, later)
    assert (table(plan) == table(other)) == (plan.digest == other.digest)


def test_plans_that_do_other_things_have_other_digests() -> None:
    by_digest: dict[str, Plan] = {}
    for name in NAMES:
        plan = planned(name)
        known = by_digest.setdefault(plan.digest, plan)
        assert table(known) == table(plan), name
    assert len(by_digest) > len(NAMES) // 2


def test_a_digest_needs_its_key_and_is_of_that_key() -> None:
    plan = planned(NAMES[0])
    assert plan_digest(plan, b"") == ""
    assert plan_digest(plan, b"another key") != digest(plan)


def test_no_digest_equals_none_and_no_other_form_is_one() -> None:
    approved = digest(Plan())
    assert same_digest(approved, approved)
    assert not same_digest("", "")
    assert not same_digest(approved, approved[:-1] + ("0" if approved[-1] != "0" else "1"))
    assert not any(map(is_digest, ("", "d1:", approved[3:], approved.upper(), approved + "0", "~k3v9q2m7ab")))


@given(st.lists(st.none() | st.text(), max_size=5), st.lists(st.none() | st.text(), max_size=5))
def test_no_two_sequences_of_facts_are_encoded_alike(one: list[str | None], other: list[str | None]) -> None:
    encoded = vars(module)["_encoded"]
    assert (encoded(iter(one)) == encoded(iter(other))) == (one == other)


def test_a_digest_that_ignores_values_is_found_out() -> None:
    (name, *_) = [name for name in NAMES if planned(name).count(Action.UPDATE)]
    with removed(module, "_values", lambda _: ()), pytest.raises(AssertionError):
        test_any_other_set_of_changes_has_another_digest(name)
