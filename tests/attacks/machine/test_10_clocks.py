"""A clock that is stepped or wrong, or a machine that sleeps: nothing is decided too early, or never."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl import timing
from kardia_ctl.applying import settle
from kardia_ctl.applying.run_context import RunContext
from kardia_ctl.instant import Instant
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.state import Intend, Intent
from kardia_ctl.operations import settle_rounds
from kardia_ctl.operations.future_stamps import stamped_anew
from kardia_ctl.operations.plan import Preview
from kardia_ctl.planning import doubts, matching
from kardia_ctl.planning.settle_window import HEARTBEAT_MARGIN, SKEW, seconds_left
from kardia_ctl.sandbox.account.timeline import ManualClock
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore
from kardia_ctl.timing import Clock
from tests.attacks.safeguards import removed
from tests.canary.desk import InnerDesk, inner_desk

CONFIGURATION: Final = """\
version: 1
patients:
  - {mrn: P-1, dob: 1958-03-14, email: ottoline@example.com}
"""
SETTLE: Final = 120.0
LONGEST: Final = SETTLE + HEARTBEAT_MARGIN + SKEW
HOUR: Final = 3600.0
YEAR: Final = 365 * 24 * HOUR
ADDRESS: Final = patient_address("P-1")
LATE: Final = FaultRule(
    FaultKind.LATE_COMMIT, methods=frozenset({"POST"}), path="/v1/patients", times=1, seconds=100
)


@dataclass
class Machine:
    """A machine: its wall clock is off by ``offset``; ``steps`` are corrections at seconds of its uptime."""

    clock: ManualClock
    boot: str = "a boot"
    offset: float = 0.0
    steps: dict[float, float] = field(default_factory=dict)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def uptime(self) -> float:
        return self.clock() - self.began + 1_000_000.0

    def wall(self) -> float:
        passed = self.clock() - self.began
        return self.clock() + self.offset + sum(step for at, step in self.steps.items() if passed >= at)


@dataclass
class Desk:
    """A configuration of one patient, an account, and the machine that the command runs on."""

    inner: InnerDesk
    machine: Machine

    def doubt(self, ago: float, boot: str, wall_ahead: float = 0.0, *, ended: bool = False) -> None:
        """A request that a run sent ``ago`` and that got no answer, stamped by a clock that was ahead."""
        wall, uptime = self.inner.clock() - ago + wall_ahead, self.machine.uptime() - ago
        stamp = Instant(wall, boot, uptime)
        store = SqliteStore(self.inner.state, "default")
        with store.lock("apply"):
            intent = Intent(ADDRESS, "create", stamp, stamp if ended else None, window=SETTLE)
            store.commit([Intend(intent)])

    def waited(self) -> float:
        """Seconds until an apply sent the create."""
        before = self.inner.clock()
        ran = self.inner.apply()
        assert ran.code == 0, ran.told
        assert self.inner.sent("POST") == 1
        return self.inner.clock() - before


@contextmanager
def desk_at(path: Path) -> Iterator[Desk]:
    with inner_desk(path, CONFIGURATION) as inner, pytest.MonkeyPatch.context() as patch:
        machine = Machine(inner.clock)
        patch.setattr("kardia_ctl.timing.boot", lambda: machine.boot)
        patch.setattr("kardia_ctl.timing.uptime", machine.uptime)
        patch.setattr("kardia_ctl.timing.time.time", machine.wall)
        yield Desk(inner, machine)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path / "clinic") as desk:
        yield desk


# Between two runs


@pytest.mark.parametrize("offset", [0.0, HOUR, -HOUR, YEAR, -YEAR, 90.0, -90.0])
@pytest.mark.parametrize("ago", [0.0, 40.0, 124.0, 126.0, HOUR])
def test_within_one_boot_the_wall_clock_is_not_looked_at(desk: Desk, offset: float, ago: float) -> None:
    desk.doubt(ago, desk.machine.boot)
    desk.machine.offset = offset
    assert desk.waited() == pytest.approx(max(0.0, SETTLE + HEARTBEAT_MARGIN - ago), abs=1)


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("boot", ["another boot", ""])
def test_across_two_boots_the_wall_clocks_difference_has_a_margin(desk: Desk, boot: str, ended: bool) -> None:
    window = SETTLE + SKEW + (0.0 if ended else HEARTBEAT_MARGIN)
    desk.doubt(40.0, boot, ended=ended)
    assert desk.waited() == pytest.approx(window - 40.0, abs=1)


def test_across_two_boots_a_day_later_nothing_is_waited_for(desk: Desk) -> None:
    desk.doubt(24 * HOUR, "another boot")
    assert desk.waited() == 0


@pytest.mark.parametrize("ahead", [60.0, HOUR, YEAR, 300 * YEAR])
@pytest.mark.parametrize("boot", ["another boot", ""])
def test_a_stamp_from_the_future_waits_the_window_and_no_longer(desk: Desk, boot: str, ahead: float) -> None:
    desk.doubt(0.0, boot, ahead)
    assert desk.waited() == pytest.approx(SETTLE + HEARTBEAT_MARGIN, abs=1)


def begin_run(store: SqliteStore) -> None:
    """What a run that begins now records of stamps from the future."""
    store.commit(stamped_anew(store.load().intents.values(), Clock().began))


def test_a_stamp_from_the_future_waits_once_and_not_from_each_run_anew(desk: Desk) -> None:
    """Whatever is decided by a plan, and not waited for, would be blocked for hours."""
    desk.doubt(0.0, "another boot", YEAR)
    store = SqliteStore(desk.inner.state, "default")
    with store.lock("apply"):
        begin_run(store)
        desk.inner.clock.advance(SETTLE / 2)
        begin_run(store)
    desk.inner.clock.advance(SETTLE / 2 + HEARTBEAT_MARGIN)
    ran = desk.inner.plan()
    assert "in doubt" not in ran.out
    assert "1 to add" in ran.out


@pytest.mark.parametrize("ended", [False, True])
def test_a_stamp_of_another_workspace_waits_once_too(desk: Desk, ended: bool) -> None:
    stamp = Instant(desk.inner.clock() + YEAR, "another boot", 7.0)
    other, own = (SqliteStore(desk.inner.state, name) for name in ("other", "default"))
    with other.lock("apply"):
        intent = Intent(ADDRESS, "create", stamp, stamp if ended else None, window=SETTLE)
        other.commit([Intend(intent)])
    with own.lock("apply"):
        begin_run(own)
        desk.inner.clock.advance(SETTLE + HEARTBEAT_MARGIN)
        begin_run(own)
    assert own.load().intents[ADDRESS].workspace == "other"
    assert seconds_left(other.load().intents[ADDRESS], SETTLE, Clock().instant()) <= 0
    assert "1 to add" in desk.inner.plan().out


def test_a_plan_of_a_stamp_from_the_future_names_the_window(desk: Desk) -> None:
    desk.doubt(0.0, "another boot", YEAR)
    ran = desk.inner.plan()
    assert "in doubt" in ran.out
    assert f"at most {int(LONGEST) + 1} s" in ran.out
    assert not desk.inner.sent("POST")


def test_another_time_namespace_of_one_kernel_is_another_boot(desk: Desk) -> None:
    """A container may count CLOCK_BOOTTIME from another moment and has the boot id of its host."""
    desk.doubt(10.0, "an id time:[1]")
    desk.machine.boot = "an id time:[2]"
    desk.machine.began -= YEAR
    assert desk.waited() == pytest.approx(LONGEST - 10, abs=1)


# During a run


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR])
@pytest.mark.parametrize("boot", ["a boot", "another boot"])
def test_a_clock_that_is_set_while_a_run_waits_moves_nothing(desk: Desk, boot: str, step: float) -> None:
    desk.doubt(0.0, boot)
    desk.machine.steps = {20.0: step}
    expected = LONGEST - (SKEW if boot == desk.machine.boot else 0.0)
    assert desk.waited() == pytest.approx(expected, abs=1)


def create_with_a_late_effect(desk: Desk) -> int:
    """An apply whose answer is lost and whose effect comes late; how many patients there are in the end."""
    desk.inner.serve(Faults((LATE,)))
    desk.inner.apply()
    desk.inner.clock.advance(2 * HOUR)
    return len(desk.inner.account.patients.all())


@pytest.mark.parametrize("steps", [{}, {5.0: HOUR}, {5.0: -HOUR}, {5.0: YEAR}, {2.0: HOUR, 60.0: -HOUR}])
def test_a_late_effect_is_waited_for_whatever_the_wall_clock_does(
    desk: Desk, steps: dict[float, float]
) -> None:
    desk.machine.steps = steps
    assert create_with_a_late_effect(desk) == 1


def test_a_run_whose_clock_is_plain_wall_time_creates_twice(desk: Desk) -> None:
    """Mutant: the run's clock as plain wall time."""
    desk.machine.steps = {5.0: HOUR}
    with removed(timing, "uptime", desk.machine.wall):
        assert create_with_a_late_effect(desk) == 2


