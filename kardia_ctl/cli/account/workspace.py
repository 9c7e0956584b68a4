"""The workspace of a command: configuration, account, keys and store."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kardia_ctl.cli.account.account_options import AccountOptions
from kardia_ctl.cli.account.git_index import tracked_secrets
from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.keys import Keys, api_key_and_place, stored_key
from kardia_ctl.cli.account.known_values import scrubber
from kardia_ctl.cli.account.meant_addresses import with_meant_addresses
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.sealed_key import sealed_key
from kardia_ctl.cli.environment import empty_secrets
from kardia_ctl.cli.naming import key_from, mrns_are_public
from kardia_ctl.config import load_account
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration, SecretSource
from kardia_ctl.model.dialects import CAPABILITIES, Capabilities
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.state.open import open_store, state_files
from kardia_ctl.state.state_store import StateStore
from kardia_ctl.timing import system_instant

if TYPE_CHECKING:
    from kardia_ctl.api.scrubbing.scrub import Scrubber

SANDBOX: Final = "sandbox"
"""The endpoint of the embedded API, as saved plans name it."""

_PAGE: Final = 8_000_000
"""The most bytes of a response: ten times a page of 500 patients."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A configuration with its account, keys and store.

    Attributes:
        path: The path on the command line: a configuration file or its directory.
        configuration: The configuration; for commands that need no more, only its account settings.
        account: The options that name the account.
        keys: The API key, and the keys of fingerprints and saved plans.
        now: The moment at which the command began.
        store_at: Opens the state of another URL, for the same workspace.
        open_store: Opens the state.
        scrub: What makes a server's texts printable; it knows everybody who is declared.
        configured: Whether there is a configuration, and therefore a state.
        largest: The most bytes of a response; a larger one is refused.
    """

    path: Path
    configuration: Configuration
    account: AccountOptions
    keys: Keys
    now: Instant
    store_at: Callable[[str], StateStore] = field(repr=False)
    open_store: Callable[[], StateStore] = field(repr=False)
    scrub: Callable[[], "Scrubber"] = field(repr=False)
    configured: bool = True
    largest: int = _PAGE

    @property
    def store(self) -> StateStore:
        """The store of state, opened on first use. Raises ``StateError``."""
        return self.open_store()

    @property
    def private(self) -> Path:
        """The directory of keys and state."""
        return self.configuration.root / PRIVATE

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that no output may overwrite: those that are read, and those that belong to the state."""
        configuration, account = self.configuration, self.account
        secrets = (user.password for user in configuration.desired.users.values())
        return (
            *configuration.sources,
            *(quarantine.target for quarantine in configuration.quarantines),
            *state_files(configuration.state, configuration.root),
            *(configuration.root / one.name for one in secrets if one.source is SecretSource.FILE),
            *filter(None, (account.api_key_file, account.ca_file)),
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the account's API can do."""
        return CAPABILITIES[self.configuration.dialect]

    @property
    def endpoint(self) -> str:
        """The base URL, or ``SANDBOX``."""
        return _endpoint(self.account, self.configuration)

    def digest_key(self) -> bytes:
        """The key of plans' digests, as ``Keys.digests``."""
        return self.keys.digests(self.endpoint, self.configuration.workspace)


def _endpoint(account: AccountOptions, configuration: Configuration) -> str:
    if account.sandbox:
        return SANDBOX
    from kardia_ctl.api.endpoints import base_url_for, check_endpoint

    if account.endpoint:
        return check_endpoint(account.endpoint)
    return base_url_for(configuration.region, configuration.dialect)


def open_workspace(
    path: Path,
    account: AccountOptions,
    *,
    lock_timeout: float = 0,
    needs_key: bool = True,
    settle: float | None = None,
    accept_parts: bool = False,
) -> Workspace:
    """Read the configuration and find its state and keys.

    Args:
        path: A configuration file, or a directory that holds kardia.yaml.
        account: The options that name the account.
        lock_timeout: Seconds to wait for another apply.
        needs_key: Whether the command sends requests, so that an API key is needed.
        settle: The settle window in seconds, instead of the configuration's.
        accept_parts: Whether to use a state that was copied while a run was open.

    Raises:
        ConfigurationError: the configuration has problems.
        RunStopped: there is no API key.
        StateError: the state cannot be opened.
    """
    configuration = read_configuration(path, system_instant())
    warnings = (*empty_secrets(os.environ), *tracked_secrets(configuration, PRIVATE, account.api_key_file))
    configuration = replace(configuration, warnings=(*configuration.warnings, *warnings))
    if settle is not None:
        configuration = replace(configuration, settle=settle)
    opened = partial(open_store, lock_timeout=lock_timeout, accept_parts=accept_parts)
    workspace = made_workspace(path, configuration, account, opened, needs_key=needs_key)
    workspace.open_store()
    return replace(workspace, configuration=with_meant_addresses(workspace.configuration, workspace.keys))


def made_workspace(
    path: Path,
    configuration: Configuration,
    account: AccountOptions,
    opened: Callable[..., StateStore],
    *,
    needs_key: bool,
    declared: Callable[[], Configuration] | None = None,
) -> Workspace:
    """A workspace. The sandbox has a state of its own, so that a trial never mixes with a real account's.

    ``declared`` reads the whole configuration where ``configuration`` is only its account settings.
    """
    directory = configuration.root / PRIVATE
    if account.sandbox:
        directory = directory / "sandbox"
        configuration = replace(configuration, state=f"sqlite:///{PRIVATE}/sandbox/state.db")
    secret = place = ""
    if needs_key or account.sandbox:
        stored = stored_key(_endpoint(account, configuration), configuration.workspace)
        secret, place = api_key_and_place(account, os.environ, stored)
    state, root, name = configuration.state, configuration.root, configuration.workspace
    sealed = bytes if account.sandbox else cache(partial(sealed_key, configuration.root, os.environ))
    keys = Keys(directory, os.environ, secret, place, sealed=sealed)

    def store_at(url: str) -> StateStore:
        return opened(url, root, name, encryption_key=keys.encryption())

    opener = cache(partial(store_at, state))
    keys = replace(keys, stored=lambda: opener().fingerprint_secret())
    if configuration.shows_mrns:
        mrns_are_public()
    key_from(lambda: keys.review(keys.fingerprints()))
    scrub = cache(partial(scrubber, declared or (lambda: configuration), os.environ))
    return Workspace(path, configuration, account, keys, system_instant(), store_at, opener, scrub)


def stored_secret(path: Path, *, sandbox: bool) -> bytes:
    """The secret of fingerprints in the encrypted state of a configuration; empty where there is none.

    Raises:
        StateError: the state is encrypted with another key.
    """
    try:
        configuration = load_account(path, os.environ)
    except ConfigurationError:
        return b""
    account = AccountOptions(sandbox=sandbox)
    return made_workspace(path, configuration, account, open_store, needs_key=False).keys.stored()
