"""How addresses are named in Terraform's documents: type, name and provider."""

from string import ascii_letters, digits
from typing import Any, Final

from kardia_ctl.model.address import Address

PROVIDER: Final = "kardia-ctl"

_PLAIN: Final = frozenset(ascii_letters + digits + "-")


def named(address: Address) -> dict[str, str]:
    """The keys by which tools join the parts of a plan document."""
    return {
        "address": str(address),
        "mode": "managed",
        "type": f"kardia_{address.kind.value}",
        "name": identifier(address),
    }


def identifier(address: Address) -> str:
    """An identifier, another for each address of a kind: ``JS-20000721``, ``JS-1__one-year``.

    What an identifier must not hold, or begin with, is written as ``_`` and two hex digits a byte; ``__``
    stands between names. A kind that has one address is called ``this``, as Terraform's modules do.
    """
    return "__".join(_plain(name) for name in address.names) or "this"


def _plain(name: str) -> str:
    text = "".join(char if char in _PLAIN else _hex(char) for char in name)
    return text if text[:1] in ascii_letters or text[:1] == "_" else _hex(text[0]) + text[1:]


def _hex(char: str) -> str:
    return "".join(f"_{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def provider_config() -> dict[str, Any]:
    """The one provider, as the configuration part names it."""
    return {PROVIDER: {"name": PROVIDER, "full_name": PROVIDER}}
