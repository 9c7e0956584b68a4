"""``init --github|--gitlab|--pre-commit``: what is written, and what never is."""

from pathlib import Path

import pytest

from kardia_ctl import __version__
from kardia_ctl.cli.main import run
from tests.recipes.written import RECIPES, WORKFLOWS, read, workflow


def _contents(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text(encoding="utf-8")
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("--github", {f".github/workflows/kardia-{name}.yml" for name in ("review", "apply", "drift")}),
        ("--gitlab", {".gitlab/kardia.yml", ".gitlab-ci.yml"}),
        ("--pre-commit", {".pre-commit-config.yaml"}),
    ],
)
def test_each_option_writes_its_files_beside_the_first_ones(
    option: str, names: set[str], tmp_path: Path
) -> None:
    assert run(["init", str(tmp_path), option]) == 0
    written = _contents(tmp_path)
    assert written.keys() == {"kardia.yaml", ".gitignore", ".yamllint", *names}
    assert any(__version__ in written[name] for name in names)
    assert not any("@VERSION@" in text for text in written.values())


def test_a_file_that_exists_is_never_changed_and_what_to_add_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (
        "kardia.yaml",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        ".yamllint",
        ".github/workflows/kardia-apply.yml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine\n")
    (tmp_path / ".gitlab").mkdir()
    (tmp_path / ".gitlab" / "kardia.yml").symlink_to("nowhere")
    before = _contents(tmp_path)
    assert run(["init", str(tmp_path), "--github", "--gitlab", "--pre-commit"]) == 0
    after = _contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert not (tmp_path / ".gitlab" / "nowhere").exists()
    said = capsys.readouterr().err
    assert "include: [{local: .gitlab/kardia.yml}]" in said
    assert "entry: kardia-ctl validate" in said
    assert said.count("already exists and was not changed") == 5


def test_what_is_there_already_as_it_would_be_written_is_not_mentioned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(["init", str(tmp_path), "--github", "--gitlab", "--pre-commit"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("directory", ["clinics/north", "clinics/Nord: Süd", "on"])
def test_recipes_go_to_the_top_of_the_repository_and_name_the_directory(
    directory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(["init", directory, "--github", "--gitlab", "--pre-commit"]) == 0
    assert {str(file.relative_to(tmp_path / directory)) for file in (tmp_path / directory).iterdir()} == {
        "kardia.yaml",
        ".gitignore",
    }
    for name in WORKFLOWS:
        assert workflow(tmp_path, name)["env"]["KARDIA_DIRECTORY"] == directory
    assert read(tmp_path / ".gitlab" / "kardia.yml")[".kardia"]["variables"]["KARDIA_DIRECTORY"] == directory
    (hook,) = read(tmp_path / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert hook["args"] == [directory]
    assert "Wrote .github/workflows/kardia-review.yml" in capsys.readouterr().out
    assert run(["init", "south", "--github"]) == 0
    assert "another configuration" in capsys.readouterr().err


def test_a_kardia_yaml_that_exists_is_fine_with_a_recipe_and_an_error_without(tmp_path: Path) -> None:
    (tmp_path / "kardia.yaml").write_text("version: 1\n")
    assert run(["init", str(tmp_path)]) == 1
    assert run(["init", str(tmp_path), "--github"]) == 0


def test_every_recipe_is_written_by_some_option(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--github", "--gitlab", "--pre-commit"]) == 0
    written = set(_contents(tmp_path).values())
    for file in RECIPES.iterdir():
        assert file.read_text(encoding="utf-8").replace("@VERSION@", __version__) in written, file.name
