"""Reads a configuration with what this environment opens encrypted files with."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kardia_ctl.cli.account.key_at_hand import key_at_hand
from kardia_ctl.cli.environment import EMPTY, given
from kardia_ctl.cli.naming import key_from, mrns_are_public
from kardia_ctl.config import load
from kardia_ctl.config.encryption.plain_texts import Unlocking
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import RunStopped

IDENTITY: Final = "KARDIA_AGE_IDENTITY"
IDENTITY_FILE: Final = "KARDIA_AGE_IDENTITY_FILE"
_BEGINNING: Final = "AGE-SECRET-KEY-"
_LARGEST: Final = 65_536
"""Bytes of a file of identities that are read."""


def read_configuration(
    path: Path, now: Instant | None = None, edited: Mapping[str, bytes] = MappingProxyType({})
) -> Configuration:
    """The configuration at a path; ``now`` and ``edited`` as for ``load``.

    Raises:
        ConfigurationError: it has problems.
        RunStopped: an age identity cannot be used.
    """
    key_from(partial(key_at_hand, path, os.environ), is_guess=True)
    found = load(path, os.environ, now, edited, unlocking(os.environ))
    if found.shows_mrns:
        mrns_are_public()
    return found


def unlocking(environ: Mapping[str, str]) -> Unlocking:
    """What encrypted files are opened with here. Nothing is read before there is such a file."""
    return Unlocking(partial(_identities, environ), environ)


def _identities(environ: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """The texts of the identities, each with its place.

    Raises:
        RunStopped: the file cannot be read, or a value has quotes around it, or is the only one and empty; or
            the name of the file is an identity itself, which no message repeats.
    """
    found = []
    if name := given(environ, IDENTITY_FILE):
        if _BEGINNING in name.upper():
            raise RunStopped(
                f"{IDENTITY_FILE} holds an age identity, not the name of its file. Set {IDENTITY} to it"
            )
        found.append((_content(Path(name).expanduser()), f"{name} ({IDENTITY_FILE})"))
    if text := given(environ, IDENTITY):
        found.append((text, IDENTITY))
    if not found and (empty := [name for name in (IDENTITY_FILE, IDENTITY) if name in environ]):
        raise RunStopped(f"a file is encrypted, and there is no age identity: {EMPTY.format(empty[0])}")
    return found


def _content(file: Path) -> str:
    try:
        with file.open("rb") as stream:  # it may be a device that never ends
            return stream.read(_LARGEST).decode("utf-8-sig", "replace")
    except OSError as error:
        raise RunStopped(
            f"{file}, which {IDENTITY_FILE} names: {(error.strerror or 'cannot be read').lower()}"
        ) from error
