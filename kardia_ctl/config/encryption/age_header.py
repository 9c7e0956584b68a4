"""How a file of age begins (https://age-encryption.org/v1), in its binary form and in ASCII."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from typing import Final

from kardia_ctl.config.source_files import InvalidContent

SUFFIX: Final = ".age"
"""What the name of an encrypted file ends with."""

BINARY: Final = b"age-encryption.org/v1\n"
"""How a file in the binary form begins."""

ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
"""How a file in the ASCII form begins."""

RECIPIENT: Final = "^age1[02-9ac-hj-np-z]{58}$"
"""The form of a recipient. Whether its check value is right, pyrage knows."""

ALTERED: Final = (
    "the file was altered or cut off: nothing of it was used",
    "Restore it, e.g. with git checkout, or encrypt it again",
)
"""Message and remedy for a file that is not whole."""

_HEAD: Final = 64 << 10
"""Bytes in which a header must end. One recipient takes about 100; pyrage has no bound of its own."""


def is_encrypted(head: bytes) -> bool:
    """Whether a file that begins so is one of age."""
    return head.startswith((BINARY.rstrip(b"\n"), ARMOR))


def read_head(stream: Iterator[bytes]) -> bytes:
    """The first bytes of a file, with its whole header if it has one."""
    head = b""
    while len(head) < _HEAD and (chunk := next(stream, None)) is not None:
        head += chunk
    return head


def check_header(head: bytes) -> None:
    """Refuse what is no file of age, and what no identity opens.

    Raises:
        InvalidContent: it is one of these.
    """
    if not is_encrypted(head):
        raise InvalidContent(
            f"the file is not encrypted with age, as its name says ({SUFFIX})",
            "Encrypt it with kardia-ctl encrypt, or give it a name without .age",
        )
    header = _binary(head)[:_HEAD]
    if not header.startswith(BINARY) or b"\n--- " not in header:
        raise InvalidContent(*ALTERED)
    if b"\n-> scrypt " in header[: header.index(b"\n--- ")]:
        raise InvalidContent(
            "the file is encrypted with a passphrase, which kardia-ctl does not ask for",
            "Decrypt it with age -d, and encrypt it for recipients with kardia-ctl encrypt",
        )


def _binary(head: bytes) -> bytes:
    """The beginning of a file in the binary form."""
    if not head.startswith(ARMOR):
        return head
    text = b"".join(head.split(b"-----")[2].split()) if head.count(b"-----") > 1 else b""
    try:
        return b64decode(text[: len(text) // 4 * 4], validate=True)
    except (NotBase64, ValueError):
        return b""
