"""How far an apply is: counts, a rate of late, what is left, and nothing of a patient."""

import pytest

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.plan import Action
from kardia_ctl.model.results import Result, Status
from kardia_ctl.render.apply.progress_line import Tally, facts, live_line, progress_line, reading_line
from kardia_ctl.render.text import duration, short_duration


def who(number: int) -> Address:
    return patient_address(f"P-{number}")


def end(tally: Tally, number: int, now: float, status: Status = Status.DONE) -> None:
    tally.ends(Result(who(number), Action.CREATE, status), now)


def running(count: int, seconds: float, total: int = 10_000) -> Tally:
    """So many that ended, evenly spread."""
    tally = Tally(total, 0.0)
    for number in range(count):
        tally.starts(who(number), seconds * number / count)
        end(tally, number, seconds * (number + 1) / count)
    return tally


def test_a_line_says_how_far_how_fast_and_what_went_wrong() -> None:
    tally = running(1239, 5.0)
    end(tally, 5000, 5.0, Status.FAILED)
    for number in range(6000, 6032):
        tally.starts(who(number), 5.0)
    assert progress_line(tally, 5.0) == (
        "apply: 1,240 of 10,000 (248/s), 32 in flight, 0 in doubt, 1 failed, about 35 s left"
    )


def test_nothing_is_said_of_a_rate_before_there_is_one() -> None:
    tally = Tally(10, 0.0)
    assert progress_line(tally, 0.5) == "apply: 0 of 10, 0 in flight, 0 in doubt, 0 failed"
    assert tally.rate(30.0) is None


def test_the_rate_is_that_of_late() -> None:
    tally = running(1000, 10.0)
    for number in range(1000, 1100):
        end(tally, number, 10.0 + (number - 999))
    assert tally.rate(110.0) == pytest.approx(1.0, rel=0.15)


def test_a_server_that_stands_still_makes_the_rate_fall() -> None:
    tally = running(100, 10.0)
    assert (tally.rate(10.0) or 0) > 4 * (tally.rate(60.0) or 0) > 0


def test_what_was_in_doubt_and_is_sent_again_counts_once() -> None:
    tally = Tally(2, 0.0)
    tally.starts(who(1), 0.0)
    end(tally, 1, 1.0, Status.IN_DOUBT)
    assert (tally.ended, tally.count(Status.IN_DOUBT)) == (1, 1)
    tally.starts(who(1), 60.0)
    assert (tally.ended, tally.count(Status.IN_DOUBT), len(tally.in_flight)) == (0, 0, 1)
    end(tally, 1, 61.0)
    assert (tally.ended, tally.count(Status.IN_DOUBT), len(tally.in_flight)) == (1, 0, 0)


def test_what_is_settled_by_looking_counts_once() -> None:
    tally = Tally(2, 0.0)
    end(tally, 1, 1.0, Status.IN_DOUBT)
    end(tally, 1, 60.0)
    assert (tally.ended, tally.count(Status.IN_DOUBT)) == (1, 0)


def test_more_than_was_planned_never_shows_more_than_the_whole() -> None:
    tally = running(3, 1.0, total=2)
    assert progress_line(tally, 2.0).startswith("apply: 3 of 3")


def test_a_wait_for_those_in_doubt_says_how_long_at_most() -> None:
    tally = running(10, 5.0, total=10)
    end(tally, 9, 5.0, Status.IN_DOUBT)
    tally.settles(120.0, 5.0)
    assert progress_line(tally, 65.0).endswith("1 in doubt, 0 failed, settling those in doubt, 60 s at most")
    assert progress_line(tally, 500.0).count("0 s at most") == 0


@pytest.mark.parametrize("width", [0, 1, 7, 40, 99, 100, 200])
def test_a_live_line_fits_its_terminal(width: int) -> None:
    line = live_line(running(1240, 5.0), 5.0, width)
    assert len(line) <= width
    assert line.startswith("[##") == (width >= 100)
    assert len(reading_line("patients", 12_500, 100_000, width)) <= width


def test_reading_says_how_many_of_how_many() -> None:
    assert reading_line("patients", 12_500, 100_000, 80) == "reading patients: 12,500 of 100,000"
    assert reading_line("patients", 12_500, None, 80) == "reading patients: 12,500"


def test_machines_get_the_same_figures() -> None:
    tally = running(1240, 5.0)
    end(tally, 9000, 5.0, Status.SKIPPED)
    assert facts(tally, 5.0) == {
        "ended": 1241,
        "total": 10_000,
        "in_flight": 0,
        "failed": 0,
        "in_doubt": 0,
        "skipped": 1,
        "per_second": 248.2,
        "seconds_left": 35,
    }


def test_no_address_is_in_a_line() -> None:
    tally = running(3, 5.0)
    end(tally, 4, 5.0, Status.IN_DOUBT)
    assert "P-" not in progress_line(tally, 6.0) + live_line(tally, 6.0, 200) + str(facts(tally, 6.0))


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0, "1 second", "1 s"),
        (35.4, "35 seconds", "35 s"),
        (89, "89 seconds", "89 s"),
        (90, "2 minutes", "2 min"),
        (720, "12 minutes", "12 min"),
        (12_000, "3 hours 20 minutes", "3 h 20 min"),
        (7_200, "2 hours", "2 h"),
    ],
)
def test_a_duration_is_as_exact_as_a_person_needs_it(seconds: float, long: str, short: str) -> None:
    assert (duration(seconds), short_duration(seconds)) == (long, short)
