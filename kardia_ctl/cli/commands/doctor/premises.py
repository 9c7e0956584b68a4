"""What the checks stand on: configuration, account settings, keys and state, as far as they can be had."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.workspace import Workspace, made_workspace
from kardia_ctl.config import load_account
from kardia_ctl.config.loader import FILE
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.model.state import State
from kardia_ctl.render.findings import CheckResult, skipped, wrong
from kardia_ctl.render.problems import failure_text
from kardia_ctl.state.open import open_store
from kardia_ctl.timing import system_instant

T = TypeVar("T")


class NotToBeHad(Exception):  # noqa: N818  (it names a situation)
    """A check needs what another one has found missing: there is nothing to check."""


@dataclass
class Premises:
    """Everything is read on first use, and each use of what cannot be had raises again."""

    path: Path
    account: AccountOptions
    _made: dict[str, Any] = field(default_factory=dict)
    _failed: dict[str, Exception] = field(default_factory=dict)

    @cached_property
    def exists(self) -> bool:
        """Whether there is a configuration."""
        return (self.path / FILE if self.path.is_dir() else self.path).is_file()

    @property
    def configuration(self) -> Configuration:
        """The whole configuration. Raises ``ConfigurationError`` or ``RunStopped``."""
        return self._once("configuration", lambda: read_configuration(self.path, system_instant()))

    @property
    def settings(self) -> Configuration:
        """What is known of the account: region, dialect, state. Without a configuration, the defaults.

        Raises:
            NotToBeHad: kardia.yaml has problems, so that nobody knows which account is meant.
        """
        if not self.exists:
            return Configuration(Path.cwd(), Desired())
        try:
            return self._once("settings", lambda: load_account(self.path, os.environ))
        except KardiaError:
            raise NotToBeHad("kardia.yaml has problems, so the account is not known") from None

    @property
    def workspace(self) -> Workspace:
        """The workspace without its API key. Raises as ``settings``."""
        return self._once("workspace", partial(self._workspace, needs_key=False))

    @property
    def keyed(self) -> Workspace:
        """The workspace with its API key. Raises as ``settings``, and ``RunStopped``."""
        return self._once("keyed", partial(self._workspace, needs_key=True))

    def _workspace(self, *, needs_key: bool) -> Workspace:
        declared = partial(read_configuration, self.path, system_instant()) if self.exists else None
        return made_workspace(
            self.path, self.settings, self.account, open_store, needs_key=needs_key, declared=declared
        )

    @property
    def state(self) -> State:
        """Everything recorded. Raises as ``settings``, and ``StateError``.

        Raises:
            NotToBeHad: there is no configuration, and so no state.
        """
        if not self.exists:
            raise NotToBeHad("there is no configuration")
        return self._once("state", self._load)

    def _load(self) -> State:
        return self.workspace.store.load()

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """A value that is made once; so is the error."""
        if name in self._failed:
            raise self._failed[name]
        if name not in self._made:
            try:
                self._made[name] = make()
            except Exception as error:
                self._failed[name] = error
                raise
        found: T = self._made[name]
        return found


def checked(name: str, check: Callable[[], Iterable[CheckResult]]) -> Iterator[CheckResult]:
    """The findings of a check; one that fails is a finding itself, and ends nothing else."""
    try:
        yield from check()
    except NotToBeHad as error:
        yield skipped(name, str(error))
    except KardiaError as error:
        yield wrong(name, str(error).partition("\n")[0])
    except Exception as error:  # noqa: BLE001  (a report about something broken does not break)
        yield wrong(name, failure_text(error).removeprefix("Error: "))
