"""The figures measure what they say, and the product keeps to the limits."""

from pathlib import Path

import pytest

from tests.figures import Figures, files_of_each_folder, table
from tests.paths import ROOT

PRODUCT = Figures(ROOT / "kardia_ctl")


def test_no_file_is_longer_than_250_lines() -> None:
    assert PRODUCT.long(250) == []


def test_no_folder_holds_more_than_16_files() -> None:
    assert [folder for folder, count in PRODUCT.folders().items() if count > 16] == []


def test_no_folder_of_tests_holds_more_than_16_files() -> None:
    """A case's folder holds as many as the case needs."""
    counts = files_of_each_folder(ROOT / "tests")
    free = [folder for folder in counts if "/cases/" in folder]
    assert [folder for folder, count in counts.items() if count > 16 and folder not in free] == []


def test_no_two_classes_have_one_name() -> None:
    assert PRODUCT.repeated_classes() == []


def test_no_two_files_have_one_name_but_those_of_formats_and_of_what_several_rooms_are_about() -> None:
    assert PRODUCT.repeated_files() == []


def test_no_module_imports_itself_through_others() -> None:
    assert PRODUCT.circles() == []


def test_every_public_name_is_documented_and_every_function_typed() -> None:
    assert PRODUCT.documented() > 99.5
    assert PRODUCT.typed() == 100


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "invented"
    files = {
        "__init__.py": "",
        "a.py": "from invented.rooms import b\n\n\nclass Thing:\n    def f(self, x): pass\n",
        "rooms/__init__.py": "",
        "rooms/b.py": "class Thing: pass\n",
        "rooms/a.py": "def f() -> None:\n    import invented.c\n",
        "c.py": "from invented.rooms.a import f\n" + "#\n" * 50,
        "sandbox/text.py": "#\n" * 300,
        "rooms/text.py": "",
    }
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source, encoding="utf-8")
    return root


def test_a_package_that_breaks_every_limit_is_found_to(package: Path) -> None:
    figures = Figures(package)
    assert figures.long() == ["sandbox/text.py"]
    assert (figures.lines(sandbox=True), figures.lines(sandbox=False)) == (300, 59)
    assert sorted(figures.short()) == ["a.py", "rooms/a.py", "rooms/b.py", "rooms/text.py"]
    assert len(figures.short(inits=True)) == 6
    assert figures.imported_once() == ["c", "rooms.a", "rooms.b"]
    assert figures.repeated_classes() == ["Thing"]
    assert figures.repeated_files() == ["a"]
    assert figures.folders()["rooms"] == 4
    assert figures.function_lengths() == [1, 2]
    assert figures.circles() == ["c", "rooms.a"]
    assert figures.documented() == 0
    assert figures.typed() == 50


def test_every_kind_of_file_is_counted_but_what_python_compiled(tmp_path: Path) -> None:
    for name in ("a/one.py", "a/two.md", "a/b/three.json", "a/__pycache__/one.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert files_of_each_folder(tmp_path) == {"a": 2, "a/b": 1}


def test_the_table_has_a_line_for_each_figure() -> None:
    rows = dict(table(ROOT))
    assert len(rows) == 9
    assert all(any(char.isdigit() for char in value) for value in rows.values())
