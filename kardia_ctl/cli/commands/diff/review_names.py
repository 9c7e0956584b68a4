"""How mrns are written for whoever reads a comparison: without a key, under one of this run alone."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kardia_ctl.cli.account.key_at_hand import PRIVATE
from kardia_ctl.cli.account.keys import SIZE, Keys
from kardia_ctl.cli.environment import given
from kardia_ctl.render.pseudonyms import Pseudonyms

OF_THIS_RUN: Final = (
    "pseudonyms are of this run alone, because no key is here. Set KARDIA_REVIEW_KEY to have those of plans"
)


def keyed_names(root: Path, environ: Mapping[str, str]) -> tuple[Pseudonyms, bool]:
    """Pseudonyms, and whether their key is one that other runs have too. No store and no keyring is opened.

    Raises:
        RunStopped: a key is too short, or cannot be read.
    """
    keys = Keys(root / PRIVATE, environ, given(environ, "KARDIA_API_KEY"))
    key = keys.review(keys.own_fingerprints())
    return Pseudonyms(key or os.urandom(SIZE)), bool(key)
