"""``plan`` and ``show`` with --markdown and --html: what is written, and over what."""

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Desk

PAGES = ("--markdown", "--html")


def page(desk: Desk, option: str, *arguments: str) -> str:
    file = desk.path.parent / "page"
    desk.run(*arguments, option, str(file))
    return file.read_text(encoding="utf-8")


@pytest.fixture
def saved(desk: Desk) -> Path:
    file = desk.path.parent / "saved.plan"
    assert desk.plan("--out", str(file)).code == 0
    return file


@pytest.mark.parametrize("option", PAGES)
def test_a_plan_and_its_saved_file_give_pages_and_the_same_output_as_without(
    desk: Desk, saved: Path, option: str
) -> None:
    file = desk.path.parent / "page"
    planned, with_page = desk.plan(), desk.plan(option, str(file))
    assert (with_page.code, with_page.out) == (planned.code, planned.out)
    assert "to add" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    shown = desk.run("show", str(saved), option, str(file))
    assert (shown.code, shown.out) == (0, desk.run("show", str(saved)).out)
    assert "to add" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", PAGES)
def test_a_page_names_nobody_even_with_show_phi(desk: Desk, option: str) -> None:
    text = page(desk, option, "plan", str(desk.path), "--show-phi")
    assert "patient/~" in text
    for value in ("CL-0001042", "Ottoline", "1958-03-14", "ottoline.fernquist"):
        assert value not in text


@pytest.mark.parametrize("option", PAGES)
def test_a_page_replaces_a_page_of_its_kind_and_nothing_else(desk: Desk, option: str) -> None:
    file = desk.path.parent / "page"
    assert desk.plan(option, str(file)).code == 0
    assert desk.plan(option, str(file)).code == 0
    other = next(one for one in PAGES if one != option)
    assert desk.plan(other, str(file)).code == 1
    file.write_text("my notes\n", encoding="utf-8")
    ran = desk.plan(option, str(file))
    assert (ran.code, ran.out) == (1, "")
    assert "kardia-ctl did not write it" in ran.err
    assert file.read_text(encoding="utf-8") == "my notes\n"


@pytest.mark.parametrize("option", PAGES)
def test_a_page_never_overwrites_an_input_another_output_or_a_plan(
    desk: Desk, saved: Path, option: str
) -> None:
    for name in (desk.path / "kardia.yaml", desk.path / ".kardia" / "page", "-", desk.path):
        ran = desk.plan(option, str(name))
        assert ran.code != 0
        assert ran.out == ""
    both = str(desk.path.parent / "both")
    assert desk.plan("--markdown", both, "--html", both).code == 1
    assert desk.plan("--out", both, option, both).code == 1
    assert not Path(both).exists()
    before = saved.read_bytes()
    assert desk.run("show", str(saved), option, str(saved)).code == 1
    assert saved.read_bytes() == before


def test_a_blocked_plan_has_its_page_and_its_exit_code(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.edit(lambda text: text.replace("1958-03-14", "1958-03-15"))
    file = desk.path.parent / "page.md"
    assert desk.plan("--markdown", str(file), "--detailed-exitcode").code == 3
    assert "#### Blocked: 1" in file.read_text(encoding="utf-8")


def test_the_marker_names_the_place_in_the_repository_and_no_path_of_the_machine(desk: Desk) -> None:
    (desk.path.parent / ".git").mkdir()
    text = page(desk, "--markdown", "plan", str(desk.path))
    assert text.startswith(f"<!-- kardia-ctl review {desk.path.name} default -->\n")
    assert str(desk.path.parent) not in text
    (desk.path.parent / ".git").rmdir()
    (desk.path / ".git").mkdir()
    assert page(desk, "--markdown", "plan", str(desk.path)).startswith(
        "<!-- kardia-ctl review . default -->\n"
    )


def test_a_page_may_go_to_a_pipe(desk: Desk) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    assert desk.plan("--markdown", f"/dev/fd/{writing}").code == 0
    os.close(writing)
    assert os.read(reading, 100).startswith(b"<!-- kardia-ctl review ")
    os.close(reading)


def test_a_plan_that_is_not_there_is_not_called_another_file(desk: Desk, tmp_path: Path) -> None:
    ran = desk.run("show", str(tmp_path / "t.plan"))
    assert ran.code == 1
    assert "t.plan: No such file or directory" in ran.err
