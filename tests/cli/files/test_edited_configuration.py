"""kardia.yaml is edited whole or not at all, and keeps what it is."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.files.edited_configuration import add_to_configuration, not_included
from kardia_ctl.config.writing.additions import Additions, with_additions
from kardia_ctl.model.errors import RunStopped

ADDED = Additions(include=("patients/a.yaml",))
BEFORE = "version: 1\n"


@pytest.fixture
def main(tmp_path: Path) -> Path:
    file = tmp_path / "kardia.yaml"
    file.write_text(BEFORE)
    return file


def test_an_edited_file_keeps_its_mode_and_leaves_nothing_beside_it(main: Path) -> None:
    main.chmod(0o664)
    assert add_to_configuration(main, ADDED)
    assert '  - "patients/a.yaml"\n' in main.read_text()
    assert main.stat().st_mode & 0o777 == 0o664
    assert [path.name for path in main.parent.iterdir()] == ["kardia.yaml"]


def test_a_file_that_somebody_edits_meanwhile_stays_as_theirs(
    main: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(data: bytes, additions: Additions) -> bytes | None:
        main.write_text(f"{BEFORE}team: theirs\n")
        return with_additions(data, additions)

    monkeypatch.setattr("kardia_ctl.cli.files.edited_configuration.with_additions", slowly)
    assert not add_to_configuration(main, ADDED)
    assert main.read_text() == f"{BEFORE}team: theirs\n"
    assert [path.name for path in main.parent.iterdir()] == ["kardia.yaml"]


def test_a_file_that_cannot_be_written_stays(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert not add_to_configuration(main, ADDED)
    assert main.read_text() == BEFORE
    assert [path.name for path in main.parent.iterdir()] == ["kardia.yaml"]


def test_a_file_that_is_gone_is_said(main: Path) -> None:
    main.unlink()
    with pytest.raises(RunStopped, match="cannot be read: No such file"):
        add_to_configuration(main, ADDED)


def test_only_what_no_pattern_finds_is_to_be_included(main: Path) -> None:
    files = [main.parent / "patients" / f"imported-{number}.yaml" for number in (1, 2)]
    files[0].parent.mkdir()
    for file in files:
        file.write_text("patients: []\n")
    assert not_included(main, files) == ("patients/imported-*.yaml",)
    assert not_included(main, files[:1]) == ("patients/imported-1.yaml",)
    (files[0].parent / "imported-old.yaml").write_text("somebody's draft")
    assert not_included(main, files) == ("patients/imported-1.yaml", "patients/imported-2.yaml")
    main.write_text("version: 1\ninclude: ['patients/*-1.yaml', '../x', 'a**/**/**']\n")
    assert not_included(main, files) == ("patients/imported-2.yaml",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_an_edited_file_keeps_its_owner(main: Path) -> None:
    """An import that root runs must not take kardia.yaml away from whoever edits it."""
    os.chown(main, 12345, 12345)
    assert add_to_configuration(main, ADDED)
    assert (main.stat().st_uid, main.stat().st_gid) == (12345, 12345)
