"""Every example is valid, and plans against the embedded sandbox; the stories end as they say."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kardia_ctl.render.plan.summary import NO_CHANGES
from tests.benchmarks.processes import SCRIPT
from tests.paths import EXAMPLES

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/kardia.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_valid_and_plans(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copytree(EXAMPLES / name, path, ignore=shutil.ignore_patterns(".kardia"))
    for arguments in (("validate",), ("plan", "--sandbox")):
        command = [SCRIPT, *arguments, str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        assert "Error" not in ran.stderr
    assert " to add, 0 to change, 0 to destroy." in ran.stdout


_needs_git = pytest.mark.skipif(
    not os.environ.get("TESTS_IN_CI") and shutil.which("git") is None, reason="git is not installed"
)


def _story(name: str, place: Path) -> str:
    """What the story of an example prints; it makes the directory ``clinic``."""
    bin_directory = Path(SCRIPT).parent
    ran = subprocess.run(
        ["sh", str(EXAMPLES / name / "run.sh"), "clinic"],
        cwd=place,
        env={**os.environ, "PATH": f"{bin_directory}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
    return ran.stdout


@_needs_git
def test_an_existing_account_becomes_a_repository(tmp_path: Path) -> None:
    """The story of examples/existing-account: 2,000 patients, and one write, the second entry of somebody."""
    told = _story("existing-account", tmp_path)
    ends = re.findall(r"^(?:Plan: .*|No changes\..*|Apply complete!.*)$", told, re.MULTILINE)
    assert ends == [
        "Plan: 2004 to import, 0 to add, 0 to change, 0 to destroy.",
        "Apply complete! Resources: 2004 imported, 0 added, 0 changed, 0 destroyed.",
        f"{NO_CHANGES} 3504 resources are as declared, 1500 of them unverifiable.",
        "Apply complete! Resources: 1500 imported, 0 added, 0 changed, 0 destroyed.",
        f"{NO_CHANGES} 3504 resources are as declared.",
        f"{NO_CHANGES} 3503 resources are as declared; 1 drifted.",
        "Plan: 1 to import, 0 to add, 0 to change, 1 to destroy.",
        "Apply complete! Resources: 1 imported, 0 added, 0 changed, 1 destroyed.",
        f"{NO_CHANGES} 3505 resources are as declared.",
        "Plan: 0 to add, 0 to change, 0 to destroy. 1 to move.",
        "Apply complete! Resources: 0 added, 0 changed, 0 destroyed. 1 moved.",
        f"{NO_CHANGES} 3505 resources are as declared.",
        f"{NO_CHANGES} 3505 resources are as declared.",
    ]
    assert re.findall(r"sent \(\d+ reads, (\d+) writes?\)", told) == ["0", "0", "1", "0"]
    assert " 1 file changed, 1 insertion(+), 1 deletion(-)" in told
    files = [path for path in (tmp_path / "clinic").rglob("*") if path.is_file() and ".git" not in path.parts]
    assert {path.name for path in files} >= {
        "everybody.csv.age",
        "everybody.yaml.age",
        "patients-twins.yaml.age",
    }
    for path in files:
        assert not re.search(rb"(?:odd|edda|patient-[0-9]+)@example\.com", path.read_bytes()), path


@_needs_git
def test_a_clinic_lives_in_git(tmp_path: Path) -> None:
    """The story of examples/gitops: what is applied is what was approved, and nobody's name is on a page."""
    told = _story("gitops", tmp_path)
    ends = re.findall(r"^(?:### .*|Apply complete!.*|Error: [^:,]*)", told, re.MULTILINE)
    digest = r" Digest: `d1:[0-9a-z]{20}`"
    assert [re.sub(digest, "", end) for end in ends] == [
        "### Plan: 2 to import, 0 to add, 0 to change, 0 to destroy.",
        "Apply complete! Resources: 2 imported, 0 added, 0 changed, 0 destroyed.",
        "### Plan: 1 to add, 0 to change, 0 to destroy.",
        "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
        "### Plan: 1 to add, 0 to change, 0 to destroy.",
        "### Plan: 1 to add, 0 to change, 0 to destroy.",
        "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
        "Error: this plan is not the one that was approved",
        *[end for end in ends if "drift" in end.lower()],
        f"### {NO_CHANGES} 4 resources are as declared.",
        "### Plan: 0 to add, 0 to change, 1 to destroy.",
        "Error: two_person in kardia.yaml wants a second person for patient/~0cpqrb2006 (delete)",
        "Apply complete! Resources: 0 added, 0 changed, 1 destroyed.",
    ]
    assert "the same person" in told
    assert "departure: withdrew-consent" in told
    assert f"{NO_CHANGES} 3 resources are as declared." in told
    assert "The audit log is whole" in told
    _, *pages = told.split("--- the comment")
    for page in pages:
        shown = page.partition("\n==")[0].partition("\n$ ")[0]
        assert not re.search(r"CL-1|OL-[12]|example\.com|letter of the second", shown), shown
