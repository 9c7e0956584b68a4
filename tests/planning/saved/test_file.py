"""Saved plans: what comes back is what was saved, without values; whatever is altered is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.errors import PlanRefused
from kardia_ctl.model.kinds import Kind, visible_value
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests
from kardia_ctl.model.source import Source
from kardia_ctl.model.state import State
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.planning.saved.codec import Binding, SavedPlan
from kardia_ctl.planning.saved.digests import digest
from kardia_ctl.planning.saved.file import hint, key_source, seal, unseal
from kardia_ctl.planning.saved.staleness import (
    NO_STATE,
    change_digest,
    digests_of,
    refuse_if_different,
    refuse_if_stale,
    state_digest,
)

KEY = b"an invented key for saved plans."
JOE = patient_address("JS-1/\N{ANATOMICAL HEART}")
BINDING = Binding("1.2.3", "https://api.example.com", "TEAM", "default", "c" * 64, "lineage:7", "l" * 32)
CHANGES = (
    Change(
        JOE,
        Action.CREATE,
        Cause.DECLARED,
        after={"mrn": JOE.names[0], "dob": "2000-07-21"},
        source=Source("kardia.yaml", 4, 5),
    ),
    Change(patient_address("P-2"), Action.DELETE, Cause.DEPARTURE, "left", {"status": "none"}, id="id-2"),
    Change(
        code_address("P-3", "one-year"),
        Action.CREATE,
        Cause.DECLARED,
        after={"template": "one-year"},
        id="id-3",
        target="tpl",
        price=Decimal("9.99"),
    ),
)
PLAN = Plan(
    changes=CHANGES,
    notices=(
        Notice(
            NoticeKind.DRIFT,
            "the live side changed",
            JOE,
            {"email": "a@example.com"},
            {"email": "b@example.com"},
        ),
        Notice(NoticeKind.WARNING, "look at it"),
    ),
    stops=("a limit is passed",),
    unchanged={Kind.PATIENT: (("A",), ("B",)), Kind.CALLBACK: ((),)},
    requests=Requests(3, 4, 5),
    cost=Decimal("9.99"),
    unpriced=1,
    team="TEAM",
)
DECISIONS = Decisions(
    recreate=frozenset({JOE}),
    reissue=frozenset({code_address("P-3", "one-year")}),
    targets=frozenset({Address(Kind.CALLBACK), JOE}),
    cohorts=frozenset({"spring"}),
    excludes=frozenset({JOE}),
    accept_collapse=True,
    accept_unknown_team=True,
)
SAVED = SavedPlan("plan-1", 1_772_445_600, BINDING, DECISIONS, digests_of(PLAN, KEY), PLAN, "../clinic")


def sealed(saved: SavedPlan = SAVED) -> bytes:
    return seal(saved, KEY, "plan-key")


def without_values(plan: Plan) -> Plan:
    """The plan with the names of its attributes, and of their values those that anybody may see."""

    def names(one: Any, values: Any) -> Any:
        seen = {name: visible_value(one.address.kind, name, value) for name, value in (values or {}).items()}
        return None if values is None else seen

    def without(one: Any) -> Any:
        return replace(one, before=names(one, one.before), after=names(one, one.after))

    changes, notices = map(without, plan.changes), map(without, plan.notices)
    return replace(plan, changes=tuple(changes), notices=tuple(notices))


def test_what_was_saved_comes_back_without_values() -> None:
    assert unseal(sealed(), KEY) == replace(SAVED, plan=without_values(PLAN))


def test_a_callback_url_is_saved_without_its_query_and_user() -> None:
    """A policy on hosts reads it from the saved plan."""
    urls = {"url": "https://u:pw@hooks.example.com/k?token=t"}
    change = Change(Address(Kind.CALLBACK), Action.CREATE, Cause.DECLARED, after=urls)
    plan = Plan(changes=(change,))
    data = seal(replace(SAVED, plan=plan, digests=("d",)), KEY, "plan-key")
    assert b"pw@" not in data
    assert b"token=t" not in data
    [back] = unseal(data, KEY).plan.changes
    assert back.after == {"url": "https://hooks.example.com/k?(hidden)"}


def test_the_same_plan_gives_the_same_bytes() -> None:
    targets = frozenset(sorted(DECISIONS.targets, key=str, reverse=True))
    assert sealed() == sealed(replace(SAVED, decisions=replace(DECISIONS, targets=targets)))


def test_no_value_of_a_patient_is_in_the_file() -> None:
    for value in (b"2000-07-21", b"a@example.com", b"b@example.com"):
        assert value not in sealed()


def test_the_first_line_tells_where_the_key_is_from() -> None:
    assert key_source(sealed()) == "plan-key"
    assert hint(sealed()) == ("../clinic", "https://api.example.com")


def test_another_key_is_refused_with_where_the_right_one_is() -> None:
    with pytest.raises(PlanRefused, match="another key \\(KARDIA_PLAN_KEY\\)"):
        unseal(sealed(), b"another key")


def body(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    """Alter the JSON and leave the first line as it was."""

    def altered(data: bytes) -> bytes:
        head, _, raw = data.partition(b"\n")
        facts = json.loads(raw)
        change(facts)
        return head + b"\n" + json.dumps(facts, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    return altered


def put(*path: Any) -> Callable[[bytes], bytes]:
    """Put the last of ``path`` where the others lead."""

    def change(facts: Any) -> None:
        for key in path[:-2]:
            facts = facts[key]
        facts[path[-2]] = path[-1]

    return body(change)


def head(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


MUTATIONS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "not a plan": lambda _: b"version: 1\npatients: []\n",
    "json alone": lambda data: data.partition(b"\n")[2],
    "first line alone": lambda data: data.partition(b"\n")[0],
    "first line and nothing": lambda data: data.partition(b"\n")[0] + b"\n",
    "truncated": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "a byte more": lambda data: data + b" ",
    "doubled": lambda data: data + data,
    "line ends of another system": lambda data: data.replace(b"\n", b"\r\n"),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "another format": head(b"-plan 2 ", b"-plan 1 "),
    "no format": head(b"-plan 2 ", b"-plan "),
    "another source": head(b" plan-key ", b" workspace "),
    "unknown source": head(b" plan-key ", b" none "),
    "no seal": lambda data: b" ".join(data.split(b" ")[:3]) + b"\n" + data.partition(b"\n")[2],
    "seal of zeros": lambda data: data.replace(data.split(b"\n")[0].split(b" ")[3], b"0" * 64, 1),
    "seal in capitals": lambda data: data.replace(
        data.split(b"\n")[0].split(b" ")[3], data.split(b"\n")[0].split(b" ")[3].upper(), 1
    ),
    "seal that is not ascii": lambda data: data.replace(data.split(b"\n")[0].split(b" ")[3], b"\xff" * 64, 1),
    "longer first line": lambda data: data.replace(b"\n", b" more\n", 1),
    "endless first line": lambda data: data.replace(b"\n", b"x" * 1000 + b"\n", 1),
    "binary": lambda data: bytes(reversed(data)),
    "create becomes delete": put("changes", 0, "action", "delete"),
    "another address": put("changes", 1, "address", "patient/P-9"),
    "another id": put("changes", 1, "id", "id-9"),
    "another template": put("changes", 2, "target", "tpl-9"),
    "another price": put("changes", 2, "price", "0"),
    "another digest": put("changes", 0, "digest", "0" * 32),
    "a change less": body(lambda facts: facts["changes"].pop()),
    "a change twice": body(lambda facts: facts["changes"].append(facts["changes"][0])),
    "changes turned around": body(lambda facts: facts["changes"].reverse()),
    "no stops": put("stops", []),
    "another notice": put("notices", 0, "text", "nothing to see"),
    "another team": put("binding", "team", "OTHER"),
    "another endpoint": put("binding", "endpoint", "https://evil.example.com"),
    "another configuration": put("binding", "configuration", "0" * 64),
    "another state": put("binding", "state", "none"),
    "another live digest": put("binding", "live", "0" * 32),
    "another version": put("binding", "version", "9.9.9"),
    "another workspace": put("binding", "workspace", "other"),
    "more decisions": put("decisions", "accept_collapse", False),
    "another decision": put("decisions", "accept_unknown_team", False),
    "more targets": put("decisions", "targets", []),
    "no cohort": put("decisions", "cohorts", []),
    "nothing excluded": put("decisions", "excludes", []),
    "another plan's id": put("id", "plan-2"),
    "another time": put("created", 0),
    "another path": put("path", "../elsewhere"),
    "another cost": put("cost", "0"),
    "other requests": put("requests", [0, 0, 0]),
    "written anew": body(lambda _: None),
    "a key more": put("extra", 1),
}


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name != "written anew"])
def test_whatever_is_altered_is_refused(name: str) -> None:
    altered = MUTATIONS[name](sealed())
    assert altered != sealed()
    with pytest.raises(PlanRefused) as refused:
        unseal(altered, KEY)
    assert "plan again" in str(refused.value)
    assert (
        "altered" in str(refused.value)
        or "not a plan" in str(refused.value)
        or "format" in str(refused.value)
    )


def test_the_alterations_alter_by_what_they_say_alone() -> None:
    assert MUTATIONS["written anew"](sealed()) == sealed()


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.integers(0, len(sealed()) - 1), st.integers(1, 255))
def test_a_single_other_byte_is_refused(place: int, bits: int) -> None:
    data = bytearray(sealed())
    data[place] ^= bits
    with pytest.raises(PlanRefused):
        unseal(bytes(data), KEY)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.binary(max_size=300) | st.text(max_size=100).map(lambda text: b"kardia-ctl-plan 2 " + text.encode())
)
def test_what_is_no_plan_is_refused_and_nothing_else(data: bytes) -> None:
    for read in (key_source, hint, lambda raw: unseal(raw, KEY)):
        with pytest.raises(PlanRefused):
            read(data)


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"{}",
        b"null",
        b'"text"',
        b"1" * 5000,
        b"[" * 100_000,
        b"\xff",
        b'{"path": 1, "binding": []}',
    ],
    ids=range(8),
)
def test_a_body_that_is_no_plan_is_refused_before_its_seal_is_known(raw: bytes) -> None:
    with pytest.raises(PlanRefused):
        hint(sealed().partition(b"\n")[0] + b"\n" + raw)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cost",), "a lot"),
        (("requests",), [1, 2, 3, 4]),
        (("decisions",), []),
        (("changes", 0, "action"), "explode"),
        (("changes", 0, "address"), "nobody"),
        (("binding", "more"), "x"),
        (("extra",), 1),
        (("changes", 0, "extra"), 1),
        (("changes", 0, "after"), {"mrn": "JS-1"}),
        (("changes", 0, "source"), ["kardia.yaml", 1]),
        (("changes", 2, "price"), 9.99),
        (("changes", 2, "price"), "NaN"),
        (("changes", 2, "price"), "1E+31"),
        (("notices", 0, "kind"), "rumour"),
        (("notices", 0, "text"), None),
        (("decisions", "accept_collapse"), 1),
        (("decisions", "targets"), ["nobody"]),
        (("created",), True),
        (("created",), -1),
        (("created",), 1 << 35),
        (("unpriced",), 1.0),
        (("templates",), [["label", "id", "name", 365]]),
        (("unchanged",), {"planet": []}),
        (("notices",), None),
    ],
    ids=str,
)
def test_a_sealed_file_that_this_version_cannot_read_is_refused(path: tuple[Any, ...], value: Any) -> None:
    from kardia_ctl.planning.saved.file import _mac

    raw = put(*path, value)(sealed()).partition(b"\n")[2]
    line = "kardia-ctl-plan 2 plan-key"
    with pytest.raises(PlanRefused, match="not a plan"):
        unseal(f"{line} {_mac(KEY, line, raw)}\n".encode() + raw, KEY)


STALE = {
    "version": "made by kardia-ctl 1.2.3, and this is other",
    "endpoint": "made for https://api.example.com, and this run talks to other",
    "team": "made for team TEAM, and the configuration names other",
    "workspace": "made in workspace default, and this is other",
    "configuration": "the configuration changed since",
    "state": "state changed since",
    "live": "the live account changed since",
}


def bound(**other: str) -> Binding:
    """The binding with some of its facts changed."""
    return msgspec.structs.replace(BINDING, **other)


def test_a_plan_of_the_same_facts_is_fresh() -> None:
    refuse_if_stale(SAVED, BINDING, State())


@pytest.mark.parametrize("name", STALE)
def test_a_stale_plan_is_refused_with_its_reason(name: str) -> None:
    current = bound(**{name: "other"})
    with pytest.raises(PlanRefused, match=STALE[name]):
        refuse_if_stale(SAVED, current, State())


def test_every_fact_that_a_plan_is_bound_to_is_compared() -> None:
    assert set(STALE) == set(Binding.__struct_fields__)


def test_all_reasons_are_named_at_once() -> None:
    with pytest.raises(PlanRefused, match="the configuration changed since; state changed since"):
        refuse_if_stale(SAVED, bound(configuration="other", state="other"), State())


def test_a_plan_is_applied_once() -> None:
    with pytest.raises(PlanRefused, match="applied before"):
        refuse_if_stale(SAVED, BINDING, State(used_plans=frozenset({"plan-1"})))


def test_a_change_that_is_another_now_is_named() -> None:
    fresh = replace(PLAN, changes=(CHANGES[0], replace(CHANGES[1], id="id-9"), CHANGES[2]))
    refuse_if_different(SAVED, PLAN, digests_of(PLAN, KEY))
    with pytest.raises(PlanRefused, match="patient/P-2 has changed since"):
        refuse_if_different(SAVED, fresh, digests_of(fresh, KEY))


def test_a_change_that_came_and_one_that_went_are_named() -> None:
    fresh = replace(
        PLAN, changes=(*CHANGES[:2], Change(Address(Kind.CALLBACK), Action.UPDATE, Cause.DIFFERS))
    )
    with pytest.raises(PlanRefused, match="callback has changed since \\(and at 1 more\\)"):
        refuse_if_different(SAVED, fresh, digests_of(fresh, KEY))


@pytest.mark.parametrize(
    "other",
    [
        {"action": Action.UPDATE},
        {"cause": Cause.DIFFERS},
        {"id": "id-9"},
        {"target": "tpl-9"},
        {"price": Decimal("9.98")},
        {"after": {"template": "two-years"}},
        {"after": None},
        {"before": {"template": "one-year"}},
        {"address": code_address("P-3", "two")},
    ],
    ids=str,
)
def test_a_digest_tells_everything_that_a_change_depends_on(other: dict[str, Any]) -> None:
    assert change_digest(KEY, replace(CHANGES[2], **other)) != change_digest(KEY, CHANGES[2])


def test_a_digest_tells_nothing_without_its_key() -> None:
    assert change_digest(b"another key", CHANGES[0]) != change_digest(KEY, CHANGES[0])


def test_texts_are_framed_so_that_they_cannot_run_into_each_other() -> None:
    assert (
        len({digest(KEY, texts) for texts in (["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["abc", None])})
        == 5
    )


def test_a_state_that_does_not_exist_has_a_digest_of_its_own() -> None:
    assert state_digest(State()) == NO_STATE
    assert state_digest(State(exists=True, lineage="a", serial=3)) != state_digest(
        State(exists=True, lineage="a", serial=4)
    )
