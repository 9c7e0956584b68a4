"""``state rekey``: encrypt, rotate, decrypt; nobody appears as changed, nothing readable stays."""

import zlib
from pathlib import Path

import pytest

from kardia_ctl.state.rekey import is_encrypted
from tests.cli.conftest import Desk, Ran

_VARIABLE = "KARDIA_STATE_ENCRYPTION_KEY"
_KEY, _NEW = "an invented key of the state's encryption", "another invented key, after a rotation"


@pytest.fixture
def applied(desk: Desk) -> Desk:
    assert desk.apply().code == 0
    desk.edit(lambda text: text.replace("hooks.example.com/kardia", "hooks.example.com/other"))
    assert desk.apply().code == 0  # there is a snapshot of what was before
    return desk


@pytest.fixture
def new_key(tmp_path: Path) -> Path:
    file = tmp_path / "new.key"
    file.write_text(f"{_NEW}\n")
    return file


def rekey(desk: Desk, *words: str) -> Ran:
    return desk.run("state", "rekey", str(desk.path), *words)


def people(desk: Desk) -> set[bytes]:
    """The mrns and live ids of everybody in the account."""
    names = {
        record.encode() for patient in desk.account.patients.all() for record in (patient.mrn, patient.id)
    }
    assert len(names) > 2
    return names


def readable(desk: Desk) -> set[tuple[str, bytes]]:
    """What can be read of people in the files of the state, snapshots unpacked."""
    found = set()
    for file in (desk.path / ".kardia").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            contents = (
                [content, zlib.decompress(content)] if file.parent.name.startswith("history-") else [content]
            )
            found |= {(file.name, name) for name in people(desk) for one in contents if name in one}
    return found


def snapshots(desk: Desk) -> list[bytes]:
    return [
        zlib.decompress(file.read_bytes()) for file in (desk.path / ".kardia" / "history-state.db").iterdir()
    ]


