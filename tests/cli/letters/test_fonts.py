"""Which fonts of a machine letters are printed in."""

from pathlib import Path

import pytest

from kardia_ctl.cli.letters import fonts
from kardia_ctl.cli.letters.fonts import fonts_for
from kardia_ctl.model.errors import RunStopped


def put(place: Path, *names: str) -> None:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"")


def test_the_best_font_comes_first_and_those_of_other_scripts_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_PLACES", (tmp_path / "gone", tmp_path))
    put(
        tmp_path, "x/DejaVuSans.ttf", "NotoSansArabic-Regular.ttf", "NotoSansBold.ttf", "NotoSans-Regular.ttf"
    )
    assert [file.name for file in fonts_for(())] == [
        "NotoSans-Regular.ttf",
        "DejaVuSans.ttf",
        "NotoSansArabic-Regular.ttf",
    ]


def test_a_machine_without_fonts_is_an_error_that_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_PLACES", (tmp_path,))
    monkeypatch.setattr(fonts, "_PLACES_OF_MACOS", ())
    with pytest.raises(
        RunStopped, match=r"Install DejaVu Sans or Noto Sans, or name a \.ttf file with --font FILE"
    ):
        fonts_for(())


def test_named_fonts_are_taken_alone_and_in_their_order(tmp_path: Path) -> None:
    put(tmp_path, "b.ttf", "a.ttf")
    named = (tmp_path / "b.ttf", tmp_path / "a.ttf")
    assert fonts_for(named) == named
