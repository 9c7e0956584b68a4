"""From a state URL to the store that it names."""

from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.ports import Store

_SQLITE: Final = "sqlite:///"
_LATER: Final = ("postgresql", "s3", "gs", "az")


def open_store(url: str, root: Path, workspace: str, *, lock_timeout: float = 0.0) -> Store:
    """The store behind ``url``, for one workspace in it. Opens and creates nothing yet.

    Args:
        url: ``sqlite:///relative`` (below ``root``) or ``sqlite:////absolute``.
        root: the directory of kardia.yaml.
        workspace: the configuration's share of the state.
        lock_timeout: how many seconds ``lock`` waits for another holder.

    Raises:
        StateError: the URL names no state that this version can keep. Its text is not repeated, because
            a URL may hold a password.
    """
    from kardia_ctl.state.sqlite import SqliteStore

    return SqliteStore(sqlite_path(url, root), workspace, lock_timeout=lock_timeout)


def sqlite_path(url: str, root: Path) -> Path:
    """The file that a ``sqlite:///`` URL names.

    Raises:
        StateError: another scheme, no file name, or options that SQLite URLs do not take here.
    """
    scheme = url.partition(":")[0]
    if scheme in _LATER:
        raise StateError(f"{scheme} state is not in this version; use {_SQLITE}.kardia/state.db")
    if not url.startswith(_SQLITE):
        raise StateError(
            f"the state URL must begin with {_SQLITE} (then a path relative to kardia.yaml, or a fourth / "
            f"and an absolute one), as in {_SQLITE}.kardia/state.db"
        )
    name = url.removeprefix(_SQLITE)
    if "?" in name or "\0" in name:
        raise StateError(f"the state URL takes a file name alone, without options: {_SQLITE}.kardia/state.db")
    if name in {"", ":memory:"} or name.endswith("/"):
        raise StateError(f"the state URL names no file; write it out, as in {_SQLITE}.kardia/state.db")
    return root / name