class Flickering(httpx.AsyncBaseTransport):
    """A list that shows a new patient once and then not for a minute: servers behind a balancer lag apart."""

    def __init__(self, desk: InnerDesk) -> None:
        self._inner, self._clock = desk.wire, desk.clock
        self._account = desk.account
        self.shown_at: float | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            await self._inner.handle_async_request(request)
            raise httpx.ReadError("the answer was lost", request=request)
        response = await self._inner.handle_async_request(request)
        if request.url.path != "/v1/patients" or not self._account.patients.all():
            return response
        if self.shown_at is None:
            self.shown_at = self._clock()
            return response
        if self._clock() - self.shown_at > SETTLE / 2:
            return response
        page = {"totalCount": 0, "patients": [], "pageInfo": {"hasNextPage": False}}
        return httpx.Response(200, json=page)


def apply_with_a_flickering_list(desk: Desk) -> int:
    desk.inner.wire = Flickering(desk.inner)
    desk.inner.apply()
    return len(desk.inner.account.patients.all())


def test_a_look_during_settling_decides_nothing_before_the_window_has_passed(desk: Desk) -> None:
    assert apply_with_a_flickering_list(desk) == 1


def test_a_look_that_decides_an_hour_ahead_creates_again(desk: Desk) -> None:
    """Mutant: an in-run look that decides an hour ahead."""
    plan_again = settle_rounds._plan_again

    async def ahead(preview: Preview, context: RunContext, doubts: Any) -> Preview:
        def read() -> Instant:
            now = timing.system_instant()
            return replace(now, wall=now.wall + HOUR, uptime=now.uptime + HOUR)

        return await plan_again(preview, replace(context, clock=Clock(read)), doubts)

    with removed(settle_rounds, "_plan_again", ahead):
        assert apply_with_a_flickering_list(desk) > 1


