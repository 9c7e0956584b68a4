"""The .gitignore that init writes covers every output under the names that the documents give it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.cli.main import run
from kardia_ctl.cli.private_files import temporary_name
from tests.docs.pages import PAGES, blocks

OPTION = re.compile(
    r"--(?:out|html|markdown|results|codes-out|report|csv|plot|patch) ([\w./-]+\.\w+|[\w-]+/[\w-]+)"
)
REDIRECTED = re.compile(r"kardia-ctl [^|>#\n]*> ([\w./-]+\.\w+)")
INPUTS = {"live.csv"}
"""Outputs that the documents make into a source of a cohort."""


def outputs() -> Iterator[str]:
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("sh", "bash"):
                for pattern in (OPTION, REDIRECTED):
                    yield from map(_below, pattern.findall(block.text))


def _below(name: str) -> str:
    """A file's name without its directory; a directory's whole."""
    return Path(name).name if Path(name).suffix else f"{name}/letter.pdf"


NAMES = sorted({*outputs(), "spring.rejected.csv", "spring.rejected.csv.age", "kardia-key-1"} - INPUTS)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("repository")
    assert run(["init", str(path)]) == 0
    subprocess.run(["git", "init", "-q"], cwd=path, check=True)
    return path


def is_ignored(repository: Path, name: str) -> bool:
    return subprocess.run(["git", "check-ignore", "-q", name], cwd=repository, check=False).returncode == 0


@pytest.mark.parametrize("name", ["patients.yaml", "spring.rejected.csv", "é" * 120])
def test_what_sigkill_leaves_of_a_file_is_ignored(name: str, repository: Path) -> None:
    assert is_ignored(repository, temporary_name(Path(name)).name)


@pytest.mark.parametrize("name", NAMES)
def test_an_output_is_ignored(name: str, repository: Path) -> None:
    assert is_ignored(repository, name), name


@pytest.mark.parametrize(
    "name",
    [
        "kardia.yaml",
        "patients/joe.yaml",
        "patients/joe.yaml.age",
        "cohorts/spring.csv",
        "cohorts/careplan.json",
    ],
)
def test_a_source_is_not(name: str, repository: Path) -> None:
    assert not is_ignored(repository, name)


def test_the_documents_name_outputs() -> None:
    assert len(NAMES) > 10
