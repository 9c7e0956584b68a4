"""Files of SOPS: the binary mode is read by the program, every other mode is refused with the reason."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kardia_ctl.config import load
from kardia_ctl.config.encryption.plain_texts import Unlocking
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError
from tests.config.encryption.sealing import OURS

PATIENTS = "patients:\n  - {mrn: 0012345, dob: 2000-07-21, email: a@example.com}\n"
YAML = """\
patients:
    - mrn: ENC[AES256_GCM,data:AAAA,iv:AAAA=,tag:AAAA==,type:int]
      dob: ENC[AES256_GCM,data:AAAA,iv:AAAA=,tag:AAAA==,type:time]
sops:
    mac: ENC[AES256_GCM,data:AAAA,iv:AAAA=,tag:AAAA==,type:str]
    version: 3.11.0
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("kardia.yaml").write_text("version: 1\ninclude: [p.yaml]\n")
    return tmp_path


def read(environ: dict[str, str]) -> Configuration:
    return load(Path(), {}, unlocking=Unlocking(environ=environ))


def problem(environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(environ or {})
    return str(caught.value)


@pytest.fixture
def sops(place: Path) -> dict[str, str]:
    """An environment with the program, and p.yaml in its binary mode."""
    (place / "p.yaml").write_text(PATIENTS)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environ = {"PATH": path, "HOME": str(place), "SOPS_AGE_KEY": OURS.identity}
    words = ["sops", "-e", "-i", "--age", OURS.recipient, "--input-type", "binary", "--output-type", "binary"]
    subprocess.run([*words, "p.yaml"], env=environ, cwd=place, check=True)
    return environ


def program(place: Path, script: str) -> dict[str, str]:
    """An environment with another program called sops, and a file in the binary mode."""
    (place / "p.yaml").write_text('{\n\t"data": "ENC[AES256_GCM,data:AAAA",\n\t"sops": {}\n}\n')
    file = place / "bin" / "sops"
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    return {"PATH": f"{file.parent}:/usr/bin:/bin", "KARDIA_API_KEY": "ours", "THEIRS": "theirs"}


def test_a_file_in_the_binary_mode_is_read_byte_for_byte(sops: dict[str, str], place: Path) -> None:
    stored = json.loads((place / "p.yaml").read_text())
    assert stored["data"].startswith("ENC[")
    found = read(sops)
    assert [*found.desired.patients] == ["0012345"]
    assert found.desired.patients["0012345"].line == 2
    assert found.plain_people == ()


def test_a_cohort_in_the_binary_mode_is_read_too(sops: dict[str, str], place: Path) -> None:
    (place / "c.csv").write_text("mrn,dob,email\n0099,2000-07-21,a@example.com\n")
    words = ["sops", "-e", "-i", "--age", OURS.recipient, "--input-type", "binary", "--output-type", "binary"]
    subprocess.run([*words, "c.csv"], env=sops, cwd=place, check=True)
    (place / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.csv}}\n")
    assert [*read(sops).desired.patients] == ["0099"]


def test_what_is_altered_in_it_is_refused(sops: dict[str, str], place: Path) -> None:
    stored = (place / "p.yaml").read_text()
    at = stored.index("data:") + 6
    (place / "p.yaml").write_text(stored[:at] + ("A" if stored[at] != "A" else "B") + stored[at + 1 :])
    assert "p.yaml:1:1: sops could not decrypt the file (exit " in problem(sops)


def test_without_the_key_the_program_says_why(sops: dict[str, str]) -> None:
    assert "Run sops decrypt FILE to see why" in problem({**sops, "SOPS_AGE_KEY": ""})


def test_without_the_program_it_is_named(sops: dict[str, str]) -> None:
    assert "p.yaml:1:1: the file is encrypted with SOPS, and the program sops is not there" in problem()


def test_the_program_gets_no_key_of_ours_and_its_messages_are_not_repeated(place: Path) -> None:
    environ = program(place, 'env > env.txt; echo "Ann Quist" >&2; exit 3')
    told = problem(environ)
    assert "exit 3" in told
    assert "Quist" not in told
    assert "THEIRS=theirs" in (place / "env.txt").read_text()
    assert "KARDIA_API_KEY" not in (place / "env.txt").read_text()


def test_what_a_failed_program_has_printed_is_not_used(place: Path) -> None:
    environ = program(place, f"printf '{PATIENTS.encode('unicode_escape').decode()}'; exit 1")
    assert "exit 1" in problem(environ)


def test_a_program_that_does_not_end_is_ended(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kardia_ctl.config.encryption.sops._SECONDS", 0.2)
    assert "sops did not end within" in problem(program(place, "exec sleep 100"))


def test_a_program_that_cannot_be_started_is_named(place: Path) -> None:
    environ = program(place, "")
    file = place / "bin" / "sops"
    file.write_bytes(b"\x7fELF no program")
    assert stat.S_IMODE(file.stat().st_mode) == 0o700
    assert "the program sops cannot be started" in problem(environ)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (YAML, 2),
        ("version: 1\n" + YAML, 3),
        ("# a comment\npatients:\n- mrn: A\n  email: ENC[AES256_GCM,data:AAAA,type:str]\n", 4),
        ('{"patients": [\n{"mrn": "ENC[AES256_GCM,data:AAAA,type:str]"}], "sops": {}}', 2),
        ("mrn=ENC[AES256_GCM,data:AAAA,type:str]\n", 1),
    ],
    ids=["yaml", "more above", "some values", "json", "dotenv"],
)
def test_values_that_were_encrypted_one_by_one_are_refused_with_the_reason(
    text: str, line: int, place: Path
) -> None:
    (place / "p.yaml").write_text(text)
    told = problem()
    assert told.startswith(
        f"p.yaml:{line}:1: SOPS encrypted the values of this file one by one: it parsed them"
    )
    assert "turns 0012345 into 5349" in told
    assert "kardia-ctl encrypt" in told


def test_a_bundle_whose_values_were_encrypted_is_refused(place: Path) -> None:
    (place / "c.json").write_text('{\n"resourceType": "ENC[AES256_GCM,data:AAAA,type:str]"}\n')
    (place / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.json, identifier: x}}\n")
    assert "c.json:2:1: SOPS encrypted the values" in problem()


def test_a_text_that_only_names_the_mark_is_read(place: Path) -> None:
    note = "# never write ENC[AES256_GCM,data:…] by hand\n"
    (place / "p.yaml").write_text(note + PATIENTS)
    assert read({}).desired.patients
