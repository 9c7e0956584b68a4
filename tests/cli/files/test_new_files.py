"""New files appear together, whole, over nothing that is there; or none of them does."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kardia_ctl.cli.files.new_files import NewFile, write_new_files
from kardia_ctl.model.errors import RunStopped


def three(directory: Path) -> list[NewFile]:
    return [NewFile(directory / "deep" / f"{name}.yaml", [name.encode(), b"\n"]) for name in "abc"]


def names(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


def test_files_appear_whole_and_private(tmp_path: Path) -> None:
    written = write_new_files(three(tmp_path))
    assert names(tmp_path) == ["deep", "deep/a.yaml", "deep/b.yaml", "deep/c.yaml"]
    assert [path.read_bytes() for path in written] == [b"a\n", b"b\n", b"c\n"]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert {path.stat().st_nlink for path in written} == {1}


def test_a_file_that_is_there_stays_and_the_others_do_not_come(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.yaml").write_text("mine")
    with pytest.raises(RunStopped, match=r"b\.yaml appeared meanwhile, and was not replaced\. Nothing"):
        write_new_files(three(tmp_path))
    assert names(tmp_path) == ["deep", "deep/b.yaml"]
    assert (tmp_path / "deep" / "b.yaml").read_text() == "mine"


def test_a_link_that_leads_nowhere_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunStopped, match="was not replaced"):
        write_new_files(three(tmp_path))
    assert names(tmp_path) == ["deep", "deep/b.yaml"]


def failing(pieces: list[bytes], error: BaseException) -> Iterator[bytes]:
    yield from pieces
    raise error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_file_that_cannot_be_completed_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    files = three(tmp_path)
    files[2] = NewFile(files[2].path, failing([b"half"], error))
    with pytest.raises((RunStopped, KeyboardInterrupt)):
        write_new_files(files)
    assert names(tmp_path) == []


def no_links(*_: Any, **__: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_links_gets_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", no_links)
    write_new_files(three(tmp_path))
    assert names(tmp_path) == ["deep", "deep/a.yaml", "deep/b.yaml", "deep/c.yaml"]
    with pytest.raises(RunStopped, match="was not replaced"):
        write_new_files(three(tmp_path))
    assert (tmp_path / "deep" / "a.yaml").read_bytes() == b"a\n"


def test_a_name_that_cannot_be_given_takes_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(self: Path, target: Path) -> Path:
        if target.name == "c.yaml":
            raise OSError(errno.EIO, "Input/output error")
        os.replace(self, target)  # noqa: PTH105  (Path.replace is this)
        return target

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(RunStopped, match=r"c\.yaml could not be written: Input/output error\. Nothing"):
        write_new_files(three(tmp_path))
    assert names(tmp_path) == []


def test_what_cannot_be_taken_back_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.yaml").write_text("mine")
    unlink = Path.unlink

    def stubborn(self: Path, missing_ok: bool = False) -> None:
        if self.name == "a.yaml":
            raise OSError(errno.EACCES, "Permission denied")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", stubborn)
    with pytest.raises(RunStopped, match=r"could not be removed: \S+/a\.yaml\. Remove them") as caught:
        write_new_files(three(tmp_path))
    assert "b.yaml" not in str(caught.value)
    assert (tmp_path / "deep" / "c.yaml").read_text() == "mine"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file")
    with pytest.raises(RunStopped, match="could not be written: Not a directory"):
        write_new_files(three(tmp_path))
