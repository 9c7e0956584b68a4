"""Saved plans that travel: to another checkout, to a reader without keys, or past their day."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Desk


@pytest.fixture
def plan(desk: Desk, tmp_path: Path) -> Path:
    file = tmp_path / "clinic.plan"
    assert desk.plan("--out", str(file)).code == 0
    return file


@pytest.fixture
def artifact(desk: Desk, plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another machine: the checkout and the plan are in other places, and the old ones are gone."""
    checkout = tmp_path / "builds" / "7" / "checkout"
    shutil.copytree(desk.path, checkout / "renamed")
    downloaded = tmp_path / "downloads" / plan.name
    downloaded.parent.mkdir()
    shutil.move(plan, downloaded)
    shutil.rmtree(desk.path)
    monkeypatch.chdir(checkout)
    return downloaded


def test_a_plan_is_applied_in_another_checkout_under_another_name(desk: Desk, artifact: Path) -> None:
    lost = desk.run("apply", str(artifact))
    assert (lost.code, lost.requests) == (1, [])
    assert f"apply {artifact} --config PATH" in lost.err
    ran = desk.run("apply", str(artifact), "--config", "renamed")
    assert ran.code == 0
    assert str(artifact.parent.parent) not in ran.out, "no absolute place"
    assert "renamed/kardia.yaml:" in ran.out


def test_apply_of_a_plan_prints_no_absolute_place(
    desk: Desk, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.path.parent)
    ran = desk.run("apply", plan.name)
    assert ran.code == 0
    assert "clinic/kardia.yaml:" in ran.out
    assert str(desk.path.parent) not in ran.out + ran.err


@pytest.mark.parametrize("sealed", ["KARDIA_PLAN_KEY", "KARDIA_STATE_KEY", "KARDIA_API_KEY"])
def test_a_plan_is_shown_without_its_key_and_says_so_first(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: str
) -> None:
    if sealed != "KARDIA_API_KEY":
        monkeypatch.setenv(sealed, "an invented key of enough characters")
    file = str(tmp_path / "sealed.plan")
    assert desk.plan("--out", file).code == 0
    verified = desk.run("show", file)
    assert "erified" not in verified.out
    assert json.loads(desk.run("show", file, "--json").out)["kardia_ctl"]["verified"] is True
    monkeypatch.delenv(sealed)
    shown = desk.run("show", file)
    assert shown.code == 0
    first, blank, *others = shown.out.splitlines()
    assert first.startswith("Not verified: the key that sealed this plan is not here")
    assert blank == ""
    assert len(others) == len(verified.out.splitlines())
    (digest,) = [line for line in others if line.startswith("Digest: d1:")]
    ours = json.loads(desk.run("show", file, "--json").out)["kardia_ctl"]
    assert (ours["verified"], ours["digest"]) == (False, digest.removeprefix("Digest: "))


def test_the_page_of_a_plan_that_was_not_verified_says_so(
    desk: Desk, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KARDIA_API_KEY")
    page = plan.parent / "page.md"
    assert desk.run("show", str(plan), "--markdown", str(page)).code == 0
    assert "Not verified" in page.read_text()


def test_a_plan_that_was_altered_is_not_shown_where_its_key_is(desk: Desk, plan: Path) -> None:
    plan.write_text(plan.read_text().replace('"create"', '"delete"'))
    ran = desk.run("show", str(plan))
    assert (ran.code, ran.out) == (1, "")
    assert "altered" in ran.err


@pytest.mark.parametrize("data", [b"\n{}", b"\n[]", b"\n", b"\n" + b"[" * 99_999], ids=repr)
def test_what_is_no_plan_is_not_shown_without_a_key(
    desk: Desk, plan: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.delenv("KARDIA_API_KEY")
    plan.write_bytes(plan.read_bytes().partition(b"\n")[0] + data)
    ran = desk.run("show", str(plan))
    assert (ran.code, ran.out) == (1, "")
    assert "not a plan saved by kardia-ctl" in ran.err


def test_a_plan_without_a_verified_seal_is_never_applied(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARDIA_PLAN_KEY", "an invented key of enough characters")
    file = str(tmp_path / "sealed.plan")
    assert desk.plan("--out", file).code == 0
    monkeypatch.delenv("KARDIA_PLAN_KEY")
    ran = desk.run("apply", file)
    assert (ran.code, ran.requests) == (1, [])
    assert "sealed with a key that is not available here" in ran.err


def test_a_stale_plan_is_said_in_terraforms_words_and_then_why(desk: Desk, plan: Path) -> None:
    desk.edit(lambda text: text + "\n# a comment is a change too\n")
    ran = desk.run("apply", str(plan))
    assert (ran.code, ran.requests) == (1, [])
    first, second = ran.err.splitlines()
    assert first == "Error: Saved plan is stale"
    assert second.startswith("The saved plan is refused: the configuration changed since: ")


def test_a_plan_that_was_used_or_is_too_old_is_stale_too(desk: Desk, plan: Path) -> None:
    old = desk.run("apply", str(plan), "--max-age", "0")
    assert old.err.splitlines()[0] == "Error: Saved plan is stale"
    assert "--max-age is 0s" in old.err.splitlines()[1]
    assert desk.run("apply", str(plan)).code == 0
    used = desk.run("apply", str(plan))
    assert used.err.splitlines()[0] == "Error: Saved plan is stale"
    assert "it was applied before" in used.err.splitlines()[1]


def test_the_stream_has_the_words_as_its_summary(desk: Desk, plan: Path) -> None:
    desk.edit(lambda text: text + "\n# a comment is a change too\n")
    lines = [json.loads(line) for line in desk.run("apply", str(plan), "--json").out.splitlines()]
    (found,) = [line["diagnostic"] for line in lines if line["type"] == "diagnostic"]
    assert found["summary"] == "Saved plan is stale"
    assert "the configuration changed since" in found["detail"]


def test_a_seal_by_a_weaker_key_than_is_required_verifies_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.apply().code == 0, "there is a key of the workspace"
    file = str(tmp_path / "weak.plan")
    assert desk.plan("--out", file).code == 0
    assert not desk.run("show", file).out.startswith("Not verified")
    monkeypatch.setenv("KARDIA_PLAN_KEY", "an invented key of enough characters")
    assert desk.run("show", file).out.startswith("Not verified")
    assert json.loads(desk.run("show", "--json", file).out)["kardia_ctl"]["verified"] is False
