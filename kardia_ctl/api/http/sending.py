"""Requests in flight: how far each one came, and how to cut them all off."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

T = TypeVar("T")

_OPENING: Final = ("connection.connect_tcp.started", "connection.start_tls.started")
_LEAVING: Final = "http11.send_request_headers.started"


@dataclass(slots=True)
class Sending:
    """How far one request came. ``connecting``: its connection is not open yet, so no byte of it has left.

    What is not known counts as left: a transport other than the network says nothing.
    """

    connecting: bool = False

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Note a step of the request: the callback of httpx's extension ``trace``."""
        if event in _OPENING:
            self.connecting = True
        elif event == _LEAVING:
            self.connecting = False


class CutOff(Exception):  # noqa: N818  (it names what happened)
    """The request was in flight when the run was aborted."""


@dataclass(slots=True)
class InFlight:
    """The requests in flight."""

    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _aborted: bool = False

    def abort(self) -> None:
        """Cut off the requests in flight."""
        self._aborted = True
        for task in self._tasks:
            task.cancel()

    async def run(self, work: Awaitable[T]) -> T:
        """The result of one request.

        Raises:
            CutOff: it was aborted.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in a task)
        self._tasks.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            if not self._aborted:
                raise
            task.uncancel()
            raise CutOff from None
        finally:
            self._tasks.discard(task)
