"""Finds fonts on this machine for letters in PDF."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import RunStopped

_PLACES: Final = (
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
    Path("/usr/local/share/fonts"),
    Path("/usr/share/fonts"),
)
_PLACES_OF_MACOS: Final = (Path("~/Library/Fonts"), Path("/Library/Fonts"), Path("/System/Library/Fonts"))

_FIRST: Final = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf")
"""The fonts that letters are printed in, the best first."""

_OTHERS: Final = (
    "NotoSans*-Regular.ttf",
    "NotoSans*-Regular.otf",
    "Arial Unicode.ttf",
    "FreeSans.ttf",
    "unifont.ttf",
)
"""Fonts for the characters that those lack: of each script in which there are names."""


def fonts_for(named: Sequence[Path]) -> tuple[Path, ...]:
    """The files of the fonts: those that are named, else those of this machine.

    Raises:
        RunStopped: one is no file, or there is none.
    """
    for file in named:
        if not file.is_file():
            raise RunStopped(f"--font {file}: there is no such file. Name a .ttf or .otf file")
    if named:
        return tuple(named)
    found = [*_found(_FIRST), *_found(_OTHERS)]
    if not found:
        raise RunStopped(
            "no font for letters was found on this machine. Install DejaVu Sans or Noto Sans, or name a .ttf "
            "file with --font FILE"
        )
    return tuple(dict.fromkeys(found))


def _found(patterns: Sequence[str]) -> Iterator[Path]:
    places = [place.expanduser() for place in (*_PLACES, *_PLACES_OF_MACOS * (sys.platform == "darwin"))]
    for pattern in patterns:
        for place in places:
            if place.is_dir():
                yield from sorted(place.rglob(pattern))
