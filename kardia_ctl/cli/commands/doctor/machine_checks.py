"""Interpreter, libraries, and who may read the files of keys and state."""

import os
import platform
import stat
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from kardia_ctl import __version__
from kardia_ctl.cli.account.key_at_hand import SEALED_KEY
from kardia_ctl.cli.account.read_configuration import IDENTITY_FILE
from kardia_ctl.cli.commands.doctor.premises import Premises
from kardia_ctl.config.encryption.plain_texts import is_age, plain_name
from kardia_ctl.model.configuration import SecretSource
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.render.findings import CheckResult, fine, note, wrong
from kardia_ctl.render.text import count_of
from kardia_ctl.state.open import state_files

_SHOWN: Final = ("httpx", "click", "PyYAML", "msgspec", "jsonschema-rs")
"""Libraries whose versions a bug report needs most often."""

_EXTRAS: Final = {
    "pyrage": "age",
    "cryptography": "encryption",
    "obstore": "objects",
    "openpyxl": "xlsx",
    "psycopg": "postgresql",
    "keyring": "keyring",
}
"""Libraries that come with an extra, and its name."""


def check_interpreter() -> Iterator[CheckResult]:
    """Which program runs where."""
    system = f"{platform.system()} {platform.release()}"
    yield fine("interpreter", f"kardia-ctl {__version__}, Python {platform.python_version()} on {system}")


def check_libraries(premises: Premises) -> Iterator[CheckResult]:
    """Which libraries there are, and whether one is missing that this configuration needs."""
    there = ", ".join(f"{name} {found}" for name in (*_SHOWN, *_EXTRAS) if (found := _version(name)))
    missing = [name for name in _needed(premises) if not _version(name)]
    if not missing:
        yield fine("libraries", there)
    for name in missing:
        remedy = f"Run: pip install 'kardia-ctl[{_EXTRAS[name]}]'"
        yield wrong("libraries", f"{name} is not installed, and this configuration needs it", remedy)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _needed(premises: Premises) -> Iterator[str]:
    """The optional libraries that this configuration needs, as far as it can be read."""
    try:
        settings = premises.settings
    except Exception:  # noqa: BLE001  (the check of the configuration reports it)
        return
    scheme = settings.state.partition("://")[0]
    if scheme.startswith("postgres"):
        yield "psycopg"
    if scheme in ("s3", "az", "gs"):
        yield "obstore"
    if os.environ.get("KARDIA_STATE_ENCRYPTION_KEY", "").strip() or (settings.root / SEALED_KEY).is_file():
        yield "cryptography"
    if settings.recipients or any(map(is_age, settings.sources)):
        yield "pyrage"
    if any(plain_name(path).suffix.lower() == ".xlsx" for path in settings.sources):
        yield "openpyxl"


def check_files(premises: Premises) -> Iterator[CheckResult]:
    """Whether others than their owner may read the files with keys, mrns or passwords."""
    checked = 0
    for path in dict.fromkeys(_private(premises)):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        checked += 1
        if mode & 0o077:
            most = 0o700 if path.is_dir() else 0o600
            yield wrong("files", f"others may read {path} (mode {mode:o})", f"Run: chmod {most:o} {path}")
    if checked:
        yield fine("files", f"{count_of(checked, 'path')} of keys and state looked at")
    else:
        yield note("files", "there are none of keys or state yet")


def _private(premises: Premises) -> Iterator[Path]:
    if premises.account.api_key_file is not None:
        yield premises.account.api_key_file
    if name := os.environ.get(IDENTITY_FILE, "").strip():
        yield Path(name).expanduser()
    workspace = premises.workspace
    yield workspace.private
    yield workspace.keys.key_file
    yield from state_files(workspace.configuration.state, workspace.configuration.root)
    try:
        users = premises.configuration.desired.users.values()
    except KardiaError:
        return
    root = workspace.configuration.root
    yield from (root / user.password.name for user in users if user.password.source is SecretSource.FILE)
