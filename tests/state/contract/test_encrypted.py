"""An encrypted state, in every engine: what comes back, what is refused, and its keys changed."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Entry, Note, State
from kardia_ctl.state.rekey import Rekeying, is_encrypted, keyed_apart, rekey
from kardia_ctl.state.snapshots import keep_snapshot
from kardia_ctl.state.state_store import StateStore
from tests.state.contract.test_any_entries import ENTRY, check
from tests.state.contract.test_whole_state import loaded, write_everything
from tests.state.engines import Engine, Place, fresh

_KEY: Final = b"an invented key of the state's encryption"
_NEW: Final = b"another invented key, after a rotation"
_SECRET: Final = b"the secret of the fingerprints, invented"
_CANARIES: Final = b"template-1", b"team-1", b"id-1", b"JS-2", b"spring"


def states(place: Place, key: bytes) -> dict[str, State]:
    return loaded(place, encryption_key=key)


def readable(image: bytes) -> set[bytes]:
    return {word for word in _CANARIES if word in image}


def change(place: Place, change: Rekeying) -> list[str]:
    store = place.open("one", encryption_key=change.present)
    with store.lock("state rekey"):
        kept = rekey(store, change)
    store.close()
    return kept


@pytest.fixture
def written(place: Place) -> dict[str, State]:
    """What a state that is not encrypted holds, in two workspaces and a snapshot."""
    written = write_everything(place)
    store = place.open("one")
    with store.lock("apply"):
        keep_snapshot(store, "one", 1, "apply", 1_772_445_600.0)
    store.close()
    return written


def test_any_entries_come_back_from_an_encrypted_state(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(deadline=None, max_examples=engine.examples)
    @given(batches=st.lists(st.lists(ENTRY, max_size=6), max_size=4))
    def comes_back(batches: Sequence[Sequence[Entry]]) -> None:
        check(fresh(engine, tmp_path_factory.mktemp("state")).open(encryption_key=_KEY), batches)

    comes_back()


def test_a_state_is_encrypted_when_it_is_created_with_a_key(place: Place) -> None:
    expected = write_everything(place, encryption_key=_KEY)
    store = place.open("one", encryption_key=_KEY)
    assert is_encrypted(store.image())
    assert readable(store.image()) == set()
    assert len(store.fingerprint_secret()) == 32
    assert states(place, _KEY) == expected


@pytest.mark.parametrize(
    ("key", "reason"), [(_NEW, "with another key than the one in"), (b"", "is encrypted, and .* is not set")]
)
def test_another_key_or_none_is_one_message(place: Place, key: bytes, reason: str) -> None:
    expected = write_everything(place, encryption_key=_KEY)
    store = place.open("one", encryption_key=key)
    for use in (store.load, store.fingerprint_secret, store.lock("apply").__enter__):
        with pytest.raises(StateError, match=reason) as raised:
            use()
        assert "Nothing was compared, nothing was sent" in str(raised.value)
        assert "invented" not in str(raised.value)
    store.close()
    assert states(place, _KEY) == expected


def test_a_plain_state_is_refused_while_there_is_a_key(place: Place, written: dict[str, State]) -> None:
    store = place.open("one", encryption_key=_KEY)
    for use in (store.load, store.lock("apply").__enter__):
        with pytest.raises(StateError, match=r"is not encrypted, and .* is set.* Next: .*state rekey"):
            use()
    store.close()
    assert loaded(place) == written


def test_a_plain_state_is_encrypted_rotated_and_decrypted_and_loses_nothing(
    place: Place, written: dict[str, State]
) -> None:
    assert change(place, Rekeying(b"", _KEY, _SECRET)) == []
    assert states(place, _KEY) == written
    store = place.open("one", encryption_key=_KEY)
    assert store.fingerprint_secret() == _SECRET
    (name,) = store.archive.names()
    assert readable(store.image()) | readable(zlib.decompress(store.archive.read(name))) == set()
    store.close()
    assert change(place, Rekeying(_KEY, _NEW)) == []
    assert states(place, _NEW) == written
    with pytest.raises(StateError, match="another key"):
        states(place, _KEY)
    store = place.open("one", encryption_key=_NEW)
    assert store.fingerprint_secret() == _SECRET
    store.close()
    assert change(place, Rekeying(_NEW, b"")) == []
    assert loaded(place) == written
    store = place.open("one")
    assert readable(zlib.decompress(store.archive.read(name))) == set(_CANARIES)


def test_a_run_that_changed_the_key_goes_on_writing(place: Place, written: dict[str, State]) -> None:
    store = place.open("one")
    with store.lock("state rekey"):
        rekey(store, Rekeying(b"", _KEY, _SECRET))
        store.commit([Note("team", "team-9")])
    assert store.load().team == states(place, _KEY)["one"].team == "team-9"
    assert b"team-9" not in store.image()


def test_an_image_of_another_key_does_not_take_the_place_of_a_state(place: Place, tmp_path: Path) -> None:
    expected = write_everything(place, encryption_key=_KEY)
    other = Place("sqlite:///other.db", tmp_path)
    for key, reason in ((b"", "is not encrypted"), (_NEW, "another key")):
        (tmp_path / "other.db").unlink(missing_ok=True)
        write_everything(other, encryption_key=key)
        store = place.open("one", encryption_key=_KEY)
        with store.lock("state push"), pytest.raises(StateError, match=reason):
            store.replace(other.open("one", encryption_key=key).image())
        store.close()
        assert states(place, _KEY) == expected


def test_a_snapshot_with_an_unknown_key_stays_and_is_named(place: Place, written: dict[str, State]) -> None:
    assert change(place, Rekeying(b"", _KEY, _SECRET)) == []
    store = place.open("one", encryption_key=_KEY)
    with store.lock("apply"):
        (name,) = store.archive.names()
        foreign = store.archive.read(name)
    store.close()
    assert change(place, Rekeying(_KEY, _NEW)) == []
    store = place.open("one", encryption_key=_NEW)
    with store.lock("apply"):
        store.archive.write("20000101T000000Z_1_apply_one", foreign)
        store.archive.write("20000102T000000Z_1_apply_one", b"damaged")
    store.close()
    kept = change(place, Rekeying(_NEW, _NEW))
    assert kept == ["20000101T000000Z_1_apply_one", "20000102T000000Z_1_apply_one"]


def test_workspaces_with_another_key_of_fingerprints_are_named(store: StateStore, place: Place) -> None:
    for workspace, check_value in (("one", "00ff"), ("two", "0a0b")):
        with (opened := place.open(workspace)).lock("apply"):
            opened.commit([Note("key", check_value)])
        opened.close()
    assert keyed_apart(store, Rekeying(b"", _KEY), b"\x00\xff") == ["two"]
