"""The body of an answer, bounded while it is unpacked.

httpx unpacks each piece as a whole, and a body that was packed twice layer by layer: 64 KB may become 64 MB,
and those 64 GB. Here no more is unpacked than may be kept.
"""

import zlib
from collections.abc import AsyncIterator
from typing import Final

import httpx

_EITHER: Final = 32 + zlib.MAX_WBITS
"""zlib and gzip, told apart by how they begin (zlib's manual, inflateInit2)."""


async def read_body(response: httpx.Response, largest: int) -> tuple[bytes, bool]:
    """The body, and whether it is whole; cut off at ``largest`` bytes.

    Raises:
        httpx.HTTPError: it broke off, or is packed in a way that was not asked for.
    """
    body, unpack = bytearray(), _Unpacking(response)
    async for piece in _pieces(response):
        body += unpack(piece, largest + 1 - len(body))
        if len(body) > largest:
            return bytes(body[:largest]), False
    return bytes(body), True


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """What arrives, as it arrives; an error when it is not as much as was announced."""
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("the answer of a synchronous client")
    arrived = 0
    async for piece in response.stream:
        arrived += len(piece)
        yield piece
    announced = response.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and announced.lstrip("0") != str(arrived or ""):
        raise httpx.ReadError("the answer broke off", request=response.request)


class _Unpacking:
    """Unpacks piece after piece, each at most to a given size."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip", "deflate"}:
            raise self._error("it is packed in a way that was not asked for")
        self._stream = zlib.decompressobj(_EITHER) if encoding in {"gzip", "deflate"} else None

    def __call__(self, piece: bytes, most: int) -> bytes:
        if self._stream is None:
            return piece
        try:
            return self._stream.decompress(piece, most)
        except zlib.error:
            raise self._error("it does not unpack") from None

    def _error(self, reason: str) -> httpx.DecodingError:
        return httpx.DecodingError(reason, request=self._response.request)
