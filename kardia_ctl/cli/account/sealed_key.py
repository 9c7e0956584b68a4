"""The key of an encrypted state, in a file of age beside kardia.yaml: whoever reads the patients has it."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from kardia_ctl.cli.account.key_at_hand import SEALED_KEY
from kardia_ctl.cli.account.keys import check_length
from kardia_ctl.cli.account.read_configuration import unlocking
from kardia_ctl.cli.private_files import write_private
from kardia_ctl.config.encryption import age
from kardia_ctl.config.source_files import UnusableFile, content
from kardia_ctl.model.errors import RunStopped

_LARGEST: Final = 1 << 20
"""Bytes of such a file."""


def sealed_key(root: Path, environ: Mapping[str, str]) -> bytes:
    """The key in the file beside kardia.yaml; empty when there is no such file.

    Raises:
        RunStopped: it cannot be opened, or holds no key.
    """
    file = root / SEALED_KEY
    if not file.is_file():
        return b""
    try:
        return _opened(content(file, _LARGEST), file, environ)
    except UnusableFile as error:
        raise RunStopped(f"{file}: {error.message}. {error.remedy}") from error


def _opened(sealed: bytes, file: Path, environ: Mapping[str, str]) -> bytes:
    key = b"".join(age.decrypted([sealed], unlocking(environ).keys, _LARGEST)).strip()
    check_length(key, f"the key in {file}", "Restore it from git")
    return key


def made_key(root: Path, recipients: Sequence[str], environ: Mapping[str, str]) -> bytes:
    """The key in the file, which is made when there is none. Nothing is written that cannot be opened here.

    Raises:
        RunStopped: there is no recipient, or no identity here opens what is encrypted for them.
    """
    if found := sealed_key(root, environ):
        return found
    file = root / SEALED_KEY
    sealed = age.encrypted(secrets.token_hex(32).encode(), recipients)
    try:
        key = _opened(sealed, file, environ)
    except UnusableFile as error:
        raise RunStopped(f"{file} would not be readable here: {error.message}. {error.remedy}") from error
    write_private(file, sealed, lambda _: False)
    return key
