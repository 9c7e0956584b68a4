"""``--listen`` and ``--path``: the address at which webhook deliveries are accepted."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import click

LOOPBACK: Final = "127.0.0.1"
_ADDRESS: Final = re.compile(
    r"(?:(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):)?(?P<port>[0-9]{1,5})"
)
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]*)+")


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address of this machine. Port 0 stands for any free port."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def url(self, port: int) -> str:
        """The URL without a path. ``port`` is the port that was bound."""
        return f"http://[{self.host}]:{port}" if ":" in self.host else f"http://{self.host}:{port}"


def listen_address(text: str) -> ListenAddress:
    """``PORT``, ``HOST:PORT`` or ``[IPv6]:PORT``; without a host it is 127.0.0.1.

    Raises:
        BadParameter: the text is none of these.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise click.BadParameter(f"{text!r} is not an address: write 127.0.0.1:9000, or 9000 for the same")
    host = match["bracketed"] or match["host"] or LOOPBACK
    return ListenAddress(LOOPBACK if host == "localhost" else host, int(match["port"]))


def hook_path(text: str) -> str:
    """The path of a URL, such as ``/hooks/kardia``.

    Raises:
        BadParameter: it does not begin with a slash, or has more than letters, digits and ``-._~``.
    """
    if _PATH.fullmatch(text) is None:
        # The path may be a secret: do not repeat it.
        raise click.BadParameter("a path begins with / and has only letters, digits, / and -._~")
    return text
