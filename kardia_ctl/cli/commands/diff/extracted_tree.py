"""The directory of kardia.yaml as a commit has it, in a private directory for as long as it is read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import dirname, relpath
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.cli.commands.diff.git_program import SUBMODULE, SYMLINK, GitRepository, TreeEntry
from kardia_ctl.cli.commands.diff.tree_paths import resolved_path
from kardia_ctl.config.loader import FILE
from kardia_ctl.model.errors import RunStopped

LARGEST: Final = 4 << 30
"""Bytes of a directory that are extracted: a million patients take about 80 MB of CSV."""


@dataclass(frozen=True, slots=True)
class ExtractedTree:
    """A file that stands for kardia.yaml, and the paths beside it that were left out."""

    main: Path
    skipped: tuple[str, ...]


@contextmanager
def extracted(repository: GitRepository, commit: str, asked: PurePosixPath) -> Iterator[ExtractedTree | None]:
    """The configuration at a path of a commit; None when there is none.

    Encrypted files stay encrypted. The directory (0700) is removed when the block ends.

    Args:
        repository: The objects.
        commit: The commit's full name.
        asked: A path from the top of the repository: kardia.yaml, or its directory.

    Raises:
        RunStopped: git cannot read the commit, or the directory is too large.
    """
    tree = repository.tree(commit)

    def read_link(entry: TreeEntry) -> str:
        return os.fsdecode(repository.content(entry))

    names = (str(asked / FILE), str(asked))
    found = (resolved_path(tree, name, read_link) for name in names)
    main = next((path for path in found if path in tree and tree[path].mode != SUBMODULE), None)
    if main is None:
        yield None
        return
    inside = _below(tree, dirname(main))
    if sum(entry.size for entry in inside.values()) > LARGEST:
        raise RunStopped(
            f"the directory of kardia.yaml has more than {LARGEST >> 30} GiB in the commit {commit[:12]}. "
            "Keep the configuration in a directory of its own"
        )
    with TemporaryDirectory(prefix="kardia-ctl-diff-") as private:
        top = Path(private)
        links = {path: resolved_path(tree, path, read_link) for path in inside if _is_link(inside, path)}
        files = {path: one for path, one in inside.items() if one.mode not in (SYMLINK, SUBMODULE)}
        _write(repository, top, files)
        skipped = [path for path, one in inside.items() if one.mode == SUBMODULE]
        for path, target in links.items():
            if target is not None and _is_inside(files, target):
                (top / path).parent.mkdir(parents=True, exist_ok=True)
                (top / path).symlink_to(relpath(target, dirname(path)))
            else:
                skipped.append(path)
        yield ExtractedTree(top / main, tuple(sorted(skipped)))


def _below(tree: Mapping[str, TreeEntry], folder: str) -> dict[str, TreeEntry]:
    if not folder:
        return dict(tree)
    return {path: entry for path, entry in tree.items() if path.startswith(f"{folder}/")}


def _is_link(tree: Mapping[str, TreeEntry], path: str) -> bool:
    return tree[path].mode == SYMLINK


def _is_inside(files: Mapping[str, TreeEntry], target: str) -> bool:
    """Whether a link's target is a file that was extracted, or a directory of such files."""
    return target in files or any(path.startswith(f"{target}/") for path in files)


def _write(repository: GitRepository, top: Path, files: Mapping[str, TreeEntry]) -> None:
    placed = {top / path: entry for path, entry in files.items()}
    try:
        for folder in {file.parent for file in placed}:
            folder.mkdir(parents=True, exist_ok=True)
        repository.write(placed)
    except FileExistsError as error:
        raise RunStopped("the commit has two files of one name: this file system cannot hold both") from error
