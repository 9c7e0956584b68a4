"""What surrounds a value on its way here is no part of it, and what is left of a missing one is said."""

from pathlib import Path

import pytest
from hypothesis import given, strategies

from kardia_ctl.cli import environment
from kardia_ctl.cli.account.read_configuration import unlocking
from kardia_ctl.model.errors import RunStopped
from tests.cli.conftest import Desk

KEY = "kY3-an-invented-key-0001"


@pytest.mark.parametrize(
    "written",
    [KEY, f"{KEY}\n", f"{KEY}\r\n", f"  {KEY}\t", f"\ufeff{KEY}", f"{KEY}\u00a0", f"\n\n{KEY}\n\n"],
)
def test_blanks_and_line_ends_around_a_secret_are_no_part_of_it(written: str) -> None:
    assert environment.given({"KARDIA_API_KEY": written}, "KARDIA_API_KEY") == KEY


@pytest.mark.parametrize("quotes", ['""', "''", "“”", "\u2018\u2019", "„“", "«»", "``"])
@pytest.mark.parametrize("around", ["{}", "{}\n", " {} "])
def test_quotes_around_a_secret_are_named_and_the_secret_is_not(quotes: str, around: str) -> None:
    written = around.format(f"{quotes[0]}{KEY}{quotes[1]}")
    with pytest.raises(RunStopped, match="KARDIA_STATE_KEY has quotes around its value") as refused:
        environment.given({"KARDIA_STATE_KEY": written}, "KARDIA_STATE_KEY")
    assert KEY not in str(refused.value)


@given(strategies.text(alphabet="abcXYZ019-_./'\"", min_size=1, max_size=40))
def test_a_secret_without_quotes_around_it_is_kept_as_it_is(key: str) -> None:
    if key[0] in "'\"" and key[0] == key[-1] and len(key) > 1:
        return
    assert environment.given({"KARDIA_PLAN_KEY": key}, "KARDIA_PLAN_KEY") == key


@pytest.mark.parametrize("empty", ["", " ", "\n", "\t\r\n"])
@pytest.mark.parametrize("name", environment.SECRETS)
def test_a_secret_that_is_empty_is_said(name: str, empty: str) -> None:
    (warning,) = environment.empty_secrets({name: empty})
    assert warning.startswith(f"{name} is set but empty")


def test_a_secret_that_is_set_or_not_there_is_not_said() -> None:
    assert environment.empty_secrets({"KARDIA_API_KEY": KEY}) == ()


@pytest.mark.parametrize("written", ["{}", "{}\n", "# created: 2026-01-01\n{}\n", "file:{}"])
def test_an_identity_where_its_file_is_named_is_not_repeated(written: str) -> None:
    secret = "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2
    with pytest.raises(RunStopped, match="KARDIA_AGE_IDENTITY_FILE holds an age identity") as refused:
        unlocking({"KARDIA_AGE_IDENTITY_FILE": written.format(secret.lower())}).identities()
    assert secret[16:].lower() not in str(refused.value)


def test_a_key_where_its_file_is_named_is_not_repeated(desk: Desk, tmp_path: Path) -> None:
    told = desk.plan("--api-key-file", KEY).err
    assert "Its name is not repeated here" in told
    assert KEY not in told
    assert f"{tmp_path / 'gone'}: No such file" in desk.plan("--api-key-file", str(tmp_path / "gone")).err


@pytest.mark.parametrize("value", ["true", "1", "yes", "woodpecker"])
def test_ci_is_a_job(value: str) -> None:
    assert environment.is_ci({"CI": value})


@pytest.mark.parametrize("value", ["", " ", "false", "False ", "0", "no", "off"])
def test_a_ci_that_says_no_is_no_job(value: str) -> None:
    assert not environment.is_ci({"CI": value})
    assert not environment.is_ci({})


def test_an_empty_no_color_asks_for_nothing() -> None:
    assert [environment.wants_no_colour({"NO_COLOR": value}) for value in ("", "1", "0")] == [
        False,
        True,
        True,
    ]
    assert not environment.wants_no_colour({})


@pytest.mark.parametrize("value", ["", " \n"])
def test_a_key_that_is_set_to_nothing_is_named(
    desk: Desk, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the job lacks the secret, no other place has a key either."""
    monkeypatch.setenv("KARDIA_API_KEY", value)
    ran = desk.run("plan", str(desk.path))
    assert (ran.code, ran.requests) == (1, [])
    assert (
        "no API key: KARDIA_API_KEY is set but empty, and counts as not set. In CI: does the job" in ran.err
    )


def test_a_key_file_that_is_empty_is_named(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "ek").write_text("\n")
    ran = desk.run("plan", str(desk.path), "--api-key-file", str(tmp_path / "ek"))
    assert (ran.code, ran.requests) == (1, [])
    assert f"no API key: {tmp_path / 'ek'} is empty" in ran.err
