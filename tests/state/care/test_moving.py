"""Moving a state loses nothing, from any engine to any other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Audited, Entry, PatientRecord, Remember
from kardia_ctl.state.merging import rows_of
from kardia_ctl.state.moving import move
from tests.state.contract.test_any_entries import ENTRY
from tests.state.engines import ENGINES, Engine, Place, fresh

_EXAMPLES = 10


@pytest.fixture(scope="module")
def engines() -> Iterator[Callable[[str], Engine]]:
    """Starts an engine when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(ENGINES[name]()))


def written(place: Place, batches: Sequence[Sequence[Entry]]) -> None:
    for number, batch in enumerate(batches):
        store = place.open(f"workspace-{number % 2}")
        with store.lock("apply"):
            store.commit([*batch, Audited(f'{{"number":{number}}}')])
        store.close()


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_any_state_arrives_whole(
    engines: Callable[[str], Engine], source: str, target: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=_EXAMPLES, deadline=None)
    @given(batches=st.lists(st.lists(ENTRY, max_size=4), min_size=1, max_size=3))
    def arrives(batches: Sequence[Sequence[Entry]]) -> None:
        here = fresh(engines(source), tmp_path_factory.mktemp("here"))
        there = fresh(engines(target), tmp_path_factory.mktemp("there"))
        written(here, batches)
        old, new = here.open("workspace-0"), there.open("workspace-0")
        before = {name: here.open(name).load() for name in ("workspace-0", "workspace-1")}
        log = rows_of(old.image())["audit"]
        old.archive.write("20261130T000000Z_1_apply_workspace-0", b"a snapshot")
        with old.lock("state migrate"), new.lock("state migrate"):
            move(old, new)
        assert {name: there.open(name).load() for name in before} == before
        assert rows_of(new.image())["audit"] == log
        assert new.archive.read("20261130T000000Z_1_apply_workspace-0") == b"a snapshot"
        with pytest.raises(StateError, match="was moved to"):
            here.open("workspace-0").load()

    arrives()


def test_a_place_that_does_not_hold_what_was_written_is_not_used(
    engines: Callable[[str], Engine],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = (fresh(engines("sqlite"), tmp_path_factory.mktemp("state")) for _ in range(2))
    written(here, [[Remember(Kind.PATIENT, "JS-1", "", PatientRecord("id-1"))]])
    old, new = here.open("workspace-0"), there.open("workspace-0")
    monkeypatch.setattr(new, "replace", lambda _: None)
    with old.lock("state migrate"), new.lock("state migrate"), pytest.raises(StateError, match="differs"):
        move(old, new)
    assert old.load().patients["JS-1"].id == "id-1"


@pytest.mark.parametrize("target", ENGINES)
def test_nothing_is_moved_over_another_state(
    engines: Callable[[str], Engine], target: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = fresh(engines("sqlite"), tmp_path_factory.mktemp("here"))
    there = fresh(engines(target), tmp_path_factory.mktemp("there"))
    for place in (here, there):
        written(place, [[Remember(Kind.PATIENT, "JS-1", "", PatientRecord(place.url))]])
    old, new = here.open("workspace-0"), there.open("workspace-0")
    with old.lock("state migrate"), new.lock("state migrate"), pytest.raises(StateError, match="already"):
        move(old, new)
    assert old.load().patients["JS-1"].id == here.url
    assert new.load().patients["JS-1"].id == there.url
