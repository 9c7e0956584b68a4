"""The callback URL: where Kardia posts its events (API reference, "Set callback URL")."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from kardia_ctl.kinds.definition import SettingKind
from kardia_ctl.kinds.formats import text
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Reader, Writer

_LOCAL = ("localhost", ".localhost", ".local", ".internal", ".localdomain")


def schema_of(description: str) -> dict[str, Any]:
    """The schema of a callback's value: an object with a URL."""
    return {
        "description": description,
        "type": "object",
        "properties": {"url": text("An https URL on a public host, e.g. https://hooks.example.com/kardia.")},
        "required": ["url"],
        "additionalProperties": False,
    }


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Resolvers also read 127.1, 0x7f.1 and 2130706433 as addresses: a last label of digits is one.
        return host.rpartition(".")[2].lower().removeprefix("0x").isdigit()
    return True


def _unusable(parts: SplitResult, host: str) -> bool:
    return not host or parts.port == 0 or any(mark in parts.geturl() for mark in " \\")


def _not_public(host: str) -> bool:
    return "." not in host or host.endswith(_LOCAL)


_RULES: Final[Sequence[tuple[Callable[[SplitResult, str], bool], str, str]]] = (
    (
        lambda parts, _: parts.scheme != "https",
        "the url is not https",
        "Write https://…: events are about patients",
    ),
    (lambda parts, _: "@" in parts.netloc, "the url holds a user name or password", "Leave them out"),
    (_unusable, "the url has no usable host", "Write it as https://host/path"),
    (lambda parts, _: bool(parts.fragment), "the url has a fragment", "Leave out the # and what follows"),
    (lambda _, host: _is_ip(host), "the url's host is an IP address", "Write a public host name"),
    (lambda _, host: _not_public(host), "the url's host is not public", "Kardia must be able to reach it"),
)


def url_problem(url: str, allowed_hosts: Sequence[str]) -> tuple[str, str] | None:
    """Why patients' events must not be posted to this URL, and what to write instead; None when they may."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        broken = next((rule for rule in _RULES if rule[0](parts, host)), None)
    except ValueError:
        return "the url cannot be read", "Write it as https://host/path"
    if broken:
        return broken[1:]
    if allowed_hosts and host not in {name.lower() for name in allowed_hosts}:
        return "the url's host is not among callback_hosts", "Add it there, or use a host that is"
    return None


def declared(kind: Kind, value: Mapping[str, str]) -> list[tuple[Address, Mapping[str, str]]]:
    """The one address of a callback kind and its URL."""
    return [(Address(kind), {"url": value["url"]})]


def problem(setting: Setting, allowed_hosts: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a declared callback beyond its schema."""
    return url_problem(setting.attributes["url"], allowed_hosts)


def normalise(_attribute: str, value: str) -> str:
    """URLs are compared byte for byte: a path's case and a trailing slash matter to the receiver."""
    return value


async def read(reader: Reader, kind: Kind) -> Mapping[str, str] | None:
    """The URL that is set live, or None."""
    url = await reader.setting(kind)
    return None if url is None else {"url": url}


async def write(writer: Writer, change: Change) -> None:
    """PUT the declared URL."""
    await writer.set_setting(change.address.kind, (change.after or {})["url"] or "")


DEFINITION: Final = SettingKind(
    kind=Kind.CALLBACK,
    key="callback",
    schema=schema_of("Where Kardia posts events: new recordings, connections."),
    declare=lambda value: declared(Kind.CALLBACK, value),
    problem=problem,
    read=lambda reader: read(reader, Kind.CALLBACK),
    normalise=normalise,
    write=write,
)
