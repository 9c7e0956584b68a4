"""Signs of life of a request that is under way.

When a run dies, the window of what it had in flight counts from its last sign of life: a request may have
waited for its turn, for a Retry-After or for its answer for minutes when the run died.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

INTERVAL: Final = 2.0
"""Seconds from one sign to the next. The margin of ``planning.matching.due`` has to be longer."""


async def with_signs_of_life(request: Coroutine[Any, Any, T], show: Callable[[], Awaitable[None]]) -> T:
    """The result of a request; ``show`` is called every ``INTERVAL`` seconds until it is there.

    A sign that cannot be written ends the connection: an answer could not be written either, and whoever
    looks for its effect has to count from a sign that is not older than that.

    Raises:
        StateError: a sign could not be written.
    """
    under_way = asyncio.ensure_future(request)
    try:
        while not (await asyncio.wait({under_way}, timeout=INTERVAL))[0]:
            await show()
        return under_way.result()
    finally:
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)
