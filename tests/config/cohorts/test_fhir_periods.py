"""A period includes its boundaries, in whatever precision and time zone they are written."""

import time
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.cohorts.formats.fhir.periods import Course, bounds, course
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration
from tests.config.cohorts.fhir_patients import SYSTEM, bundle, patient

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DAYS = st.dates(date(1, 1, 2), date(9998, 12, 30))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("", "", Course.WITHIN),
        ("", "2019-05-01", Course.AFTER),
        ("", "2026-03-01", Course.WITHIN),
        ("", "2026-02-28", Course.AFTER),
        ("", "2026-03", Course.WITHIN),
        ("", "2026-02", Course.AFTER),
        ("", "2026", Course.WITHIN),
        ("", "2025", Course.AFTER),
        ("", "9999-12-31", Course.WITHIN),
        ("", "9999-12-31T23:59:59-12:00", Course.WITHIN),
        ("", "2026-03-01T12:00:00Z", Course.WITHIN),
        ("", "2026-03-01T11:59:59.999Z", Course.AFTER),
        ("", "2026-03-01T12:30:00+01:00", Course.AFTER),
        ("", "2026-03-01T11:30:00-01:00", Course.WITHIN),
        ("", "2026-03-01T12:00", Course.WITHIN),
        ("", "2016-12-31T23:59:60Z", Course.AFTER),
        ("2026-03-01", "", Course.WITHIN),
        ("2026-03-02", "", Course.BEFORE),
        ("2026", "", Course.WITHIN),
        ("2026-04", "", Course.BEFORE),
        ("0001-01-01", "", Course.WITHIN),
        ("2026-03-01T12:00:01Z", "", Course.BEFORE),
        ("2026-03-01T13:30:00+02:00", "", Course.WITHIN),
        ("2999", "1999", Course.AFTER),
        ("2019", "2026-03-01", Course.WITHIN),
    ],
)
def test_where_a_moment_lies(start: str, end: str, expected: Course) -> None:
    assert course(start, end, NOON) is expected


@pytest.mark.parametrize(
    "written",
    ["May 2019", "2019-13", "2019-02-30", "0000", "19", "2019-1-1", "2019-01-01T25:00:00Z", "1.5.2019"],
)
def test_what_is_no_date_is_an_error(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        bounds(written)


@given(DAYS, DAYS, DAYS)
def test_days_are_compared_as_days(start: date, end: date, today: date) -> None:
    now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC).timestamp()
    expected = Course.AFTER if today > end else Course.BEFORE if today < start else Course.WITHIN
    assert course(start.isoformat(), end.isoformat(), now) is expected


@given(DAYS)
def test_a_month_and_a_year_are_all_of_their_days(day: date) -> None:
    last = day.replace(day=monthrange(day.year, day.month)[1]).isoformat()
    assert bounds(day.isoformat()[:7]) == (bounds(day.replace(day=1).isoformat())[0], bounds(last)[1])
    year = day.isoformat()[:4]
    assert bounds(year) == (bounds(f"{year}-01-01")[0], bounds(f"{year}-12-31")[1])


@given(DAYS, st.integers(-12 * 60, 14 * 60))
def test_a_time_zone_moves_a_time(day: date, minutes: int) -> None:
    sign, size = "-" if minutes < 0 else "+", timedelta(minutes=abs(minutes))
    zone = f"{sign}{size.seconds // 3600:02}:{size.seconds // 60 % 60:02}"
    moved = bounds(f"{day.isoformat()}T12:00:00{zone}")[0]
    assert moved == bounds(f"{day.isoformat()}T12:00:00Z")[0] - minutes * 60


def _on(day: str, folder: Path) -> Configuration:
    return load(folder, {}, Instant(bounds(day)[0]) if day else None)


def test_a_day_decides_who_is_declared_and_the_digest_follows(tmp_path: Path) -> None:
    names = [
        {"use": "official", "family": "Alder", "period": {"end": "2026-05-31"}},
        {"use": "official", "family": "Fernquist", "period": {"start": "2026-06-01"}},
    ]
    (tmp_path / "c.json").write_text(bundle({"resource": patient(name=names)}))
    (tmp_path / "kardia.yaml").write_text(
        f"version: 1\ncohorts: {{c: {{source: c.json, identifier: '{SYSTEM}'}}}}\n"
    )
    before, same, after, never = (
        _on(day, tmp_path) for day in ("2026-05-01", "2026-05-31", "2026-06-01", "")
    )
    families = [found.desired.patients["P-1"].lastname for found in (before, same, after, never)]
    assert families == ["Alder", "Alder", "Fernquist", "Fernquist"]
    assert before.digest == same.digest != after.digest


def test_the_zone_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        bounds.cache_clear()
        assert bounds("2026-03-01") == (NOON - 43_200, NOON + 43_200 - 0.001)
    finally:
        monkeypatch.undo()
        time.tzset()
