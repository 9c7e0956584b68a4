"""pyrage works on files: here a stream of bytes is one that it reads, and one that it writes is a stream."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from sys import maxsize as MAXSIZE  # noqa: N812  (it is a constant)
from threading import BoundedSemaphore, Thread
from typing import Any, Final, TypeAlias

from kardia_ctl.config.source_files import InvalidContent

_PIECE: Final = 96 << 10
"""Bytes that are handed on at once."""

_AHEAD: Final = 4
"""Pieces that are made before they are asked for."""


class ReadableStream:
    """A stream as the file that pyrage reads; ``error`` is what reading raised, which it makes a text of."""

    def __init__(self, stream: Iterator[bytes], head: bytes = b"") -> None:
        self.error: Exception | None = None
        self._stream = stream
        self._rest = memoryview(head)

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        try:
            while not self._rest and (chunk := next(self._stream, None)) is not None:
                self._rest = memoryview(chunk)
        except Exception as error:
            self.error = error
            raise
        size = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:size], self._rest[size:]  # views: of a large chunk nothing is copied
        return bytes(data)


Work: TypeAlias = Callable[[ReadableStream, Any], object]
"""A function of pyrage with its keys: reads from one file and writes to another."""


def piped(source: Iterator[bytes], work: Work, head: bytes = b"", limit: int = MAXSIZE) -> Iterator[bytes]:
    """What ``work`` makes of ``head`` and a stream, in pieces; a few of them are made ahead of time.

    Raises:
        InvalidContent: it makes more than ``limit`` bytes.
        Exception: what reading the stream raised, or what ``work`` did.
    """
    pipe = Pipe(ReadableStream(source, head), limit)
    worker = Thread(target=pipe.run, args=(work,), daemon=True)
    worker.start()
    try:
        yield from pipe
    finally:
        pipe.stop()
        worker.join()
    if pipe.error is not None:
        raise pipe.error


class Pipe:
    """The file that pyrage writes to, in a thread of its own: an iterator for another thread."""

    def __init__(self, source: ReadableStream, limit: int) -> None:
        self.error: Exception | None = None
        self._source = source
        self._left = limit
        self._too_large = f"the file is larger than {limit >> 20} MiB"
        self._piece = bytearray()
        self._pieces: SimpleQueue[bytes] = SimpleQueue()
        self._room = BoundedSemaphore(_AHEAD)
        self._stopped = False

    def run(self, work: Work) -> None:
        """Let ``work`` write everything; ``error`` is what ended it."""
        try:
            work(self._source, self)
            self._hand_on()
        except Exception as error:  # noqa: BLE001  (raised again in the other thread)
            self.error = self.error or self._source.error or error
        self._pieces.put(b"")

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._pieces.get():
            self._room.release()
            yield piece

    def stop(self) -> None:
        """Let the thread end, whatever is left."""
        self._stopped = True

    def write(self, data: bytes) -> int:
        """Take the next bytes of the result."""
        self._left -= len(data)
        if self._left < 0:
            self.error = InvalidContent(self._too_large, "Split it into several files")
            raise self.error
        self._piece += data
        if len(self._piece) >= _PIECE:
            self._hand_on()
        return len(data)

    def flush(self) -> None:
        """No-op: pieces are handed on when they are large enough."""

    def _hand_on(self) -> None:
        while not self._room.acquire(timeout=0.2):
            if self._stopped:
                raise EOFError("nobody reads the rest")  # of InterruptedError Rust would try again for ever
        if self._piece:
            self._pieces.put(bytes(self._piece))
            self._piece.clear()
