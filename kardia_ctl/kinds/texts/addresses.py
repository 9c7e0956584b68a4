"""E-mail addresses: which ones mail can be delivered to, as far as their text tells.

A pattern accepts the plain majority. The others go to email-validator, without asking the DNS.
"""

import re
from collections.abc import Sequence
from typing import Final

from kardia_ctl.kinds.texts.program_words import NO_ADDRESS

_LONGEST: Final = 254
"""Characters of an address (RFC 5321, section 4.5.3.1.3, without the angle brackets)."""

_NOWHERE: Final = "arpa|corp|home|intern|internal|invalid|lan|local|lokal|localdomain|localhost|onion|private"
"""Last labels that no public mail server is found under (RFC 6761, RFC 6762, ICANN's list, German)."""

ANY_LOCAL: Final = r"(?=[^@\n]{1,64}@)[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+"
ANY_DOMAIN: Final = (
    r"(?=[^\n]{4,63}(?:\n|\Z))(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++"
    rf"(?!(?i:{_NOWHERE})(?:\n|\Z))[A-Za-z]{{2,24}}+"
)
QUICK_LOCAL: Final = r"[A-Za-z0-9_+-]{1,31}+(?:\.[A-Za-z0-9_+-]{1,32}+)?+(?=@)"
QUICK_DOMAIN: Final = r"[A-Za-z0-9]{2,32}+\.(?:com|org|net|de|fr|es|nl)(?=\n|\Z)"
"""What most addresses are: part of ``ANY_DOMAIN``, and found three times as quickly."""

_LOCAL: Final = rf"(?!{NO_ADDRESS}@)(?:{QUICK_LOCAL}|{ANY_LOCAL})"
_DOMAIN: Final = f"(?:{QUICK_DOMAIN}|{ANY_DOMAIN})"
_PLAIN: Final = re.compile(f"{_LOCAL}@{_DOMAIN}")
_ALL_PLAIN: Final = re.compile(rf"(?:{_LOCAL}@{_DOMAIN}\n)*+")
_SHAPE: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+")
_RESERVED: Final = re.compile(r"(?<=[@.])(?:arpa|invalid|local|localhost|onion)\Z", re.IGNORECASE)
"""Last labels that email-validator refuses although a trial may use them; they are odd here, not wrong."""

_SURPLUS_DOT: Final = re.compile(r"\.(?=[.@])")
_JAPANESE: Final = re.compile(r"[A-Za-z0-9].*@(?:docomo|ezweb)\.ne\.jp", re.IGNORECASE)
"""Hosts of mobile addresses with dots where RFC 5321 has none; they were given out until 2009."""

_UNDELIVERED: Final = re.compile(rf"[^.]*\.?|.*\.(?:{_NOWHERE})\.?", re.IGNORECASE)


def are_plain_addresses(values: Sequence[str]) -> bool:
    """Whether every text is plainly an address, and nothing about it is odd."""
    lines = "\n".join((*values, ""))
    return lines.count("\n") == len(values) and _ALL_PLAIN.fullmatch(lines) is not None


def is_plain_address(value: str) -> bool:
    """Whether a text is plainly an address, and nothing about it is odd."""
    return _PLAIN.fullmatch(value) is not None


def is_address(value: str) -> bool:
    """Whether mail can be delivered to an address, in any mail system."""
    if is_plain_address(value):
        return True
    if len(value) > _LONGEST or _SHAPE.fullmatch(value) is None or value.rpartition(".")[2].isdecimal():
        return False
    if _JAPANESE.fullmatch(value):
        value = _SURPLUS_DOT.sub("", value)
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(
            _RESERVED.sub("test", value),
            check_deliverability=False,
            globally_deliverable=False,  # a host without a dot is odd
            test_environment=True,
        )
    except EmailNotValidError:
        return False
    return True


def is_public(value: str) -> bool:
    """Whether mail from elsewhere may reach an address: its host has a dot, and is no private name."""
    return _UNDELIVERED.fullmatch(value.rpartition("@")[2]) is None
