"""Paths in the tree of a commit, through its symbolic links, without a file system."""

from collections.abc import Callable, Mapping
from posixpath import dirname, join, normpath
from typing import Final

from kardia_ctl.cli.commands.diff.git_program import SYMLINK, TreeEntry

_MOST_LINKS: Final = 40
"""Links that are followed for one path, as in Linux."""

ReadLink = Callable[[TreeEntry], str]
"""The target of a link of the tree."""


def resolved_path(tree: Mapping[str, TreeEntry], path: str, read_link: ReadLink) -> str | None:
    """A path without links on the way, whether or not there is a file; None when it leads out of the tree."""
    for _ in range(_MOST_LINKS):
        path = normpath(path)
        if path == ".." or path.startswith(("../", "/")):
            return None
        link = next((head for head in _heads(path) if head in tree and tree[head].mode == SYMLINK), None)
        if link is None:
            return path
        target = read_link(tree[link])
        path = target if target.startswith("/") else join(dirname(link), target, path[len(link) + 1 :])
    return None


def _heads(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
