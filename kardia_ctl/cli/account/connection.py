"""The session with an account, or with the sandbox inside this process."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from kardia_ctl.applying.run_context import StopSignal
from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.environment import other_proxy
from kardia_ctl.cli.signals import run_async, stop_on_signals
from kardia_ctl.cli.traffic_log import request_log

if TYPE_CHECKING:
    from kardia_ctl.api.client import Session
    from kardia_ctl.api.limits.retry import RetryPolicy

T = TypeVar("T")


def in_session(
    workspace: Workspace,
    work: Callable[["Session"], Awaitable[T]],
    *,
    key: str | None = None,
    effect: bool = False,
) -> T:
    """The result of ``work`` in a session with the workspace's account.

    Args:
        workspace: The account.
        work: Sends the requests.
        key: Another API key to try.
        effect: Whether a request has an effect: then a signal waits for its result.

    Raises:
        Interrupted: a signal came.
    """

    async def run() -> T:
        async with open_account(workspace, key=key) as session:
            if not effect:
                return await work(session)
            with stop_on_signals(StopSignal(on_set=session.halt), session.abort):
                return await work(session)

    return run_async(run())


@asynccontextmanager
async def open_account(
    workspace: Workspace, *, parallelism: int = 16, key: str | None = None, tries: int = 0
) -> AsyncIterator["Session"]:
    """A session with the workspace's account.

    ``key`` is another API key to try; ``tries`` bounds how often a read is sent, 0 for as often as usual.

    Raises:
        ApiError: the endpoint, the key, the proxy or the CA file cannot be used.
    """
    from kardia_ctl.api.client import open_session
    from kardia_ctl.api.http.connections import ConnectionOptions
    from kardia_ctl.api.limits.retry import RetryPolicy
    from kardia_ctl.api.scrubbing.scrub import secrets_of

    account, configuration = workspace.account, workspace.configuration
    policy = RetryPolicy(tries=tries) if tries else RetryPolicy()
    secret = workspace.keys.secret if key is None else key
    if account.sandbox:
        async with _open_sandbox(workspace, secret, parallelism, policy) as session:
            yield session
        return
    scrub = workspace.scrub()
    for part in secrets_of(account.proxy or ""):
        scrub.hide(part)
    ca_file = None if account.ca_file is None else str(account.ca_file)
    with request_log(account.log_file) as log:
        async with open_session(
            workspace.endpoint,
            secret,
            dialect=configuration.dialect,
            authorization=configuration.authorization,
            parallelism=parallelism,
            scrub=scrub,
            options=ConnectionOptions(
                proxy=account.proxy,
                ca_file=ca_file,
                largest=workspace.largest,
                unused_proxy="" if account.proxy else other_proxy(os.environ),
                key_place=workspace.keys.place if key is None else "",
            ),
            policy=policy,
            log=log,
        ) as session:
            yield session


@asynccontextmanager
async def _open_sandbox(
    workspace: Workspace, secret: str, parallelism: int, policy: "RetryPolicy"
) -> AsyncIterator["Session"]:
    from kardia_ctl.api.client import open_session
    from kardia_ctl.api.http.connections import ConnectionOptions, app_transport
    from kardia_ctl.sandbox.account.account import Account
    from kardia_ctl.sandbox.app import create_app
    from kardia_ctl.state.files import make_directories

    file = workspace.configuration.root / PRIVATE / "sandbox" / "account.db"
    make_directories(file.parent)
    with Account(file) as sandbox, request_log(workspace.account.log_file) as log:
        async with open_session(
            "http://127.0.0.1",
            secret,
            dialect=workspace.configuration.dialect,
            parallelism=parallelism,
            scrub=workspace.scrub(),
            options=ConnectionOptions(largest=workspace.largest),
            policy=policy,
            log=log,
            http_transport=app_transport(create_app(sandbox)),
        ) as session:
            yield session
