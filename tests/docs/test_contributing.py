"""CONTRIBUTING.md's map and the files that the two pages for developers name are those of the tree."""

import re
from pathlib import Path

import pytest

import kardia_ctl
from tests.paths import ROOT
from tests.test_house import ALLOWED

_PACKAGE = Path(kardia_ctl.__file__).parent
_PAGES = (ROOT / "CONTRIBUTING.md", ROOT / "docs" / "design.md")
_ROW = re.compile(r"^\| `(?P<room>\w+)/` \|.*\| (?P<imports>[^|]*) \|$", re.MULTILINE)
_FILE = re.compile(r"`((?:\w+/)+\w+(?:\.\w+)?)`")
_PLACES = (_PACKAGE, ROOT, ROOT / "tests" / "benchmarks")


def _missing(text: str) -> list[str]:
    """The named files that are not there; a name in capitals stands for any."""
    files = [path for path in _FILE.findall(text) if "/NAME" not in path]
    return [file for file in files if not any((place / file).exists() for place in _PLACES)]


def test_the_map_says_what_each_room_may_import() -> None:
    rows = _ROW.findall(_PAGES[0].read_text(encoding="utf-8"))
    assert {room: _named(imports) for room, imports in rows} == {
        room: allowed for room, allowed in ALLOWED.items() if room
    }


def _named(imports: str) -> set[str]:
    """The rooms of a cell: a list of them, "nothing of ours", or "all but" a list."""
    every = set(ALLOWED) - {"", "cli"}
    named = {word for word in re.findall(r"\w+", imports) if word in every}
    return every - named if imports.startswith("all but ") else named


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert _missing(page.read_text(encoding="utf-8")) == []


def test_a_file_that_does_not_exist_is_found() -> None:
    assert _missing("see `model/kinds.py`, `planning/gone.py`") == ["planning/gone.py"]
