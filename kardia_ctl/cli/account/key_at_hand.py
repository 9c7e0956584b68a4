"""The key of pseudonyms before a workspace is open: what a broken configuration and ``validate`` can use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.environment import given
from kardia_ctl.model.errors import RunStopped

PRIVATE: Final = ".kardia"
"""The directory beside kardia.yaml that holds state and keys."""

SEALED_KEY: Final = "state-key.age"
"""The file beside kardia.yaml that holds the key of an encrypted state."""


def key_at_hand(path: Path, environ: Mapping[str, str]) -> bytes:
    """The key of pseudonyms that a workspace at ``path`` would have, as far as files and variables say.

    No keyring, no state and no network: where an encrypted state holds the key and KARDIA_REVIEW_KEY is not
    set, there is none. Empty without a key.

    Raises:
        RunStopped: a key is too short, or cannot be read.
    """
    root = path if path.is_dir() else path.parent
    keys = Keys(root / PRIVATE, environ, given(environ, "KARDIA_API_KEY"))
    if given(environ, "KARDIA_REVIEW_KEY"):
        return keys.review(b"")
    if given(environ, "KARDIA_STATE_ENCRYPTION_KEY") or (root / SEALED_KEY).exists():
        raise RunStopped("the key of pseudonyms is in the encrypted state")
    return keys.review(keys.own_fingerprints())
