"""Opens the store of a state URL."""

from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.state_store import StateStore

_SQLITE: Final = "sqlite:///"
_FILES: Final = ("", "-wal", "-shm", "-journal", ".lock")
"""What follows the name of a SQLite state in the names of what belongs to it."""
_POSTGRES: Final = ("postgresql://", "postgres://")
_OBJECTS: Final = ("s3://", "az://", "gs://")


def open_store(
    url: str,
    root: Path,
    workspace: str,
    *,
    lock_timeout: float = 0.0,
    accept_parts: bool = False,
    encryption_key: bytes = b"",
) -> StateStore:
    """The store of ``url``, for one workspace in it. Does not open or create anything yet.

    Args:
        url: ``sqlite:///relative`` (below ``root``), ``sqlite:////absolute``, libpq's ``postgresql://``, or
            ``s3://``, ``az://`` or ``gs://`` with bucket and prefix.
        root: the directory of kardia.yaml.
        workspace: the name of the configuration's part of the state.
        lock_timeout: how many seconds ``lock`` waits for another holder.
        accept_parts: whether to use a file that was copied while a run was open.
        encryption_key: the root key of encryption at rest; empty for a state that is not encrypted.

    Raises:
        StateError: this version has no store for the URL. The message leaves the URL out, because it may
            hold a password.
    """
    if url.startswith(_POSTGRES):
        return _postgres(url, workspace, lock_timeout, encryption_key)
    if url.startswith(_OBJECTS):
        return _object_store(url, workspace, lock_timeout, encryption_key)
    from kardia_ctl.state.sqlite.sqlite_store import SqliteStore

    return SqliteStore(
        sqlite_path(url, root),
        workspace,
        lock_timeout=lock_timeout,
        accept_parts=accept_parts,
        encryption_key=encryption_key,
    )


def _postgres(url: str, workspace: str, lock_timeout: float, encryption_key: bytes) -> StateStore:
    try:
        from kardia_ctl.state.postgres.postgres_store import PostgresStore
    except ImportError as error:
        raise StateError(
            f"a state in PostgreSQL needs psycopg, which cannot be imported ({error.name or error}). Next: "
            "pip install 'kardia-ctl[postgresql]'"
        ) from None
    return PostgresStore(url, workspace, lock_timeout=lock_timeout, encryption_key=encryption_key)


def _object_store(url: str, workspace: str, lock_timeout: float, encryption_key: bytes) -> StateStore:
    from kardia_ctl.state.objects.object_store import ObjectStore
    from kardia_ctl.state.objects.objects_url import parse_url

    parts = parse_url(url)
    try:
        from kardia_ctl.state.objects.bucket import Bucket
    except ImportError as error:
        raise StateError(
            f"a state in an object store needs obstore, which cannot be imported ({error.name or error}). "
            "Next: pip install 'kardia-ctl[objects]'"
        ) from None
    return ObjectStore(
        Bucket(parts), workspace, lease=parts.lease, lock_timeout=lock_timeout, encryption_key=encryption_key
    )


def state_files(url: str, root: Path) -> tuple[Path, ...]:
    """The files that belong to a state; none when it is on a server."""
    if not url.startswith(_SQLITE):
        return ()
    path = sqlite_path(url, root)
    beside = (path.with_name(path.name + suffix) for suffix in _FILES)
    return (*beside, path.with_name(f"history-{path.name}"))


def sqlite_path(url: str, root: Path) -> Path:
    """The file of a ``sqlite:///`` URL.

    Raises:
        StateError: another scheme, no file name, or options, which are not supported.
    """
    if not url.startswith(_SQLITE):
        raise StateError(
            f"the state URL must start with {_SQLITE}, followed by a path relative to kardia.yaml or by "
            f"/ and an absolute path: for example {_SQLITE}.kardia/state.db"
        )
    name = url.removeprefix(_SQLITE)
    if "?" in name or "\0" in name:
        raise StateError(f"the state URL must hold a file name without options: {_SQLITE}.kardia/state.db")
    if name in {"", ":memory:"} or name.endswith("/"):
        raise StateError(f"the state URL has no file name; write one, for example {_SQLITE}.kardia/state.db")
    return root / name
