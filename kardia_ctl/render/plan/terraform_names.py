"""How Terraform's documents name an address, and who provides it."""

import re
from string import ascii_letters
from typing import Any, Final
from urllib.parse import unquote

from kardia_ctl.model.address import Address
from kardia_ctl.render.names import Names

PROVIDER: Final = "kardia-ctl"

_ODD: Final = re.compile(r"[^A-Za-z0-9-]")


def provider_config() -> dict[str, Any]:
    """The provider, for the document's configuration."""
    return {PROVIDER: {"name": PROVIDER, "full_name": PROVIDER}}


def named(address: Address, names: Names) -> dict[str, str]:
    """The keys by which tools join the parts of a plan document."""
    shown = names.shown(address)
    return {
        "address": shown,
        "mode": "managed",
        "type": f"kardia_{address.kind.value}",
        "name": identifier(shown),
    }


def index_of(shown: str) -> str:
    """The key of an instance: a shown address without its kind. Empty for a kind that exists once."""
    return shown.partition("/")[2]


def identifier(shown: str) -> str:
    """An identifier for a shown address, unique in its kind: ``JS-20000721``, ``JS-1__one-year``.

    A character that Terraform does not allow there is written as ``_`` and two hex digits for each byte;
    ``__`` separates names. The address of a kind that exists once is ``this``, as in Terraform's modules.
    """
    index = index_of(shown)
    return "__".join(_plain(unquote(name)) for name in index.split("/")) if index else "this"


def _plain(name: str) -> str:
    text = _ODD.sub(lambda found: _hex(found[0]), name)
    return text if text[:1] in ascii_letters or text[:1] == "_" else _hex(text[0]) + text[1:]


def _hex(char: str) -> str:
    return "".join(f"_{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
