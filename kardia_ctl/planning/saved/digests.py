"""The keyed digest of saved plans."""

from collections.abc import Iterable
from hashlib import blake2b


def digest(key: bytes, texts: Iterable[str | None]) -> str:
    """A keyed digest (hex, 128 bits) of a sequence of texts; each text is preceded by its length."""
    hasher = blake2b(digest_size=16, key=key[:64])
    for text in texts:
        raw = b"\xff" if text is None else text.encode("utf-8", "surrogatepass")
        hasher.update(len(raw).to_bytes(8, "big"))
        hasher.update(raw)
    return hasher.hexdigest()
