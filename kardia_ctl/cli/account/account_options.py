"""The options that name an account: its endpoint, its key, and how it is reached."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.environment import unquoted
from kardia_ctl.cli.options import FILE, Options
from kardia_ctl.cli.traffic_log import log_level
from kardia_ctl.model.errors import RunStopped


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """Which account a command talks to, and with which key."""

    endpoint: str | None = None
    api_key_file: Path | None = None
    sandbox: bool = False
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    log_file: Path | None = None


def account_from(options: dict[str, Any]) -> AccountOptions:
    """The account options of a command's options; they are removed.

    Raises:
        RunStopped: KARDIA_LOG has an unknown value.
    """
    log_level()
    return AccountOptions(**{name: options.pop(name) for name in AccountOptions.__slots__})


def _proxy(context: click.Context, option: click.Parameter, url: str | None) -> str | None:
    """The URL of a proxy; a password in it may not stand on the command line, which every user can list.

    Raises:
        RunStopped: it does. The message does not repeat the URL.
    """
    if url is None:
        return None
    source = context.get_parameter_source(option.name or "")
    before_host = url.rpartition("@")[0].rpartition("/")[2]
    if ":" in before_host and source is not click.core.ParameterSource.ENVIRONMENT:
        raise RunStopped(
            "--proxy has a password, which other users of this machine can see in the list of processes, and "
            "the shell keeps in its history. Set KARDIA_PROXY to this URL instead"
        )
    return (
        unquoted(url, "KARDIA_PROXY" if source is click.core.ParameterSource.ENVIRONMENT else "--proxy")
        or None
    )


def _endpoint(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    """The base URL. A variable that is empty is a mistake: its default would be the real account.

    Raises:
        RunStopped: it is empty, or has quotes around it.
    """
    if url is None and "KARDIA_ENDPOINT" not in os.environ:  # click takes an empty variable for an unset one
        return None
    found = unquoted(url or "", "KARDIA_ENDPOINT" if "KARDIA_ENDPOINT" in os.environ else "--endpoint")
    if not found:
        raise RunStopped(
            "the endpoint is empty: KARDIA_ENDPOINT or --endpoint is set, but to nothing. Write the URL, or "
            "unset the variable to use the region's own endpoint"
        )
    return found


account_options: Final = Options(
    click.option("--sandbox", is_flag=True, help="Use the embedded sandbox API: no key, no network."),
    click.option(
        "--endpoint",
        envvar="KARDIA_ENDPOINT",
        show_envvar=True,
        callback=_endpoint,
        metavar="URL",
        help="Base URL to use instead of the region's: https, or http on loopback.",
    ),
    click.option(
        "--api-key-file", type=FILE, help="Read the API key from this file instead of KARDIA_API_KEY."
    ),
    click.option(
        "--proxy",
        envvar="KARDIA_PROXY",
        show_envvar=True,
        callback=_proxy,
        metavar="URL",
        help="Send requests through this HTTP proxy; a URL with a password only by the variable. HTTPS_PROXY "
        "and similar variables are ignored.",
    ),
    click.option(
        "--ca-file",
        type=FILE,
        help="Trust the certificate authorities in this file instead of the built-in ones.",
    ),
    click.option(
        "--log-file",
        type=FILE,
        metavar="FILE",
        help="Log each request to this file, without values. KARDIA_LOG=info or debug logs to stderr.",
    ),
)
"""--endpoint, --sandbox and what else names the account."""
