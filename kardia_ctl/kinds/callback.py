"""The callback URL: where Kardia posts its events (API reference, "Set callback URL")."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from kardia_ctl.hosts import Host, InvalidHost, parse_host
from kardia_ctl.kinds.definition import SettingKind
from kardia_ctl.kinds.formats import text
from kardia_ctl.kinds.urls import canonical
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Change
from kardia_ctl.model.ports import Reader, Writer

_LOCAL: Final = ("localhost", ".localhost", ".local", ".internal", ".localdomain", ".lan", ".home.arpa")


def schema_of(description: str) -> dict[str, Any]:
    """The schema of a callback's value: an object with a URL."""
    return {
        "description": description,
        "type": "object",
        "properties": {"url": text("An https URL on a public host, e.g. https://hooks.example.com/kardia.")},
        "required": ["url"],
        "additionalProperties": False,
    }


def _is_ambiguous(url: str) -> bool:
    """Whether parsers differ: some drop tabs and line ends anywhere, some read a backslash as a slash."""
    return not url.isprintable() or any(mark.isspace() or mark == "\\" for mark in url)


def _not_public(host: Host) -> bool:
    return "." not in host.name or host.name.endswith(_LOCAL)


_NO_HOST: Final = "the url has no usable host", "Write it as https://host/path"

_OF_URL: Final[Sequence[tuple[Callable[[str, SplitResult], bool], str, str]]] = (
    (
        lambda _, parts: parts.scheme != "https",
        "the url is not https",
        "Write https://…: events are about patients",
    ),
    (lambda _, parts: "@" in parts.netloc, "the url holds a user name or password", "Leave them out"),
    (lambda url, parts: parts.port == 0 or _is_ambiguous(url), *_NO_HOST),
    (lambda _, parts: bool(parts.fragment), "the url has a fragment", "Leave out the # and what follows"),
)
_OF_HOST: Final[Sequence[tuple[Callable[[Host], bool], str, str]]] = (
    (lambda host: host.is_address, "the url's host is an IP address", "Write a public host name"),
    (_not_public, "the url's host is not public", "Kardia must be able to reach it"),
)


def url_problem(url: str, allowed_hosts: Sequence[str]) -> tuple[str, str] | None:
    """Why patients' events must not be posted to this URL, and what to write instead; None when they may."""
    try:
        parts = urlsplit(url)
        broken = next((rule[1:] for rule in _OF_URL if rule[0](url, parts)), None)
        return broken or _host_problem(parse_host(parts.hostname or ""), allowed_hosts)
    except InvalidHost:
        return _NO_HOST
    except ValueError:
        return "the url cannot be read", "Write it as https://host/path"


def _host_problem(host: Host, allowed_hosts: Sequence[str]) -> tuple[str, str] | None:
    if broken := next((rule[1:] for rule in _OF_HOST if rule[0](host)), None):
        return broken
    if allowed_hosts and host not in map(_allowed, allowed_hosts):
        return "the url's host is not among callback_hosts", "Add it there, or use a host that is"
    return None


def _allowed(name: str) -> Host | None:
    """A host of callback_hosts; None for what is no host, and so allows nothing."""
    try:
        return parse_host(name)
    except InvalidHost:
        return None


def declared(kind: Kind, value: Mapping[str, str]) -> list[tuple[Address, Mapping[str, str]]]:
    """The one address of a callback kind and its URL."""
    return [(Address(kind), {"url": value["url"]})]


def problem(setting: Setting, allowed_hosts: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a declared callback beyond its schema."""
    return url_problem(setting.attributes["url"], allowed_hosts)


def normalise(_attribute: str, value: str) -> str:
    """URLs are compared as URLs: Kardia may keep a host in lower case, or with a slash behind it."""
    return canonical(value)


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
