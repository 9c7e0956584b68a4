"""Both sides of ``kardia-ctl diff``: which revisions are meant, and what they declare."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

import click

from kardia_ctl.cli.account.git_index import repository_of
from kardia_ctl.cli.account.read_configuration import unlocking
from kardia_ctl.cli.commands.diff.extracted_tree import extracted
from kardia_ctl.cli.commands.diff.git_program import GitRepository
from kardia_ctl.config.declared import Declared, load_declared
from kardia_ctl.config.loader import main_file
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.declared.difference import Revision
from kardia_ctl.model.errors import ConfigurationError, RunStopped
from kardia_ctl.render.text import count_of
from kardia_ctl.timing import system_instant

_NOTHING: Final = ("0" * 40, "0" * 64)
"""What CI systems call the revision before the first: of a new branch, for one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line names: two revisions (``head`` None for the work tree) and a path."""

    base: str
    head: str | None
    path: Path


def asked_for(base: str, second: str | None, third: Path | None) -> Asked:
    """What BASE [HEAD] [PATH] mean. As with git, BASE..HEAD is both, and a single word after BASE either.

    Raises:
        UsageError: it is both a revision and a path, or neither; or the words are of another form.
        RunStopped: git refuses the repository.
    """
    if ".." in base:  # no name of a revision has two dots
        return _range(base, second, third)
    if second is None or third is not None:
        return Asked(base, second, third or Path())
    path, repository = Path(second), repository_of(Path())
    known = repository and (second in _NOTHING or GitRepository(repository, os.environ).known(second))
    if known and path.exists():
        raise click.UsageError(
            f"{second!r} is both a revision and a path. Write HEAD and PATH: diff {base} HEAD {second}"
        )
    if not known and not path.exists():
        raise click.UsageError(f"{second!r} is neither a revision that git knows here nor a path")
    return Asked(base, second, Path()) if known else Asked(base, None, path)


def _range(text: str, path: str | None, more: Path | None) -> Asked:
    base, _, head = text.partition("..")
    base, merged = base or "HEAD", head.removeprefix(".") or "HEAD"
    if head.startswith("."):
        raise click.UsageError(
            f"three dots are not understood here. Write: diff $(git merge-base {base} {merged}) {merged}"
        )
    if more is not None:
        raise click.UsageError(f"{text} names both revisions already: write only PATH after it")
    return Asked(base, merged, Path(path or ""))


@dataclass(frozen=True, slots=True)
class DeclaredSide:
    """A revision, and what it declares: nothing when it could not be read."""

    revision: Revision
    declared: Declared


class Revisions:
    """Reads what revisions of one path declare."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        """Find the repository. Raises ``RunStopped`` when there is none."""
        place = Path(os.path.abspath(path))  # noqa: PTH100  (a link is tracked as a link)
        top = next((above for above in (place, *place.parents) if (above / ".git").exists()), None)
        if top is None:
            raise RunStopped(f"{path} is in no git repository: diff compares revisions that git has")
        self._path: Final = path
        self._asked: Final = PurePosixPath(place.relative_to(top).as_posix())
        self._repository: Final = GitRepository(top, environ)
        given = {name: value for name, value in environ.items() if value.strip()}
        self._unlocking: Final = unlocking(given)  # a pipeline of a fork has secrets that are empty
        self._now: Final = system_instant()

    def base(self, name: str) -> DeclaredSide:
        """The first side. What is wrong with it is recorded, and everything counts as new.

        Raises:
            RunStopped: git cannot read it.
        """
        if name in _NOTHING:
            return self._nothing(Revision(name, missing="it is no commit"))
        try:
            return self._side(name, needed=False)
        except ConfigurationError as error:
            missing = f"its configuration has {count_of(len(error.problems), 'problem')}"
            commit = self._repository.commit(name)
            return self._nothing(Revision(name, commit, missing, error.problems))

    def head(self, name: str | None) -> DeclaredSide:
        """The second side; None for the work tree.

        Raises:
            RunStopped: git cannot read it.
            ConfigurationError: with every problem of it.
        """
        if name is not None:
            return self._side(name, needed=True)
        main = main_file(self._path)
        declared = load_declared(main, main.parent, self._now, self._unlocking)
        return DeclaredSide(Revision("", unopened=tuple(sorted(declared.unopened))), declared)

    def _side(self, name: str, *, needed: bool) -> DeclaredSide:
        commit = self._repository.commit(name)
        revision = Revision(name, commit)
        with extracted(self._repository, commit, self._asked) as tree:
            if tree is None:
                missing = f"there is no kardia.yaml at {self._path}"
                if needed:
                    raise RunStopped(f"{name} ({commit[:12]}): {missing}")
                return self._nothing(replace(revision, missing=missing))
            declared = load_declared(tree.main, self._shown, self._now, self._unlocking)
            unopened = tuple(sorted(declared.unopened))
            return DeclaredSide(replace(revision, unopened=unopened, skipped=tree.skipped), declared)

    @property
    def _shown(self) -> Path:
        """The directory of kardia.yaml, as the person wrote it."""
        return self._path.parent if self._path.is_file() or self._path.suffix else self._path

    def _nothing(self, revision: Revision) -> DeclaredSide:
        empty = Configuration(self._path, Desired())
        return DeclaredSide(revision, Declared(empty, {}))
