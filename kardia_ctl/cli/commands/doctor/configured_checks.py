"""The configuration, where the key and the host come from, and what git knows."""

import os
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from kardia_ctl.cli.account.git_index import has_remote, tracked, tracked_secrets
from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.workspace import SANDBOX
from kardia_ctl.cli.commands.doctor.premises import NotToBeHad, Premises
from kardia_ctl.cli.environment import empty_secrets, other_proxy
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError, KardiaError
from kardia_ctl.render.findings import CheckResult, fine, note, wrong
from kardia_ctl.render.text import count_of

_LIST: Final = "Run kardia-ctl validate, which lists them"


def check_configuration(premises: Premises) -> Iterator[CheckResult]:
    """Whether it can be read. Who is declared, and where, stays out of the finding."""
    name = "configuration"
    if not premises.exists:
        remedy = "Name its directory, or write one with kardia-ctl init"
        yield wrong(name, "there is no kardia.yaml here", remedy)
        return
    try:
        found = premises.configuration
    except ConfigurationError as error:
        yield wrong(name, f"it has {count_of(len(error.problems), 'problem')}", _LIST)
        return
    yield fine(name, f"{_counted(found)} in {count_of(len(found.sources), 'file')}")
    if found.warnings:
        yield note(name, count_of(len(found.warnings), "warning"), _LIST)
    rows = sum(len(quarantine.rows) for quarantine in found.quarantines)
    if rows:
        yield wrong(name, f"{count_of(rows, 'row')} of cohorts cannot be used", _LIST)


def _counted(found: Configuration) -> str:
    desired = found.desired
    codes = sum(len(patient.codes) for patient in desired.patients.values())
    counts = {
        "patient": len(desired.patients),
        "code": codes,
        "setting": len(desired.settings),
        "departure": len(desired.departures),
    }
    return ", ".join(count_of(count, noun) for noun, count in counts.items())


def check_key(premises: Premises) -> Iterator[CheckResult]:
    """Whether there is an API key, and from which place."""
    for warning in empty_secrets(os.environ):
        yield wrong("environment", warning)
    if premises.account.sandbox:
        yield fine("key", "the sandbox's own")
        return
    workspace = premises.keyed
    yield fine("key", f"from {workspace.keys.place}")


def check_host(premises: Premises) -> Iterator[CheckResult]:
    """Which host receives the requests, and whether its name is known."""
    workspace = premises.workspace
    if workspace.endpoint == SANDBOX:
        yield fine("host", "the sandbox inside this process")
        return
    host, region = urlsplit(workspace.endpoint).hostname or "", workspace.configuration.region
    own = "" if premises.account.endpoint else f" (region {region})"
    if premises.account.proxy:
        yield fine("host", f"{host}{own}, through a proxy")
        return
    if unused := other_proxy(os.environ):
        yield note(
            "host", f"{unused} is set, and is not used", "A proxy is named with --proxy or KARDIA_PROXY"
        )
    try:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        reason = error.strerror or type(error).__name__
        yield wrong("host", f"the name {host} is not known here ({reason})", "Check the endpoint and the DNS")
        return
    yield fine(
        "host", f"{host}{own}, {'one address' if len(addresses) == 1 else f'{len(addresses)} addresses'}"
    )


def check_git(premises: Premises) -> Iterator[CheckResult]:
    """Whether git tracks keys, state or patients in plain text."""
    try:
        found = premises.configuration
    except KardiaError:
        found = premises.settings
    if not premises.exists:
        raise NotToBeHad("there is no configuration")
    secrets = tracked_secrets(found, PRIVATE, premises.account.api_key_file)
    yield from (wrong("git", warning) for warning in secrets)
    plain = len([*tracked(found.plain_people)])
    if plain and has_remote(found.root) and not found.phi_accepted:
        text = f"git tracks {count_of(plain, 'file')} with patients in plain text, and there is a remote"
        yield wrong("git", text, "Run kardia-ctl validate, which names them, and kardia-ctl encrypt")
    elif not secrets:
        yield fine("git", "it tracks no key, no state, and no patients that it should not")
