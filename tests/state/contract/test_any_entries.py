"""Whatever is written in whatever order, it is what a plain dictionary would hold."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.decided.use import DecisionUse, UseDecision, later_use
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import (
    CodeRecord,
    Depart,
    Drop,
    Entry,
    Intend,
    Intent,
    Note,
    PatientRecord,
    Remember,
    Resolve,
    UsePlan,
)
from kardia_ctl.state.state_store import StateStore
from tests.state.engines import Engine, fresh

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_MRN = _TEXT.filter(bool)
_NAME = st.sampled_from(["", "one-year"])
_VALUES = _TEXT, st.binary(max_size=40), st.integers(0, 2**40), st.booleans()
_PATIENT, _CODE = st.builds(PatientRecord, *_VALUES, _NAME), st.builds(CodeRecord, *_VALUES, _NAME)
_ADDRESS = st.one_of(st.builds(patient_address, _MRN), st.builds(code_address, _MRN, _MRN))
_TIME = st.floats(1, 2**40)
_BOOT = st.shared(_TEXT, key="boot")
_MOMENT = st.builds(Instant, _TIME, _BOOT, _TIME)
ENTRY = st.one_of(
    st.builds(Remember, st.just(Kind.PATIENT), _MRN, st.just(""), _PATIENT),
    st.builds(Remember, st.just(Kind.CONNECTION_CODE), _MRN, _MRN, _CODE),
    st.builds(Drop, st.just(Kind.PATIENT), _MRN),
    st.builds(Drop, st.just(Kind.CONNECTION_CODE), _MRN, _MRN),
    st.builds(Intend, st.builds(Intent, _ADDRESS, _TEXT, _MOMENT, st.none() | _MOMENT)),
    st.builds(Resolve, _ADDRESS),
    st.builds(Note, st.just("team"), _TEXT),
    st.builds(UsePlan, _TEXT),
    st.builds(UseDecision, st.builds(DecisionUse, _TEXT, _ADDRESS, _TEXT), st.integers(-1, 3)),
    st.builds(Depart, _TEXT, st.sampled_from(["disconnect", "delete"])),
)


def test_what_is_written_is_what_is_read(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=engine.examples)
    @given(batches=st.lists(st.lists(ENTRY, max_size=6), max_size=4))
    def comes_back(batches: Sequence[Sequence[Entry]]) -> None:
        check(fresh(engine, tmp_path_factory.mktemp("state")).open(), batches)

    comes_back()


def check(store: StateStore, batches: Sequence[Sequence[Entry]]) -> None:
    model = _Model()
    with store.lock("apply"):
        for batch in batches:
            store.commit(batch)
            for entry in batch:
                model.apply(entry)
    state = store.load()
    store.close()
    seen = (state.patients, {mrn: codes for mrn, codes in state.codes.items() if codes}, state.intents)
    assert seen == (
        model.patients,
        {mrn: codes for mrn, codes in model.codes.items() if codes},
        model.intents,
    )
    assert (state.team, state.departed, set(state.used_plans), state.decided) == (
        model.team,
        dict(model.departed),
        model.plans,
        model.decided,
    )


class _Model:
    """The plainest store there is."""

    def __init__(self) -> None:
        self.patients: dict[str, PatientRecord] = {}
        self.codes: dict[str, dict[str, CodeRecord]] = {}
        self.intents: dict[Address, Intent] = {}
        self.departed: dict[str, frozenset[str]] = {}
        self.plans: set[str] = set()
        self.decided: dict[DecisionUse, int] = {}
        self.team = ""

    def use(self, entry: UseDecision | UsePlan) -> None:
        if isinstance(entry, UsePlan):
            self.plans.add(entry.plan)
        else:
            self.decided[entry.use] = later_use(self.decided.get(entry.use), entry.at)

    def apply(self, entry: Any) -> None:
        match entry:
            case Remember(Kind.PATIENT, name, _, PatientRecord() as record):
                self.patients[name] = record
            case Remember(_, name, detail, CodeRecord() as record):
                self.codes.setdefault(name, {})[detail] = record
            case Drop(Kind.PATIENT, name, _):
                self.patients.pop(name, None)
            case Drop(_, name, detail):
                self.codes.get(name, {}).pop(detail, None)
            case Intend(intent):
                self.intents[intent.address] = intent
            case Resolve(address):
                self.intents.pop(address, None)
            case Note(_, value):
                self.team = value
            case UseDecision() | UsePlan():
                self.use(entry)
            case Depart(patient_id, action):
                self.departed[patient_id] = self.departed.get(patient_id, frozenset()) | {action}
