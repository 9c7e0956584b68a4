"""A birth date with a time after it: midnight is dropped, another time may mean another day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.dates import has_time, without_midnight

DAYS = ("1970-02-03", "03.02.1970", "2/3/1970", "03-Feb-1970", "3 Feb 1970")
MIDNIGHTS = (
    "T00:00:00",
    "T00:00",
    "t00:00:00.000",
    "T00:00:00Z",
    "T00:00:00+01:00",
    " 00:00:00",
    " 00:00:00.0000000",
    " 00:00:00,000",
    " 0:00",
    " 00:00:00+00",
    " 00:00:00 UTC",
    " 12:00:00 AM",
    " 12:00 a.m.",
    ", 12:00:00\u202fAM",
    " 00:00 am",
)
OTHERS = (
    "T23:00:00Z",
    "T00:00:01",
    "T00:00:00.001Z",
    "T24:00:00",
    " 19:30",
    " 12:00:00",
    " 12:00:00 PM",
    " 0:00 PM",
    " 1:00 AM",
    "T05:00:00-05:00",
)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time", MIDNIGHTS)
def test_midnight_is_dropped(day: str, time: str) -> None:
    assert without_midnight(day + time) == day
    assert not has_time(day + time)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time", OTHERS)
def test_another_time_stays_and_is_known(day: str, time: str) -> None:
    assert without_midnight(day + time) == day + time
    assert has_time(day + time)


@pytest.mark.parametrize(
    "written", [*DAYS, "", "T00:00:00", "00:00:00", "1970", "1970-02", "1970-02-03T", "x 1"]
)
def test_what_has_no_time_stays(written: str) -> None:
    assert without_midnight(written) == written
    assert not has_time(written)


@given(st.text(alphabet="0123456789-/.: TtZ+apmAPM\u202f\n", max_size=40))
def test_any_text_has_midnight_or_a_time_or_neither(written: str) -> None:
    day = without_midnight(written)
    assert written.startswith(day)
    assert not (has_time(written) and day != written)


@pytest.mark.parametrize("filler", [" ", "1 ", "1", "0:00 ", "T"])
def test_a_long_text_takes_no_long_time(filler: str) -> None:
    assert not has_time("1970-02-03 00:00" + filler * 200_000 + "x")
