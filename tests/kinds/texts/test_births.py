"""A birth date may exist and still be nobody's."""

from datetime import date

import pytest

from kardia_ctl.instant import Instant
from kardia_ctl.kinds.formats import flaw
from kardia_ctl.kinds.texts.births import are_usual_births, birth_doubt, birth_fault, latest_birth

TODAY = date(2026, 11, 29)
LATEST = latest_birth(TODAY)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-29", None),
        ("2026-11-30", None),  # it is tomorrow already, east of here
        ("2026-12-01", "is in the future"),
        ("2068-07-16", "is in the future"),
        ("1850-01-01", None),
        ("1849-12-31", "is before 1850"),
        ("0020-05-15", "is before 1850"),
        ("1753-01-01", "1753-01-01 is a database's first day"),
        ("0001-01-01", "0001-01-01 is a program's first day"),
    ],
)
def test_a_day_on_which_nobody_alive_is_born_is_wrong(day: str, words: str | None) -> None:
    found = birth_fault(day, LATEST)
    assert (found is None) == (words is None)
    assert found is None or (words or "") in found.words
    assert not (found and are_usual_births([day], LATEST))


@pytest.mark.parametrize("day", ["1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01"])
def test_a_spreadsheets_zero_is_odd_and_named(day: str) -> None:
    found = birth_doubt(day)
    assert birth_fault(day, LATEST) is None
    assert found is not None
    assert f"{day} is a spreadsheet's day" in found.words
    assert not are_usual_births(["1970-01-01", day], LATEST)


def test_a_day_from_1905_on_is_usual() -> None:
    assert birth_doubt("1904-12-31")
    assert not birth_doubt("1905-01-01")
    assert are_usual_births(["1905-01-01", "2026-11-30"], LATEST)
    assert not are_usual_births(["1905-01-01", "2026-12-01"], LATEST)


@pytest.mark.parametrize("value", ["1900-01-00", "0000-00-00", "1900-01-00 00:00:00"])
def test_a_zero_that_is_no_day_is_named_too(value: str) -> None:
    found = flaw("date", value)
    assert found is not None
    assert f"{value[:10]} is a" in found.words


def test_a_clock_that_was_reset_makes_nobody_unborn() -> None:
    assert birth_fault("2025-12-31", latest_birth(date(1970, 1, 1))) is None
    assert latest_birth(date.max) == "9999-12-31"


@pytest.mark.parametrize(
    ("wall", "day"),
    [(0.0, date(1970, 1, 1)), (-1.0, date(1969, 12, 31)), (1e18, date.max), (-1e18, date.min)],
)
def test_a_moment_has_a_day_whatever_the_clock_shows(wall: float, day: date) -> None:
    assert Instant(wall).day == day
