"""The workspace of commands that need an account alone: options stand in for a configuration."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.account_options import account_from, account_options
from kardia_ctl.cli.account.read_configuration import read_configuration
from kardia_ctl.cli.account.workspace import Workspace, made_workspace
from kardia_ctl.cli.options import Options
from kardia_ctl.config import load_account
from kardia_ctl.model.configuration import Configuration, Desired, Dialect, Region
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.state.open import open_store

_DOCUMENT: Final = 64_000_000
"""The most bytes of a response that may be a document: a report of months is larger than a page."""

workspace_options: Final = Options(
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
        help="The account's API: v1, or the older pro (default: v1).",
    ),
    account_options,
)
"""--config, --region, --dialect, and what ``account_options`` has."""


def workspace_from(options: dict[str, Any], *, needs_key: bool = True, lock_timeout: float = 0) -> Workspace:
    """The workspace that a command's options name; they are removed. A configuration is optional.

    Raises:
        ConfigurationError: there is a configuration, and its account settings are wrong.
        RunStopped: there is no API key.
    """
    account = account_from(options)
    config = options.pop("config")
    path = Path() if config is None else config
    configuration, configured = _account_settings(config)
    declared = partial(read_configuration, path) if configured else None
    region, dialect = options.pop("region"), options.pop("dialect")
    configuration = replace(
        configuration,
        region=Region(region) if region else configuration.region,
        dialect=Dialect(dialect) if dialect else configuration.dialect,
    )
    opened = partial(open_store, lock_timeout=lock_timeout)
    found = made_workspace(path, configuration, account, opened, needs_key=needs_key, declared=declared)
    return replace(found, configured=configured, largest=_DOCUMENT)


def _account_settings(path: Path | None) -> tuple[Configuration, bool]:
    here = Path() if path is None else path
    if path is None and not (here / "kardia.yaml").is_file():
        return Configuration(here.resolve(), Desired()), False
    return load_account(here, os.environ), True


def check_shown(workspace: Workspace, what: str) -> None:
    """Check that the account's API shows more than single recordings.

    Raises:
        RunStopped: it does not.
    """
    if not workspace.capabilities.shows_patients:
        raise RunStopped(
            f"the {workspace.capabilities.dialect} API cannot show {what}: it knows recordings by id alone. "
            "Use kardia-ctl get recording ID or get pdf ID; kardia-ctl state list shows what was recorded"
        )
