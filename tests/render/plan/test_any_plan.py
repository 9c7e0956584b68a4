"""Laws that hold for every plan; each value that must not be shown carries a mark."""

import json
import re
from pathlib import Path

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, Notice, NoticeKind, Plan, Requests, in_order
from kardia_ctl.model.source import Source
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.terraform_json import Stamp
from kardia_ctl.render.plan.terraform_names import identifier
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.view import View
from tests.documents import document_of

HIDING, SHOWING = View(), View(show_phi=True)
STAMP = Stamp("0.1.0", "2026-03-02T10:00:00Z")
DOCUMENT = json.loads((Path(__file__).parent / "plan.schema.json").read_text(encoding="utf-8"))
MARK = "Zq7SECRETq7Z"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
hostile = st.sampled_from(
    [
        "::set-env name=A::b",
        "  ::add-mask::x",
        "##[error]x",
        "\x1b[31mred",
        "a\nPlan: 0 to add",
        "\u202eabc",
        "\r",
    ]
)
secret = st.one_of(texts, hostile).map(lambda text: f"{text}{MARK}")
attributes = st.one_of(
    st.sampled_from(["dob", "email", "firstname", "lastname", "sex", "phone", "password", "code"]), names
).filter(lambda name: name not in {"id", "mrn", "team", "status", "price", "country", "provider", "url"})
values = st.none() | st.dictionaries(
    attributes.filter(lambda name: not name.startswith("template")), secret, max_size=4
)
said = st.one_of(texts, hostile)
sources = st.none() | st.builds(Source, said, st.integers(1, 10**6))


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    kind = draw(st.sampled_from(Kind))
    return Address(kind, tuple(draw(names) for _ in kind.facts.names))


changes = st.builds(
    Change,
    addresses(),
    st.sampled_from([action for action in Action if action is not Action.NO_OP]),
    st.sampled_from(Cause),
    said,
    values,
    values,
    said,
    said,
    sources,
)
notices = st.builds(
    Notice, st.sampled_from(NoticeKind), said, st.none() | addresses(), values, values, sources
)
plans = st.builds(
    lambda found, told, stops, spent: Plan(
        changes=in_order(found), notices=tuple(told), stops=tuple(stops), requests=Requests(spent, 2, 3)
    ),
    st.lists(changes, max_size=6),
    st.lists(notices, max_size=4),
    st.lists(said, max_size=2),
    st.integers(0, 9),
)


@given(plans)
def test_no_value_is_shown_unasked(plan: Plan) -> None:
    assert MARK not in plan_text(plan, HIDING)


@given(plans)
def test_no_plan_holds_an_escape_or_a_workflow_command(plan: Plan) -> None:
    for view in (HIDING, SHOWING):
        text = plan_text(plan, view)
        assert text.replace("\n", "").isprintable()
        assert not re.search(r"^\s*::|##", text, re.MULTILINE)


@given(plans)
def test_the_counts_are_the_plans(plan: Plan) -> None:
    found = re.findall(
        r"^Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy"
        r"(?:, (\d+) to forget)?\.",
        plan_text(plan, HIDING),
        re.MULTILINE,
    )
    if plan.is_empty:
        assert found == []
    else:
        counted = (
            (Action.ADOPT,),
            (Action.CREATE,),
            (Action.UPDATE, Action.EXPORT),
            (Action.DELETE, Action.DISCONNECT),
            (Action.FORGET,),
        )
        expected = [plan.count(*actions) for actions in counted]
        assert [[int(number or 0) for number in numbers] for numbers in found] == [expected]


@given(plans)
def test_every_plan_has_the_shape_that_tools_read(plan: Plan) -> None:
    jsonschema.validate(document_of(plan, STAMP, MRNS), DOCUMENT)


@given(plans)
def test_no_value_is_in_the_document(plan: Plan) -> None:
    assert MARK not in json.dumps(document_of(plan, STAMP, MRNS), ensure_ascii=False)


@given(plans)
def test_no_text_in_the_document_acts_on_a_terminal(plan: Plan) -> None:
    assert json.dumps(document_of(plan, STAMP, MRNS), ensure_ascii=False).isprintable()


@given(plans)
def test_a_no_op_has_two_equal_sides(plan: Plan) -> None:
    for change in document_of(plan, STAMP, MRNS)["resource_changes"]:
        if change["change"]["actions"] == ["no-op"]:
            assert change["change"]["before"] == change["change"]["after"]


@given(plans)
def test_every_planned_resource_is_joined_to_the_configuration(plan: Plan) -> None:
    document = document_of(plan, STAMP, MRNS)
    configured = {(r["type"], r["name"]) for r in document["configuration"]["root_module"]["resources"]}
    planned = {(r["type"], r["name"]) for r in document["planned_values"]["root_module"]["resources"]}
    assert planned <= configured


@given(st.lists(addresses(), unique=True, max_size=8))
def test_no_two_addresses_share_a_type_and_name(found: list[Address]) -> None:
    assert len({(address.kind, identifier(MRNS.shown(address))) for address in found}) == len(found)
