"""No request leaves once the lock may be another run's, and each result is recorded with its audit entry."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from kardia_ctl.model.errors import InDoubt, NotExecuted, StateError
from kardia_ctl.model.results import Result, Status
from kardia_ctl.model.state import Audited, Entry, Intend, Remember, Resolve
from tests.applying.workshop import SET_CALLBACK, Bench, Hand, Memory, creates


@dataclass
class Lapsing(Memory):
    """A store whose lock is proven ``lasts`` times."""

    lasts: int = 0

    def check_lock(self) -> None:
        self.lasts -= 1
        if self.lasts < 0:
            raise StateError("writing the state: another run has taken it over")


@pytest.mark.parametrize("lasts", [0, 1, 3])
def test_nothing_is_sent_once_the_lock_may_be_lost(lasts: int) -> None:
    bench = Bench(*creates("A", "B", "C", "D"), store=Lapsing(lasts=lasts))
    with pytest.raises(StateError, match="taken it over"):
        bench.run(parallelism=1)
    assert len(bench.hand.log) == lasts
    assert len(bench.store.intents()) == 1  # it was durable before the lock was asked for


def test_a_setting_needs_the_lock_too() -> None:
    bench = Bench(*creates(), store=Lapsing())
    bench.changes.append(SET_CALLBACK)
    with pytest.raises(StateError, match="taken it over"):
        bench.run()
    assert bench.hand.log == []


def audited(result: Result) -> Iterable[Entry]:
    if result.status is not Status.SKIPPED:
        yield Audited(f"{result.address} {result.status}")


@pytest.mark.parametrize(
    ("error", "status", "beside"),
    [
        (None, "done", Remember),
        (NotExecuted("400"), "failed", Resolve),
        (InDoubt("lost"), "in doubt", Intend),
    ],
)
def test_a_result_and_its_audit_entry_are_one_batch(
    error: Exception | None, status: str, beside: type[Entry]
) -> None:
    async def behave(_: str) -> None:
        if error is not None:
            raise error

    bench = Bench(*creates("A"), hand=Hand(behave), audit=audited)
    bench.run()
    (batch,) = [batch for batch in bench.store.batches if any(isinstance(one, Audited) for one in batch)]
    assert Audited(f"patient/A {status}") in batch
    assert any(isinstance(entry, beside) for entry in batch)


def test_a_setting_that_failed_is_audited() -> None:
    async def behave(_: str) -> None:
        raise NotExecuted("400")

    bench = Bench(*creates(), hand=Hand(behave), audit=audited)
    bench.changes.append(SET_CALLBACK)
    bench.run()
    assert bench.store.entries == [Audited("callback failed")]
