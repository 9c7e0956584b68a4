"""The body of a response, bounded while it is decompressed.

httpx decompresses each chunk as a whole, and a body that was compressed twice layer by layer: 64 KB may
become 64 MB, and those 64 GB. Here no more is decompressed than may be kept.
"""

import zlib
from collections.abc import AsyncIterable, Callable, Mapping
from typing import Final

_ZLIB_OR_GZIP: Final = 32 + zlib.MAX_WBITS
"""Detects zlib and gzip by their headers (zlib's manual, inflateInit2)."""


class BodyError(Exception):
    """The body broke off, or cannot be decompressed."""


class IncompleteBodyError(BodyError):
    """Another number of bytes arrived than Content-Length announced."""


class DecodingError(BodyError):
    """The body is not what Content-Encoding says, or in an encoding that was not asked for."""


async def read_body(
    chunks: AsyncIterable[bytes], headers: Mapping[str, str], largest: int
) -> tuple[bytes, bool]:
    """The body, and whether it is complete; cut off at ``largest`` bytes.

    Raises:
        BodyError: it broke off, or cannot be decompressed.
    """
    decompress = _decompressor(headers.get("content-encoding", "").strip().lower())
    body, received = bytearray(), 0
    async for chunk in chunks:
        received += len(chunk)
        body += decompress(chunk, largest + 1 - len(body))
        if len(body) > largest:
            return bytes(body[:largest]), False
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and announced.lstrip("0") != str(received or ""):
        raise IncompleteBodyError(f"{received} bytes arrived of {announced[:20]}")
    return bytes(body), True


def _decompressor(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function that decompresses chunk after chunk, each to at most so many bytes."""
    if encoding in {"", "identity"}:
        return lambda chunk, _: chunk
    if encoding not in {"gzip", "deflate"}:
        raise DecodingError("the content encoding was not asked for")
    stream = zlib.decompressobj(_ZLIB_OR_GZIP)

    def decompress(chunk: bytes, most: int) -> bytes:
        if stream.eof and chunk:  # a second member may say something else than the first
            raise DecodingError("something follows its compressed end")
        try:
            decompressed = stream.decompress(chunk, most)
        except zlib.error:
            raise DecodingError("it cannot be decompressed") from None
        if stream.unused_data:
            raise DecodingError("something follows its compressed end")
        return decompressed

    return decompress
