"""When two URLs are one: what a server that keeps a URL may write otherwise without changing it.

RFC 3986, 6.2.2 and 6.2.3, and https://url.spec.whatwg.org, which servers follow when they parse a URL and
print it again. The case of the path, a slash after a path and the order of a query matter to the receiver.
"""

import re
from typing import Final
from urllib.parse import quote

from kardia_ctl.hosts import InvalidHost, parse_host

_PARTS: Final = re.compile(
    r"(?P<scheme>[A-Za-z][\w+.-]*)://(?P<authority>[^/?#]*)(?P<rest>(?:[/?#].*)?)", re.DOTALL
)
_AUTHORITY: Final = re.compile(r"(?P<user>.*@)?(?P<host>\[[^]]*\]|[^:]*)(?::(?P<port>[0-9]*))?")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_ESCAPE: Final = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile("[A-Za-z0-9._~-]")
_KEPT: Final = "%:/?#[]@!$&'()*+,;=|"
"""The characters that escaping leaves: those with a meaning in a URL (RFC 3986, 2.2)."""


def canonical(url: str) -> str:
    """The URL in the one form that all its spellings share; a text that is no URL stays as it is."""
    parts = _PARTS.fullmatch(url)
    authority = _AUTHORITY.fullmatch(parts["authority"]) if parts else None
    if parts is None or authority is None:
        return url
    scheme, port = parts["scheme"].lower(), authority["port"]
    try:
        host = parse_host(authority["host"])
    except InvalidHost:
        return url
    name = f"[{host.name}]" if ":" in host.name else host.name
    shown = f":{int(port)}" if port and int(port) != _DEFAULT_PORTS.get(scheme) else ""
    rest = parts["rest"]
    path = rest if rest.startswith("/") else f"/{rest}"
    return f"{scheme}://{authority['user'] or ''}{name}{shown}{_escaped(path)}"


def _escaped(text: str) -> str:
    """A path and what follows it, with what must be escaped escaped, in capitals, and nothing else."""
    return quote(_ESCAPE.sub(_escape, text), safe=_KEPT)


def _escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.fullmatch(character) else f"%{found[1].upper()}"
