"""A state whose key is encrypted for the recipients: an age identity is all that a runner needs."""

from pathlib import Path

import pytest

from tests.cli.conftest import Desk, Ran
from tests.config.encryption.sealing import OURS, THEIRS

_VARIABLE = "KARDIA_STATE_ENCRYPTION_KEY"


@pytest.fixture
def applied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk.edit(lambda text: f"{text}\nrecipients: [{OURS.recipient}, {THEIRS.recipient}]\n")
    assert desk.apply().code == 0
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", OURS.text)
    monkeypatch.delenv("KARDIA_AGE_IDENTITY_FILE", raising=False)
    return desk


def rekey(desk: Desk, *words: str) -> Ran:
    return desk.run("state", "rekey", str(desk.path), "--for-recipients", *words)


def key_file(desk: Desk) -> Path:
    return desk.path / "state-key.age"


def mrns_in_state(desk: Desk) -> bool:
    return b"CL-0001042" in (desk.path / ".kardia" / "state.db").read_bytes()


def test_the_key_is_made_for_the_recipients_and_nobody_appears_as_changed(applied: Desk) -> None:
    assert mrns_in_state(applied)
    ran = rekey(applied)
    assert (ran.code, ran.requests) == (0, []), ran.err
    assert "which is for 2 declared recipients. Next: commit that file" in ran.out
    assert not mrns_in_state(applied)
    key = OURS.opened(key_file(applied).read_bytes())
    assert THEIRS.opened(key_file(applied).read_bytes()) == key
    assert len(key) == 64
    assert key.decode() not in ran.out + ran.err
    (applied.path / ".kardia" / "key").unlink()
    assert applied.plan().out.startswith("No changes.")
    assert applied.apply().code == 0


def test_a_saved_plan_is_shown_and_applied_by_whoever_has_an_identity(
    applied: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rekey(applied).code == 0
    (applied.path / ".kardia" / "key").unlink()
    applied.edit(lambda text: text.replace("hooks.example.com/kardia}", "hooks.example.com/other}"))
    plan = str(applied.path / "saved.plan")
    assert applied.plan("--out", plan).code == 0
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", THEIRS.text)
    ran = applied.run("show", plan)
    assert ran.code == 0, ran.err
    assert "callback will be updated" in ran.out
    assert applied.run("apply", plan).code == 0


def test_any_recipient_opens_the_state_and_nobody_else(
    applied: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rekey(applied).code == 0
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", THEIRS.text)
    assert applied.plan().out.startswith("No changes.")
    monkeypatch.delenv("KARDIA_AGE_IDENTITY")
    ran = applied.plan()
    assert (ran.code, ran.requests) == (1, [])
    assert "state-key.age: the file is encrypted, and there is no age identity" in ran.err


def test_a_state_that_a_variable_encrypted_is_taken_over(
    applied: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(_VARIABLE, "an invented key of the state's encryption")
    assert applied.run("state", "rekey", str(applied.path)).code == 0
    assert rekey(applied).code == 0
    assert applied.plan().code == 1  # the variable comes first, and is not the key any more
    monkeypatch.delenv(_VARIABLE)
    assert applied.plan().out.startswith("No changes.")


def test_an_interrupted_change_goes_on_with_the_key_that_was_made(
    applied: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kardia_ctl.cli.commands.state.rekeying.rekey", fails)
        assert rekey(applied).code == 1
    made = key_file(applied).read_bytes()
    assert mrns_in_state(applied)
    assert rekey(applied).code == 0
    assert key_file(applied).read_bytes() == made
    assert applied.plan().out.startswith("No changes.")


def test_a_key_that_cannot_be_opened_here_is_not_made(applied: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for identity in ("", "# none\n"):
        monkeypatch.setenv("KARDIA_AGE_IDENTITY", identity)
        assert rekey(applied).code == 1
        assert not key_file(applied).exists()
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", OURS.text)
    applied.edit(lambda text: text.replace(f"{OURS.recipient}, ", ""))
    ran = rekey(applied)
    assert ran.code == 1
    assert "would not be readable here: the age identity here does not open the file" in ran.err
    assert not key_file(applied).exists()
    assert mrns_in_state(applied)


def test_without_recipients_it_says_so(applied: Desk) -> None:
    applied.edit(lambda text: text.partition("recipients:")[0])
    ran = rekey(applied)
    assert ran.code == 1
    assert "declare recipients" in ran.err


@pytest.mark.parametrize("content", [b"", b"short", b"not encrypted at all, and long enough"])
def test_a_key_file_that_is_spoiled_is_named(content: bytes, applied: Desk) -> None:
    assert rekey(applied).code == 0
    key_file(applied).write_bytes(content)
    ran = applied.plan()
    assert (ran.code, ran.requests) == (1, [])
    assert "state-key.age: " in ran.err
    key_file(applied).write_bytes(OURS.sealed("short"))
    assert "shorter than 16 characters. Restore it from git" in applied.plan().err


def test_the_sandbox_needs_no_identity(applied: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rekey(applied).code == 0
    monkeypatch.delenv("KARDIA_AGE_IDENTITY")
    assert applied.plan("--sandbox").code == 0
    assert rekey(applied, "--sandbox").code == 1


@pytest.mark.parametrize("more", [["--plain"], ["--new-key-file", "x"]])
def test_it_goes_with_no_other_key(more: list[str], applied: Desk) -> None:
    assert "exclude each other" in rekey(applied, *more).err


def test_the_recipients_of_the_key_change_without_changing_it(applied: Desk) -> None:
    assert rekey(applied).code == 0
    before = OURS.opened(key_file(applied).read_bytes())
    words = ["--config", str(applied.path), "--again", str(key_file(applied))]
    assert applied.run("encrypt", *words, "--recipient", OURS.recipient).code == 0
    assert OURS.opened(key_file(applied).read_bytes()) == before
    assert applied.plan().out.startswith("No changes.")
