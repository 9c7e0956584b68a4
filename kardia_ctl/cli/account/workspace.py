"""What a command works with: configuration, store, keys, and the session with the account."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kardia_ctl.cli.account.connection import endpoint_of, opened
from kardia_ctl.cli.account.keys import Keys, api_key, stored_key
from kardia_ctl.cli.options import Where
from kardia_ctl.config import load
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.ports import Store
from kardia_ctl.planning.inputs import Decisions
from kardia_ctl.state import open_store

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session

_PRIVATE = ".kardia"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Everything beside the account. ``path`` is what the person named; ``now`` Unix seconds at the start."""

    path: Path
    configuration: Configuration
    where: Where
    store: Store
    keys: Keys
    now: float

    @property
    def endpoint(self) -> str:
        """The base URL that this command talks to, or ``SANDBOX``."""
        return endpoint_of(self.where, self.configuration)


def open_workplace(
    path: Path,
    where: Where,
    *,
    lock_timeout: float = 0,
    account: bool = True,
    settle: float | None = None,
) -> Workplace:
    """Read the configuration and find its state and keys.

    The sandbox has a state of its own, so that a trial never mixes with a real account's.

    Args:
        path: A configuration file, or a directory that holds kardia.yaml.
        where: Which account.
        lock_timeout: Seconds to wait for another apply.
        account: Whether the account will be talked to, so that an API key is needed.
        settle: The settle window in seconds, instead of the configuration's.

    Raises:
        ConfigurationError: the configuration has problems.
        RunStopped: there is no API key.
    """
    configuration = load(path, os.environ)
    if settle is not None:
        configuration = replace(configuration, settle=settle)
    directory = configuration.root / _PRIVATE
    if where.sandbox:
        directory = directory / "sandbox"
        configuration = replace(configuration, state=f"sqlite:///{_PRIVATE}/sandbox/state.db")
    stored = stored_key(endpoint_of(where, configuration), configuration.workspace) if account else str
    secret = api_key(where, os.environ, stored) if account else ""
    store = open_store(
        configuration.state, configuration.root, configuration.workspace, lock_timeout=lock_timeout
    )
    return Workplace(path, configuration, where, store, Keys(directory, os.environ, secret), time.time())


@asynccontextmanager
async def connected(workplace: Workplace, *, parallelism: int = 16) -> AsyncIterator["Session"]:
    """A session with the account, or with the sandbox inside this process."""
    async with opened(
        workplace.where, workplace.configuration, workplace.keys.secret, parallelism=parallelism
    ) as session:
        yield session


_KINDS: Final = {
    "recreate": (Kind.PATIENT,),
    "reissue": (Kind.CONNECTION_CODE, Kind.MOBILE_USER),
    "distinct": (Kind.PATIENT,),
    "targets": tuple(Kind),
}


def decisions_from(options: dict[str, Any], configuration: Configuration) -> Decisions:
    """The decisions of a command line: about declared addresses, each of a kind that it can be about."""
    chosen: dict[str, frozenset[Address]] = {name: frozenset(options.pop(name)) for name in _KINDS}
    declared = {resource.address for resource in configuration.desired.others}
    for name, addresses in chosen.items():
        for address in sorted(addresses, key=lambda one: one.order):
            if address.kind not in _KINDS[name]:
                raise RunStopped(f"--{name} {address}: it takes a {' or '.join(_KINDS[name])}")
            if address not in declared and not _is_of_patient(address, configuration.desired):
                raise RunStopped(f"{address} is not declared in the configuration")
    return Decisions(
        **chosen, accept_collapse=bool(options.pop("accept_collapse")), limit=options.pop("limit")
    )


def _is_of_patient(address: Address, desired: Desired) -> bool:
    patient = desired.patients.get(address.names[0]) if address.names else None
    if patient is None:
        return False
    codes = {code_address(patient.mrn, label) for label in patient.codes}
    users = {Address(Kind.MOBILE_USER, (mrn,)) for mrn in (patient.mrn,) if mrn in desired.users}
    return address == patient_address(patient.mrn) or address in codes | users
