"""Snapshots of a state: one before every apply that writes, kept by count and age.

A snapshot is a compressed image (see ``tables.image``). Its name says when it was taken, the serial, before
what, and for which workspace, so that a list needs no content.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.state_store import StateStore

_TIME: Final = "%Y%m%dT%H%M%SZ"
_ALWAYS: Final = 10
"""The newest snapshots, which are kept whatever their age."""
_AT_MOST: Final = 100
_DAYS: Final = 30
"""How long the others are kept."""

KEPT: Final = f"the newest {_ALWAYS}, and up to {_AT_MOST} of the last {_DAYS} days"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot, as its name says: when it was taken (UTC), at which serial of a workspace, before what."""

    name: str
    at: datetime
    serial: int
    operation: str
    workspace: str


def keep_snapshot(store: StateStore, workspace: str, serial: int, operation: str, now: float) -> None:
    """Keep what state holds before an operation changes it; not again when the last one has this serial.

    Args:
        store: The state; its lock is held.
        workspace: The workspace that the operation is about to change.
        serial: Its serial; 0 where nothing is recorded yet, and then there is nothing to keep.
        operation: What is about to happen, such as ``apply``.
        now: Unix seconds.

    Raises:
        StateError: it cannot be stored.
    """
    earlier = snapshots_of(store)
    mine = [snapshot for snapshot in earlier if snapshot.workspace == workspace]
    if not serial or (mine and mine[-1].serial == serial):
        return
    at = datetime.fromtimestamp(now, tz=UTC)
    parts = at.strftime(_TIME), str(serial), operation.replace(" ", "-"), quote(workspace, safe="")
    store.archive.write("_".join(parts), packed(store.image()))
    for snapshot in _outdated(snapshots_of(store), at):
        store.archive.remove(snapshot.name)


def snapshots_of(store: StateStore) -> list[Snapshot]:
    """The snapshots of all workspaces, the oldest first. Other files in the archive are left alone."""
    found = [_parsed(name) for name in store.archive.names()]
    return sorted(filter(None, found), key=lambda snapshot: (snapshot.at, snapshot.serial))


def read_snapshot_image(store: StateStore, name: str) -> bytes:
    """The image in a snapshot.

    Raises:
        StateError: there is none of this name, or it is damaged.
    """
    if name not in store.archive.names():
        raise StateError(f"there is no snapshot {name}; kardia-ctl state history lists them")
    return unpacked(store.archive.read(name), name)


def packed(image: bytes) -> bytes:
    """The content of a snapshot of an image."""
    return zlib.compress(image, 1)


def unpacked(content: bytes, name: str) -> bytes:
    """The image of a snapshot's content.

    Raises:
        StateError: it is damaged.
    """
    try:
        return zlib.decompress(content)
    except zlib.error as error:
        raise StateError(f"the snapshot {name} is damaged. Next: take another one") from error


def _outdated(snapshots: list[Snapshot], now: datetime) -> Iterator[Snapshot]:
    others = snapshots[:-_ALWAYS]
    for position, snapshot in enumerate(reversed(others), _ALWAYS + 1):
        if position > _AT_MOST or (now - snapshot.at).days >= _DAYS:
            yield snapshot


def _parsed(name: str) -> Snapshot | None:
    try:
        time, serial, operation, workspace = name.split("_", 3)
        at = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
        return Snapshot(name, at, int(serial), operation, unquote(workspace))
    except ValueError:
        return None
