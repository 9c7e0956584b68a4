"""With KARDIA_STATE_ENCRYPTION_KEY a runner needs no other key, and another one is one message."""

import shutil
from pathlib import Path

import pytest

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.account.known_values import scrubber
from kardia_ctl.model.configuration import Configuration, Desired
from tests.cli.conftest import Desk

_VARIABLE = "KARDIA_STATE_ENCRYPTION_KEY"
_KEY = "an invented key of the state's encryption"


@pytest.fixture
def encrypted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv(_VARIABLE, _KEY)
    assert desk.apply().code == 0
    return desk


def fresh_runner(desk: Desk) -> None:
    """What a CI job has: the repository, and the state from where it is stored."""
    private = desk.path / ".kardia"
    state = (private / "state.db").read_bytes()
    shutil.rmtree(private)
    private.mkdir()
    (private / "state.db").write_bytes(state)


def test_a_fresh_runner_needs_this_key_alone(encrypted: Desk) -> None:
    assert not (encrypted.path / ".kardia" / "key").exists()
    fresh_runner(encrypted)
    assert encrypted.plan().out.startswith("No changes.")
    encrypted.edit(lambda text: text.replace("Quellmar", "Quellmark"))
    assert "lastname" in encrypted.plan().out
    encrypted.edit(lambda text: text.replace("Quellmark", "Quellmar"))
    assert encrypted.apply().code == 0
    assert not (encrypted.path / ".kardia" / "key").exists()


def test_a_saved_plan_is_sealed_with_the_key_in_the_state(encrypted: Desk, tmp_path: Path) -> None:
    encrypted.edit(lambda text: text.replace("hooks.example.com/kardia", "hooks.example.com/other"))
    plan = tmp_path / "saved.plan"
    assert encrypted.plan("--out", str(plan)).code == 0
    assert b" workspace " in plan.read_bytes().partition(b"\n")[0]
    fresh_runner(encrypted)
    assert encrypted.run("show", str(plan)).code == 0
    applied = encrypted.run("apply", str(plan))
    assert applied.code == 0, applied.err
    assert encrypted.plan().out.startswith("No changes.")


def test_a_plan_from_before_the_first_apply_is_applied(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(_VARIABLE, _KEY)
    plan = str(tmp_path / "saved.plan")
    assert desk.plan("--out", plan).code == 0
    assert desk.run("apply", plan).code == 0
    assert desk.plan().out.startswith("No changes.")


@pytest.mark.parametrize(("key", "reason"), [(None, "is not set"), (f"{_KEY}!", "with another key than")])
def test_without_the_key_nothing_is_compared_and_nothing_sent(
    encrypted: Desk, monkeypatch: pytest.MonkeyPatch, key: str | None, reason: str
) -> None:
    monkeypatch.setenv(_VARIABLE, key) if key else monkeypatch.delenv(_VARIABLE)
    path = str(encrypted.path)
    for words in (
        ("plan", path),
        ("apply", path, "--auto-approve"),
        ("status", path),
        ("state", "list", path),
        ("codes", path, "--auto-approve", "--codes-out", str(encrypted.path / "codes.csv")),
    ):
        ran = encrypted.run(*words)
        assert (ran.code, ran.requests) == (1, []), ran
        assert ran.err.count(reason) == 1
        assert "Nothing was compared, nothing was sent" in ran.err
        assert "invented" not in ran.err


def test_line_ends_around_the_key_do_not_count(encrypted: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_VARIABLE, f"{_KEY}\r\n")
    assert encrypted.plan().out.startswith("No changes.")


def test_an_empty_key_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_VARIABLE, "")
    assert f"{_VARIABLE} is set but empty" in desk.plan().err


def test_a_key_in_quotes_or_a_short_one_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, reason in ((f"'{_KEY}'", "has quotes around"), ("qzcut", "is shorter than 16 characters")):
        monkeypatch.setenv(_VARIABLE, key)
        ran = desk.plan()
        assert (ran.code, ran.requests) == (1, [])
        assert f"{_VARIABLE} {reason}" in ran.err
        assert key not in ran.err


def test_the_key_in_the_state_comes_before_others() -> None:
    environ = {_VARIABLE: _KEY, "KARDIA_STATE_KEY": "another invented key"}
    kept = Keys(Path(), environ, stored=lambda: b"the key in the state")
    assert kept.fingerprints() == Keys(Path(), {"KARDIA_STATE_KEY": "the key in the state"}).fingerprints()
    assert "invented" not in repr(kept)


def test_where_the_state_holds_none_the_others_count() -> None:
    environ = {"KARDIA_STATE_KEY": "another invented key"}
    plain = Keys(Path(), environ | {_VARIABLE: _KEY}, stored=bytes)
    assert plain.fingerprints() == Keys(Path(), environ).fingerprints() != b""


@pytest.mark.parametrize("name", [_VARIABLE, "KARDIA_STATE_KEY", "KARDIA_PLAN_KEY", "KARDIA_REVIEW_KEY"])
def test_no_text_of_a_server_repeats_a_key_of_ours(name: str) -> None:
    key = "qz5f0c1b2a93d84e"
    scrub = scrubber(lambda: Configuration(Path(), Desired()), {name: f" {key}\n"})
    said = scrub(f"unknown token {key} in the request")
    assert key not in said
    assert "unknown token" in said