def test_a_state_is_encrypted_and_nobody_appears_as_changed(
    applied: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = applied.run("state", "list", str(applied.path)).out
    assert readable(applied)
    monkeypatch.setenv(_VARIABLE, _KEY)
    refused = applied.plan()
    assert (refused.code, refused.requests) == (1, [])
    assert "is not encrypted" in refused.err
    assert "state rekey" in refused.err
    ran = rekey(applied)
    assert (ran.code, ran.requests) == (0, []), ran.err
    assert "is encrypted with the key in KARDIA_STATE_ENCRYPTION_KEY" in ran.out
    assert "invented" not in ran.out + ran.err
    assert readable(applied) == set()
    assert snapshots(applied)
    assert all(map(is_encrypted, snapshots(applied)))
    (applied.path / ".kardia" / "key").unlink()
    assert applied.run("state", "list", str(applied.path)).out == listed
    assert applied.plan().out.startswith("No changes.")
    assert applied.apply().code == 0


def test_a_rotation_changes_no_fingerprint_and_refuses_the_old_key(
    applied: Desk, monkeypatch: pytest.MonkeyPatch, new_key: Path
) -> None:
    monkeypatch.setenv(_VARIABLE, _KEY)
    assert rekey(applied).code == 0
    before = (applied.path / ".kardia" / "state.db").read_bytes()
    ran = rekey(applied, "--new-key-file", str(new_key))
    assert ran.code == 0, ran.err
    assert "put that key into" in ran.out
    assert (applied.path / ".kardia" / "state.db").read_bytes() != before
    old = applied.apply()
    assert (old.code, old.requests) == (1, [])
    assert old.err.count("another key") == 1
    monkeypatch.setenv(_VARIABLE, _NEW)
    assert applied.plan().out.startswith("No changes.")
    applied.edit(lambda text: text.replace("Quellmar", "Quellmark"))
    assert "lastname" in applied.plan().out


def test_the_state_can_be_put_back_to_a_snapshot_after_a_rotation(
    applied: Desk, monkeypatch: pytest.MonkeyPatch, new_key: Path
) -> None:
    monkeypatch.setenv(_VARIABLE, _KEY)
    assert rekey(applied).code == 0
    assert rekey(applied, "--new-key-file", str(new_key)).code == 0
    monkeypatch.setenv(_VARIABLE, _NEW)
    path = str(applied.path)
    name = applied.run("state", "history", path).out.split()[0]
    ran = applied.run("state", "rollback", name, path, "--auto-approve")
    assert ran.code == 0, ran.err
    assert readable(applied) == set()
    assert applied.apply().code == 0
    audited = applied.run("audit", "list", path).out
    assert audited.count("state rekey") == 2
    assert applied.run("audit", "verify", path).code == 0


def test_a_state_is_decrypted_once_somebody_confirms(applied: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key = applied.path / ".kardia" / "key"
    before = key.read_bytes()
    monkeypatch.setenv(_VARIABLE, _KEY)
    assert rekey(applied).code == 0
    key.unlink()
    unconfirmed = rekey(applied, "--plain")
    assert (unconfirmed.code, readable(applied), key.exists()) == (1, set(), False)
    ran = rekey(applied, "--plain", "--auto-approve")
    assert ran.code == 0, ran.err
    assert readable(applied)
    assert key.read_bytes() == before
    monkeypatch.delenv(_VARIABLE)
    assert applied.plan().out.startswith("No changes.")
    assert "there is nothing to do" in rekey(applied, "--plain").out


def test_a_state_that_was_created_encrypted_is_decrypted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_VARIABLE, _KEY)
    assert desk.apply().code == 0
    assert rekey(desk, "--plain", "--auto-approve").code == 0
    monkeypatch.delenv(_VARIABLE)
    assert desk.plan().out.startswith("No changes.")


def test_another_key_of_fingerprints_is_not_taken_over(
    applied: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(_VARIABLE, _KEY)
    key = applied.path / ".kardia" / "key"
    before = key.read_bytes()
    key.write_bytes(b"o" * 32)
    refused = rekey(applied)
    assert (refused.code, bool(readable(applied))) == (1, True)
    assert "written with another key" in refused.err
    key.write_bytes(before)
    assert rekey(applied).code == 0
    key.write_bytes(b"o" * 32)
    refused = rekey(applied, "--plain", "--auto-approve")
    assert (refused.code, readable(applied)) == (1, set())
    assert "holds another key than the state" in refused.err


def test_without_a_key_there_is_nothing_to_encrypt_with(applied: Desk) -> None:
    ran = rekey(applied)
    assert ran.code == 1
    assert "openssl rand -hex 32" in ran.err


@pytest.mark.parametrize(
    ("text", "reason"), [("", "is shorter"), ("qzcut", "is shorter"), ("'qz'", "quotes")]
)
def test_a_new_key_that_is_none_is_refused(applied: Desk, tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "key").write_text(text)
    ran = rekey(applied, "--new-key-file", str(tmp_path / "key"))
    assert ran.code == 1
    assert reason in ran.err
    assert "qz" not in ran.err


def test_the_sandboxs_state_is_encrypted_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, new_key: Path
) -> None:
    assert desk.run("apply", str(desk.path), "--sandbox", "--auto-approve").code == 0
    monkeypatch.setenv(_VARIABLE, _KEY)
    assert rekey(desk, "--sandbox").code == 0
    assert rekey(desk, "--sandbox", "--new-key-file", str(new_key)).code == 0
    monkeypatch.setenv(_VARIABLE, _NEW)
    assert desk.run("state", "list", str(desk.path), "--sandbox").out


def test_the_other_workspace_of_the_state_goes_along(
    applied: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    state = applied.path / ".kardia" / "state.db"
    (other / "kardia.yaml").write_text(
        f"version: 1\nworkspace: second\nstate: sqlite:///{state}\n"
        "patients: [{mrn: JS-9, dob: 2000-01-01, email: a@example.com, firstname: Q, lastname: R, sex: 1}]\n"
    )
    assert applied.run("apply", str(other), "--auto-approve").code == 0
    monkeypatch.setenv(_VARIABLE, _KEY)
    ran = rekey(applied)
    assert ran.code == 0, ran.err
    assert "Workspace second was recorded with a key of its own" in ran.out
    for path in (applied.path, other):
        assert applied.run("plan", str(path)).out.startswith("No changes."), path
    assert readable(applied) == set()
