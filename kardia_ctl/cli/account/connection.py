"""How an account is reached, with a configuration or without one: endpoint, dialect, key, session."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kardia_ctl.cli.account.keys import api_key, stored_key
from kardia_ctl.cli.options import Options, Where, where_from, where_options
from kardia_ctl.model.configuration import Configuration, Desired, Dialect, Region
from kardia_ctl.model.dialects import CAPABILITIES, Capabilities
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.ports import Store

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session

Result = TypeVar("Result")

SANDBOX: Final = "sandbox"
"""The endpoint of the embedded API, as saved plans name it."""

SANDBOX_DIRECTORY: Final = Path(".kardia") / "sandbox"

_LARGEST: Final = 64_000_000
"""Bytes of a document: a report of months is larger than a page of patients may be."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One account. ``configured`` says whether there is a configuration, and so a state."""

    where: Where
    configuration: Configuration
    configured: bool = False
    key: str = field(default="", repr=False)

    @property
    def can(self) -> Capabilities:
        """What its API can do."""
        return CAPABILITIES[self.configuration.dialect]

    @property
    def endpoint(self) -> str:
        """The base URL, or ``SANDBOX``."""
        return endpoint_of(self.where, self.configuration)

    def open_store(self, lock_timeout: float = 0) -> Store:
        """The state of the account's configuration; ``lock_timeout`` is in seconds."""
        from kardia_ctl.state import open_store

        configuration = self.configuration
        return open_store(
            configuration.state, configuration.root, configuration.workspace, lock_timeout=lock_timeout
        )


def endpoint_of(where: Where, configuration: Configuration) -> str:
    """The base URL that a command talks to, or ``SANDBOX``."""
    if where.sandbox:
        return SANDBOX
    from kardia_ctl.api.endpoints import base_url_for, check_endpoint

    if where.endpoint:
        return check_endpoint(where.endpoint)
    return base_url_for(configuration.region, configuration.dialect)


reach_options: Final = Options(
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Take region, dialect and state from this configuration (default: this directory's).",
    ),
    click.option(
        "--region",
        type=click.Choice([region.value for region in Region]),
        help="The account's region (default: us).",
    ),
    click.option(
        "--dialect",
        type=click.Choice([dialect.value for dialect in Dialect]),
        help="The API that the account speaks (default: v1).",
    ),
    where_options,
)
"""--config, --region, --dialect, and what ``where_options`` has."""


def reach_from(options: dict[str, Any], *, key: bool = True) -> Reach:
    """Take the account out of a command's options. Without ``key`` none is looked for.

    Raises:
        ConfigurationError: there is a configuration, and what it says of the account is wrong.
        RunStopped: there is no API key.
    """
    where = where_from(options)
    configuration, configured = _configuration(options.pop("config"))
    region, dialect = options.pop("region"), options.pop("dialect")
    configuration = replace(
        configuration,
        region=Region(region) if region else configuration.region,
        dialect=Dialect(dialect) if dialect else configuration.dialect,
    )
    if where.sandbox:
        configuration = replace(configuration, state=f"sqlite:///{SANDBOX_DIRECTORY}/state.db")
    found = Reach(where, configuration, configured)
    if not key:
        return found
    return replace(found, key=api_key(where, os.environ, stored_key(found.endpoint, configuration.workspace)))


def _configuration(path: Path | None) -> tuple[Configuration, bool]:
    here = Path() if path is None else path
    if path is None and not (here / "kardia.yaml").is_file():
        return Configuration(here.resolve(), Desired()), False
    from kardia_ctl.config import load_account

    return load_account(here, os.environ), True


def in_session(reach: Reach, work: Callable[["Session"], Awaitable[Result]]) -> Result:
    """Run ``work`` in a session with the account; what it returns."""

    async def run() -> Result:
        async with opened(reach.where, reach.configuration, reach.key, largest=_LARGEST) as session:
            return await work(session)

    return asyncio.run(run())


@asynccontextmanager
async def opened(
    where: Where, configuration: Configuration, key: str, *, parallelism: int = 16, largest: int | None = None
) -> AsyncIterator["Session"]:
    """A session with an account, or with the sandbox inside this process."""
    from kardia_ctl.api.client import open_session
    from kardia_ctl.api.http.connections import Settings

    ca_file = None if where.ca_file is None else str(where.ca_file)
    settings = Settings(proxy=where.proxy, ca_file=ca_file)
    settings = settings if largest is None else replace(settings, largest=largest)
    if not where.sandbox:
        async with open_session(
            endpoint_of(where, configuration),
            key,
            dialect=configuration.dialect,
            authorization=configuration.authorization,
            parallelism=parallelism,
            settings=settings,
        ) as session:
            yield session
        return
    import httpx

    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.app import create_app

    file = configuration.root / SANDBOX_DIRECTORY / "account.db"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Account(file) as account:
        transport = httpx.ASGITransport(create_app(account))
        async with open_session(
            "http://127.0.0.1",
            key,
            dialect=configuration.dialect,
            parallelism=parallelism,
            settings=replace(settings, proxy=None, ca_file=None),
            http_transport=transport,
        ) as session:
            yield session


def check_shown(reach: Reach, what: str) -> None:
    """See that the account's API shows more than single recordings.

    Raises:
        RunStopped: it does not.
    """
    if not reach.can.shows_patients:
        raise RunStopped(
            f"the {reach.can.dialect} API cannot show {what}: it knows recordings by id alone. Use "
            "kardia-ctl get recording ID or get pdf ID; kardia-ctl state list shows what was recorded"
        )
