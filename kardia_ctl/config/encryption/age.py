"""Files in the format of age (https://age-encryption.org/v1), by pyrage (the extra ``age``).

Neither a text nor a key is written to a file here. What is decrypted comes in pieces, each authenticated.
That the last one was there is known at the end alone: a caller uses nothing before the iteration has ended.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kardia_ctl.config.encryption.age_header import ALTERED, check_header, is_encrypted, read_head
from kardia_ctl.config.encryption.age_stream import piped
from kardia_ctl.config.source_files import InvalidContent, Unopened
from kardia_ctl.model.errors import RunStopped

if TYPE_CHECKING:
    from pyrage.x25519 import Identity, Recipient

_MAKE: Final = "Make one with age-keygen"
Identities: TypeAlias = Sequence["Identity"]
"""Private keys, as pyrage holds them."""

_SET: Final = "Set KARDIA_AGE_IDENTITY_FILE to the file of your identity, which age-keygen writes"


def identities_of(text: str, place: str) -> Identities:
    """The identities (private keys) in a text as age-keygen writes it.

    Args:
        text: One identity in each line; lines that begin with # are comments.
        place: Where the text was found, for messages.

    Raises:
        RunStopped: there is none, one is of another kind, or pyrage is missing. No message repeats the text.
    """
    if is_encrypted(text.lstrip().encode()):
        raise RunStopped(
            f"{place} is encrypted with a passphrase, which kardia-ctl does not ask for. Decrypt it into the "
            'environment, without a file: export KARDIA_AGE_IDENTITY="$(age -d FILE)"'
        )
    module = _pyrage(RunStopped)
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    found: list[Identity] = []
    for line in lines:
        try:
            found.append(module.x25519.Identity.from_str(line))
        except module.IdentityError:
            raise RunStopped(_no_identity(line, place)) from None
    if not found:
        raise RunStopped(f"{place} holds no age identity. {_MAKE}")
    return found


def _no_identity(line: str, place: str) -> str:
    """Why a line is no identity that can be used."""
    if line.upper().startswith("AGE-PLUGIN-"):
        return f"{place} holds an identity of an age plugin, which kardia-ctl does not run. {_MAKE}"
    if line.upper().startswith("AGE-SECRET-KEY-PQ-"):
        return f"{place} holds a post-quantum identity, which kardia-ctl does not know yet. {_MAKE}"
    if line.startswith(("-----BEGIN", "ssh-")):
        return f"{place} holds another kind of key, such as SSH's: only age's own are read. {_MAKE}"
    if line.startswith("age1"):
        return f"{place} holds a recipient, the public half: the identity begins with AGE-SECRET-KEY-1"
    return f"{place} holds a line that is no age identity. Copy it again, whole: AGE-SECRET-KEY-1…"


def recipient_problem(text: str) -> str:
    """Why a recipient of the right form cannot be one; empty when it can, or pyrage is not there to tell."""
    try:
        import pyrage
    except ImportError:
        return ""
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return "the recipient has a character that is wrong: its check value does not fit"
    return ""


def _recipients(texts: Iterable[str], module: Any) -> list["Recipient"]:
    try:
        return [module.x25519.Recipient.from_str(text) for text in dict.fromkeys(texts)]
    except module.RecipientError:
        raise RunStopped(
            "a recipient is not valid: only age's own (age1…) can be used. Copy it again, whole"
        ) from None


def encrypted(data: bytes, recipients: Sequence[str]) -> bytes:
    """The data in the ASCII form of age, which git and mail leave as it is.

    Raises:
        RunStopped: there is no recipient, one is not valid, or pyrage is missing.
    """
    if not recipients:
        raise RunStopped(
            "there is nobody to encrypt for: declare recipients: [age1…] in kardia.yaml, or name --recipient"
        )
    module = _pyrage(RunStopped)
    sealed: bytes = module.encrypt(data, _recipients(recipients, module), armored=True)
    return sealed


def encrypted_pieces(pieces: Iterable[bytes], recipients: Sequence[str]) -> Iterator[bytes]:
    """A stream in the ASCII form of age, also in pieces.

    Raises:
        RunStopped: as ``encrypted``.
        Exception: what reading the stream raises.
    """
    module = _pyrage(RunStopped)
    readers = _recipients(recipients, module)
    return piped(iter(pieces), lambda source, out: module.encrypt_io(source, out, readers, armored=True))


def decrypted(chunks: Iterable[bytes], identities: Callable[[], Identities], limit: int) -> Iterator[bytes]:
    """The plain text of a file whose bytes come in chunks.

    The pieces are used only once the iteration has ended well: a file that was cut off shows it at its end.

    Args:
        chunks: The file's bytes, binary or ASCII.
        identities: Reads the identities, once it is certain that the file can be opened by one.
        limit: The most bytes of plain text.

    Raises:
        Unopened: no identity opens it, or pyrage is missing.
        InvalidContent: it is no such file, it was altered, or it is too large.
    """
    module = _pyrage(Unopened)
    stream = iter(chunks)
    head = read_head(stream)
    check_header(head)
    keys = list(identities())
    if not keys:
        raise Unopened("the file is encrypted, and there is no age identity to read it with", _SET)
    try:
        yield from piped(
            stream, lambda source, out: module.decrypt_io(source, out, keys), head=head, limit=limit
        )
    except (module.DecryptError, OSError) as error:
        raise _explained(error, len(keys)) from None


def _explained(error: Exception, identities: int) -> Exception:
    """What an error of pyrage means."""
    if "No matching keys" in str(error):
        count = "the age identity here does not open" if identities == 1 else "no age identity here opens"
        return Unopened(
            f"{count} the file: it was encrypted for others",
            "Use the identity of one of its recipients, or have somebody who can read it encrypt it for you",
        )
    return InvalidContent(*ALTERED)


def _pyrage(error: Callable[[str], Exception]) -> Any:
    """The library.

    Raises:
        Exception: of the given kind; it is not installed.
    """
    try:
        import pyrage
    except ImportError as missing:
        raise error(
            "reading and writing files of age needs pyrage, which is not installed. Run: "
            "pip install 'kardia-ctl[age]'"
        ) from missing
    return pyrage
