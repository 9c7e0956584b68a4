"""What the host of a URL is: a name, or an address in any spelling that some program reads as one.

The rules are those of https://url.spec.whatwg.org/#host-parsing, which browsers and most servers follow: a
host whose last label is a number is an IPv4 address, in decimal, octal or hexadecimal and with one to four
parts; percent escapes are undone; letters, digits and dots of other scripts are mapped by UTS #46.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

IpAddress: TypeAlias = IPv4Address | IPv6Address

_LONGEST: Final = 2048
"""Characters of a host before it is decoded; a name has 253."""

_LONGEST_NAME: Final = 253
_LONGEST_LABEL: Final = 63
_LABEL: Final = re.compile(r"[a-z0-9_-]+")
_DIGITS: Final = {8: re.compile("[0-7]*"), 10: re.compile("[0-9]+"), 16: re.compile("[0-9a-f]*")}
_PORT: Final = re.compile("[0-9]{1,5}")


class InvalidHost(ValueError):  # noqa: N818  (named by what the host is)
    """A text that is no host: empty, too long, or with a character that no host has."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host.

    Attributes:
        name: In lower case and ASCII (punycode), without a final dot; an address in its canonical form. Equal
            hosts have equal names.
        address: The address; None for a name, and for a number that is too large for an address.
        is_address: Whether it is an address, or a number that some program may read as one.
    """

    name: str
    address: IpAddress | None = None
    is_address: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether it stands for this machine: a loopback address, localhost or below it (RFC 6761)."""
        if self.address is not None:
            mapped = getattr(self.address, "ipv4_mapped", None)
            return bool((mapped or self.address).is_loopback)
        return self.name == "localhost" or self.name.endswith(".localhost")


def parse_host(text: str) -> Host:
    """The host that a text stands for, as it is written in a URL; an IPv6 address with or without brackets.

    Raises:
        InvalidHost: the text is no host.
    """
    if len(text) > _LONGEST:
        raise InvalidHost("the host is too long")
    if ":" in text or text.startswith("["):
        return _ipv6(text)
    name = _ascii(_decoded(text)).removesuffix(".")
    labels = name.split(".")
    if _is_number(labels[-1]):
        address = _ipv4(labels)
        return Host(name if address is None else str(address), address, is_address=True)
    if len(name) > _LONGEST_NAME or not all(map(_is_label, labels)):
        raise InvalidHost("the host has a label that no name has")
    return Host(name)


def parse_authority(text: str) -> tuple[Host, int | None]:
    """The host and the port of ``host:port``, as the header Host has them; a missing port is None.

    Raises:
        InvalidHost: the text is neither, or names a user.
    """
    host, colon, port = text.rpartition(":") if ":" in text.rpartition("]")[2] else (text, "", "")
    if colon and _PORT.fullmatch(port) is None:
        raise InvalidHost("the port is not a number")
    if ":" in host and not host.startswith("["):
        raise InvalidHost("an IPv6 address stands in brackets")
    return parse_host(host), int(port) if colon else None


def is_plain(text: str, host: Host) -> bool:
    """Whether a text spells its host as everybody reads it: decimal, complete, without escape or zone."""
    plain = text.lower().removesuffix(".").removeprefix("[").removesuffix("]")
    return plain == host.name and "%" not in plain


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise InvalidHost("the host is not UTF-8") from None


def _ascii(text: str) -> str:
    """The name in ASCII and lower case, as UTS #46 maps it.

    Raises:
        InvalidHost: it has a character, or a label in punycode, that stands for nothing.
    """
    lower = text.lower()
    if lower.isascii() and "xn--" not in lower:
        return lower
    import idna  # its tables take a while to load

    try:
        mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
        return ".".join(_a_label(label) for label in mapped.split("."))
    except (idna.IDNAError, UnicodeError, ValueError, IndexError) as error:
        raise InvalidHost("the host has a character that no name has") from error


def _a_label(label: str) -> str:
    import idna

    if label.isascii() and not label.startswith("xn--"):
        return label
    return idna.alabel(idna.ulabel(label)).decode("ascii")


def _is_label(label: str) -> bool:
    return len(label) <= _LONGEST_LABEL and _LABEL.fullmatch(label) is not None


def _is_number(label: str) -> bool:
    """Whether a last label makes the host an IPv4 address ("ends in a number")."""
    return (label.isascii() and label.isdigit()) or _number(label) is not None


def _number(part: str) -> int | None:
    """A part of an IPv4 address in decimal, octal (0…) or hexadecimal (0x…); None when it is no number."""
    base, digits = 10, part
    if part.startswith("0x"):
        base, digits = 16, part[2:]
    elif len(part) > 1 and part.startswith("0"):
        base, digits = 8, part[1:]
    if _DIGITS[base].fullmatch(digits) is None:
        return None
    return int(digits or "0", base)


def _ipv4(labels: Sequence[str]) -> IPv4Address | None:
    """The address of one to four numbers, the last of which fills the rest; None when they are too many."""
    numbers = [_number(label) for label in labels]
    if len(numbers) > 4 or None in numbers:
        return None
    *first, last = (number or 0 for number in numbers)
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return IPv4Address(last + sum(number << 8 * (3 - place) for place, number in enumerate(first)))


def _ipv6(text: str) -> Host:
    plain = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    written, zone, _ = plain.partition("%")
    try:
        address = IPv6Address(written)
    except ValueError:
        raise InvalidHost("the host is not an IPv6 address") from None
    return Host(plain.lower() if zone else str(address), address, is_address=True)
