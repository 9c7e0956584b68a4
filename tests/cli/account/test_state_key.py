"""Another or a lost key of state's fingerprints is one message, whoever is declared."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kardia_ctl.kinds.patient import fingerprints
from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.model.state import PatientRecord, State
from kardia_ctl.planning.checks.state_key import is_of_another_key
from tests.cli.conftest import Desk

_SAID = "the state was written with another key"


def lose(key: Path, patch: pytest.MonkeyPatch) -> None:
    key.unlink()


def replace(key: Path, patch: pytest.MonkeyPatch) -> None:
    key.write_bytes(b"\x01" * 32)


def set_variable(key: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("KARDIA_STATE_KEY", "another-invented-key-of-32-bytes!")


@pytest.mark.parametrize("happens", [lose, replace, set_variable])
def test_another_key_is_one_message_and_nobody_is_called_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    assert desk.apply().code == 0
    key = desk.path / ".kardia" / "key"
    before = key.read_bytes()
    happens(key, monkeypatch)
    desk.edit(lambda text: text.replace("Quellmar", "Quellmark"))
    for command in ("plan", "apply", "codes"):
        words = {"codes": ("--auto-approve", "--codes-out", str(desk.path / "codes.csv"))}.get(command, ())
        ran = getattr(desk, command)() if command != "codes" else desk.run(command, str(desk.path), *words)
        assert (ran.code, ran.requests) == (1, []), ran
        assert ran.err.count(_SAID) == 1
        assert "blocked" not in ran.out + ran.err
        assert str(key) in ran.err
    monkeypatch.delenv("KARDIA_STATE_KEY", raising=False)
    key.write_bytes(before)
    desk.edit(lambda text: text.replace("Quellmark", "Quellmar"))
    assert desk.plan().out.startswith("No changes.")


def test_a_lost_key_is_not_made_anew(desk: Desk) -> None:
    assert desk.apply().code == 0
    key = desk.path / ".kardia" / "key"
    key.unlink()
    assert desk.apply().code == 1
    assert not key.exists()


_KEY, _OTHER = b"k" * 32, b"o" * 32
_DECLARED = tuple(
    DesiredPatient(f"V-{n}", f"1970-02-0{n}", f"v{n}@example.com", "Ann", UNSET, UNSET) for n in (1, 2)
)


def _old_state(*patients: DesiredPatient) -> State:
    """A state of an earlier version: no check value."""
    return State(
        exists=True, patients={one.mrn: PatientRecord("id", fingerprints(_KEY, one)) for one in patients}
    )


def test_a_state_without_a_check_value_is_compared_with_what_is_declared() -> None:
    state, desired = _old_state(*_DECLARED), Desired(patients={one.mrn: one for one in _DECLARED})
    assert not is_of_another_key(state, desired, _KEY)
    assert is_of_another_key(state, desired, _OTHER)
    assert is_of_another_key(state, desired, b"")
    assert not is_of_another_key(State(), desired, b"")


def test_one_patient_whose_every_value_changed_is_no_other_key() -> None:
    (one, _), state = _DECLARED, _old_state(_DECLARED[0])
    moved = DesiredPatient(one.mrn, "1980-01-01", "new@example.com", "Bo", UNSET, UNSET)
    assert not is_of_another_key(state, Desired(patients={one.mrn: moved}), _KEY)
