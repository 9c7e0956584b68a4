"""How deep it goes from apply to the wire: a reader of a traceback, and of the code, follows every frame."""

import asyncio
import traceback
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import CoroutineType
from typing import Any

import httpx

import kardia_ctl
from kardia_ctl.api.client import open_session
from kardia_ctl.applying.observer import ProgressObserver
from kardia_ctl.model.plan import Plan
from kardia_ctl.operations.apply import apply
from kardia_ctl.operations.plan import Preview
from tests.applying.workshop import Memory, context_of, creates, inputs_for

MOST = 15
PRODUCT = str(Path(kardia_ctl.__file__).parent)


def _waiting(task: "asyncio.Task[Any]") -> list[str]:
    """The functions of a task that waits, outermost first."""
    names: list[str] = []
    waiting: Any = task.get_coro()
    while isinstance(waiting, CoroutineType):
        if waiting.cr_code.co_filename.startswith(PRODUCT):
            names.append(waiting.cr_code.co_name)
        waiting = waiting.cr_await
    return names


def test_from_apply_to_the_transport_there_are_at_most_fifteen_frames() -> None:
    frames: list[str] = []

    async def story() -> None:
        main = asyncio.current_task()
        assert main is not None

        async def serve(request: httpx.Request) -> httpx.Response:
            if request.method == "GET":  # the look at the end
                return httpx.Response(200, json={"patients": [{"id": "id-A", "mrn": "A"}], "totalCount": 1})
            here = [one.name for one in traceback.extract_stack() if one.filename.startswith(PRODUCT)]
            frames.extend((*_waiting(main), *here))
            return httpx.Response(200, json={"id": "id-A", "mrn": "A"})

        async with open_session(
            "https://api.kardia.com", "key", http_transport=httpx.MockTransport(serve)
        ) as session:
            desired, changes = creates("A")
            preview = Preview(Plan(changes=tuple(changes)), inputs_for(desired))
            context = replace(context_of(session.writer(), Memory()), requests=lambda: session.requests)
            inputs = replace(preview.inputs, observed=replace(preview.inputs.observed, templates=()))
            preview = replace(preview, inputs=inputs)
            context = replace(context, reader=session.reader)
            await apply(preview, context, lambda: nullcontext(ProgressObserver()), warn=lambda _: None)

    asyncio.run(story())
    assert frames[0] == "apply"
    assert "send" in frames
    assert len(frames) <= MOST, frames
