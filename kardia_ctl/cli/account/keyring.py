"""The API key in the keyring of the operating system: the one importer of the keyring library."""

from typing import Final

from kardia_ctl.model.errors import RunStopped

SERVICE: Final = "kardia-ctl"
_OTHERWISE: Final = "or use --print and store the key yourself, for KARDIA_API_KEY or --api-key-file"


def account_name(endpoint: str, workspace: str = "default") -> str:
    """The name under which a key is stored: the endpoint, and the workspace unless it is the default one.

    Each region has its own endpoint. Accounts that share one differ by their workspaces.
    """
    return endpoint if workspace == "default" else f"{endpoint} {workspace}"


def find_key(endpoint: str, workspace: str = "default") -> str:
    """The key of an account, the workspace's own before the endpoint's; empty without a key or a keyring."""
    try:
        import keyring
    except ImportError:
        return ""
    for name in dict.fromkeys((account_name(endpoint, workspace), account_name(endpoint))):
        try:
            found = keyring.get_password(SERVICE, name)
        except Exception:  # noqa: BLE001  (backends raise any exception; the next source is tried)
            return ""
        if found:
            return found
    return ""


def check_keyring() -> None:
    """Check with a trial entry that a key can be stored, before a request makes one.

    Raises:
        RunStopped: the library is missing, there is no keyring, or it does not store what it is given.
    """
    store_key("a trial entry", "trial", what="a trial entry")
    remove_key("a trial entry")


def store_key(name: str, key: str, *, what: str = "the key") -> None:
    """Store a key, and read it back to check.

    Raises:
        RunStopped: as ``check_keyring``.
    """
    try:
        import keyring
    except ImportError as error:
        raise RunStopped(
            f"the keyring library is missing: pip install 'kardia-ctl[keyring]', {_OTHERWISE}"
        ) from error
    try:
        keyring.set_password(SERVICE, name, key)
        stored = keyring.get_password(SERVICE, name)
    except Exception as error:  # noqa: BLE001  (backends raise any exception)
        # The text of the backend's error is dropped: it may hold the key.
        raise RunStopped(
            f"storing {what} in the keyring failed: {type(error).__name__}. Install or unlock a keyring "
            f"(python -m keyring --list-backends shows which there are), {_OTHERWISE}"
        ) from None
    if stored != key:
        raise RunStopped(f"the keyring did not store {what}. Install another keyring, {_OTHERWISE}")


def remove_key(name: str) -> bool:
    """Remove a key. Returns whether it existed.

    Raises:
        RunStopped: the keyring failed, so the key may still be there.
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return False
    try:
        if keyring.get_password(SERVICE, name) is None:
            return False
        keyring.delete_password(SERVICE, name)
    except keyring.errors.NoKeyringError:
        return False
    except Exception as error:  # noqa: BLE001  (backends raise any exception)
        raise RunStopped(
            f"removing the key from the keyring failed: {type(error).__name__}. Unlock it and try again"
        ) from None
    return True
