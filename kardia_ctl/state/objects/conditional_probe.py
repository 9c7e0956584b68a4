"""Checks once for each state that its server refuses a stale write: everything else rests on that."""

from typing import Final
from uuid import uuid4

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.objects.objects_port import Changed, Existing, Objects

_NAME: Final = "probe-"


def check_conditional(objects: Objects) -> None:
    """Try both conditional writes with an object of its own, which is removed again.

    Raises:
        StateError: the server ignores a condition.
    """
    name = f"{_NAME}{uuid4().hex}"
    first = objects.create(name, b"1")
    try:
        if not _refuses_to_create(objects, name) or not _refuses_to_swap(objects, name, first):
            raise StateError(
                f"opening the state {objects.place}: its server does not refuse a stale write, so two "
                "runs could overwrite each other. Next: use Azure Blob Storage, Google Cloud Storage, S3, "
                "or a server of its protocol that honours If-None-Match and If-Match of a PUT"
            )
    finally:
        objects.remove([name])


def _refuses_to_create(objects: Objects, name: str) -> bool:
    try:
        objects.create(name, b"2")
    except Existing:
        return True
    return False


def _refuses_to_swap(objects: Objects, name: str, version: str) -> bool:
    try:
        objects.swap(name, b"3", version)
    except Changed:
        return False  # it refuses the current version too
    try:
        objects.swap(name, b"4", version)
    except Changed:
        return True
    return False