# The rule by itself

_SECONDS: Final = st.floats(-2 * YEAR, 2 * YEAR)


@given(_SECONDS, _SECONDS, st.floats(0, HOUR), st.booleans(), st.booleans())
def test_no_clock_makes_anybody_wait_longer_than_the_window(
    stamped: float, wall: float, elapsed: float, same: bool, ended: bool
) -> None:
    stamp = Instant(stamped, "a boot", 1000.0)
    now = Instant(wall, "a boot" if same else "another", 1000.0 + elapsed, elapsed)
    left = seconds_left(Intent(ADDRESS, "create", stamp, stamp if ended else None), SETTLE, now)
    assert left <= LONGEST - elapsed


@given(_SECONDS, st.floats(0, HOUR))
def test_within_one_boot_nothing_is_decided_before_the_window_has_passed(wall: float, passed: float) -> None:
    intent = Intent(ADDRESS, "create", Instant(0.0, "a boot", 1000.0))
    left = seconds_left(intent, SETTLE, Instant(wall, "a boot", 1000.0 + passed))
    assert (left <= 0) == (passed >= SETTLE + HEARTBEAT_MARGIN)


@given(st.lists(st.tuples(st.floats(0, 100), _SECONDS), min_size=1, max_size=8))
def test_a_runs_clock_never_runs_backwards_and_never_jumps(moves: list[tuple[float, float]]) -> None:
    now = [Instant(1e9, "a boot", 50.0)]
    clock = Clock(lambda: now[0])
    passed = 0.0
    for seconds, step in moves:
        passed += seconds
        now[0] = Instant(now[0].wall + step, "a boot", 50.0 + passed)
        assert clock.now() == pytest.approx(1e9 + passed)
        assert clock.instant().wall <= clock.now() <= clock.stamp().wall


def test_suspend_counts_and_the_boot_is_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def read(clock: int) -> float:
        asked.append(clock)
        return 7.0

    monkeypatch.setattr(time, "clock_gettime", read)
    assert timing.system_instant().uptime == 7.0
    assert asked == [time.CLOCK_BOOTTIME]
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert timing.system_instant().boot.startswith(boot_id)


def test_without_a_boot_id_each_process_compares_its_own_moments_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timing, "_BOOT_ID", Path("/nonexistent"))
    timing.boot.cache_clear()
    try:
        first = timing.boot()
        assert first == timing.boot()
        timing.boot.cache_clear()
        assert first != timing.boot()
    finally:
        timing.boot.cache_clear()


# More safeguards removed


def _by_wall_alone(intent: Intent, settle: float, now: Instant) -> float:
    start = intent.ended or intent.at
    return settle + HEARTBEAT_MARGIN - (now.wall - start.wall)


@pytest.mark.parametrize(("offset", "waits"), [(HOUR, 0.0), (-HOUR, HOUR + 115)])
def test_by_the_wall_clock_alone_a_correction_decides_too_early_or_hours_later(
    desk: Desk, offset: float, waits: float
) -> None:
    """Mutant."""
    desk.doubt(10.0, desk.machine.boot)
    desk.machine.offset = offset
    with (
        removed(matching, "seconds_left", _by_wall_alone),
        removed(doubts, "seconds_left", _by_wall_alone),
        removed(settle, "seconds_left", _by_wall_alone),
    ):
        assert desk.waited() == pytest.approx(waits, abs=1)
