"""One walk over the table of kinds: what a new kind needs, and a kind that only the table knows."""

from pathlib import Path

import pytest

from kardia_ctl.applying.state_updates import record_of
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model import address as address_module
from kardia_ctl.model import kinds as kinds_module
from kardia_ctl.model.address import Address, owner_of, record_key
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.dialects import V1
from kardia_ctl.model.kinds import Facts, Kind
from kardia_ctl.model.observed import Observed
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.state import State
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.render.plan.text import plan_text
from kardia_ctl.render.redaction import shown
from kardia_ctl.render.view import View
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from tests.moments import at


@pytest.fixture
def list_kind(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """A kind of which there are several, and of which nothing but its row in the table is known."""
    kind = str.__new__(Kind, "pager")
    kind._name_, kind._value_ = "PAGER", "pager"
    monkeypatch.setitem(Kind._value2member_map_, "pager", kind)
    monkeypatch.setitem(kinds_module._TABLE, kind, Facts(("number",), "pager", "pagers", read_back=False))
    monkeypatch.setitem(address_module._RANK, kind, len(Kind))
    return kind


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_row(kind: Kind) -> None:
    assert kind in kinds_module._TABLE, f"add {kind} to the table in model/kinds.py"
    facts = kind.facts
    assert facts.singular
    assert facts.plural != facts.singular
    assert facts.harmless.isdisjoint(facts.names)
    if facts.owner is not None:
        assert facts.names[: len(facts.owner.facts.names)] == facts.owner.facts.names


@pytest.mark.parametrize("kind", Kind)
def test_every_setting_has_its_definition(kind: Kind) -> None:
    assert kind.is_setting == (kind in SETTINGS), f"add {kind} to SETTINGS in kinds/__init__.py"
    if kind in SETTINGS:
        assert SETTINGS[kind].kind is kind
        assert kind.facts.read_back == (SETTINGS[kind].read is not None), "can it be read back or not?"
        assert kind in V1.kinds


@pytest.mark.parametrize("kind", Kind)
def test_every_address_of_a_kind_comes_back_and_has_a_record_of_its_own(kind: Kind) -> None:
    several = [Address(kind, tuple(f"{name}/{number}" for name in kind.facts.names)) for number in range(3)]
    assert [Address.parse(str(address)) for address in several] == several
    assert len({record_key(address, str(number)) for number, address in enumerate(several)}) == len(
        {*several}
    )
    assert all((owner_of(address) is None) == (kind.facts.owner is None) for address in several)


def many(kind: Kind) -> Plan:
    """A plan with more changes of one kind than are shown one by one."""
    names = kind.facts.names
    addresses = [Address(kind, tuple(f"{name}-{number:02}" for name in names)) for number in range(25)]
    return Plan(tuple(Change(address, Action.CREATE, Cause.DECLARED, after={}) for address in addresses))


@pytest.mark.parametrize("kind", Kind)
def test_a_plan_of_many_is_printed(kind: Kind) -> None:
    assert f"5 more {kind.facts.plural}" in plan_text(many(kind), View())


def test_a_plan_of_many_of_a_kind_that_only_the_table_knows_is_printed(list_kind: Kind) -> None:
    assert "5 more pagers" in plan_text(many(list_kind), View())


def test_the_records_of_a_list_kind_do_not_overwrite_each_other(list_kind: Kind, tmp_path: Path) -> None:
    addresses = [Address(list_kind, (number,)) for number in ("1", "2")]
    changes = [Change(address, Action.ADOPT, Cause.EXISTS_LIVE) for address in addresses]
    inputs = PlanInputs(Desired(), Observed(), State(), at(1.0))
    store = SqliteStore(tmp_path / "state.db", "default")
    with store.lock("apply"):
        store.commit(record_of(change, inputs, at=1.0) for change in changes)
    assert {*store.load().settings} == {*addresses}
    store.close()


def test_nothing_of_a_kind_is_shown_unless_its_row_says_so(list_kind: Kind) -> None:
    assert shown(list_kind, "number", "1").text == "1"
    assert shown(list_kind, "email", "joe@example.com").hidden
    assert shown(Kind.PATIENT, "country", "us").hidden
    assert not shown(Kind.MOBILE_USER, "country", "us").hidden
