"""A person's word settles a doubt, where looking cannot."""

from pathlib import Path

import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.ports import Store
from kardia_ctl.model.state import Intend, Intent, State
from kardia_ctl.operations.assume import assume
from kardia_ctl.state.open import open_store
from tests.moments import at

PATIENT = patient_address("A-1")
CODE = code_address("A-1", "one-year")


def settled(tmp_path: Path, absent: tuple[Address, ...] = (), created: tuple[Address, ...] = ()) -> State:
    store: Store = open_store("sqlite:///state.db", tmp_path, "default")
    with store.lock("test"):
        store.commit(
            [Intend(Intent(one, "create", at(100.0), id="id-1", target="tpl")) for one in (PATIENT, CODE)]
        )
        try:
            assume(store, absent, created)
        finally:
            found = store.load()
    store.close()
    return found


def test_what_is_said_to_be_absent_is_in_doubt_no_more(tmp_path: Path) -> None:
    state = settled(tmp_path, absent=(PATIENT,))
    assert set(state.intents) == {CODE}
    assert not state.patients


def test_what_is_said_to_be_created_is_recorded_as_it_was_sent(tmp_path: Path) -> None:
    state = settled(tmp_path, created=(CODE,))
    assert set(state.intents) == {PATIENT}
    assert state.codes["A-1"]["tpl"].id == "id-1"
    assert state.codes["A-1"]["tpl"].template == "one-year"


@pytest.mark.parametrize(
    ("absent", "created", "words"),
    [
        ((), (PATIENT,), "can be read back"),
        ((patient_address("B-2"),), (), "nothing is in doubt"),
        ((), (code_address("B-2", "one-year"),), "nothing is in doubt"),
    ],
)
def test_a_word_about_nothing_changes_nothing(
    tmp_path: Path, absent: tuple[Address, ...], created: tuple[Address, ...], words: str
) -> None:
    with pytest.raises(RunStopped, match=words):
        settled(tmp_path, absent, created)
    state = settled(tmp_path)
    assert set(state.intents) == {PATIENT, CODE}
