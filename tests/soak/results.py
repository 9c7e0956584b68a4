"""The results of soaks, as a Markdown table."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.benchmarks.machine import Machine
from tests.soak.harness import Verdict
from tests.soak.server import FaultRates

_HEAD: Final = (
    "state",
    "seed",
    "creates",
    "kills",
    "in flight",
    "states lost",
    "stops",
    "second applies refused",
    "runs",
    "requests",
    "creates faulted",
    "duplicates",
    "lost",
    "altered",
    "codes twice",
    "codes missing",
    "second plan",
    "wall time",
)


def conditions(rates: FaultRates, settle: int) -> str:
    """The fault rates, in words."""
    return (
        f"the sandbox; of all requests {rates.lost:.0%} lost their answer after the effect, "
        f"{rates.unavailable:.0%} got a 503 (half of them after the effect), {rates.dropped:.0%} were "
        f"dropped before it; {rates.late:.0%} of the creates took effect {rates.late_by:g} s after their "
        f"connection was reset; lists lagged {rates.list_lag:g} s; settle window {settle} s"
    )


def markdown(verdicts: Sequence[Verdict], server: str, machine: Machine) -> str:
    """The table, and under which conditions it came about. ``server`` describes the server."""
    lines = [
        "# Soaked",
        "",
        "`kardia-ctl apply` in a process of its own, killed (SIGKILL) at seeded points and started again at",
        "once, until everything that was declared exists; then the account itself is read. `make soak`",
        "writes this file.",
        "",
        "*In flight*: writes without an answer at the kills. *States lost*: kills after which the state",
        "was removed and the window waited out. *Stops*: SIGTERM or SIGINT, answered by a report and exit 1.",
        "*Second applies refused*: applies beside a run that has the lock. *Creates faulted*: creates",
        "that the sandbox played a fault on.",
        "",
        f"Server: {server}.",
        "",
        f"Machine: {machine}.",
        "",
        f"| {' | '.join(_HEAD)} |",
        "|" + "---|" * len(_HEAD),
        *(f"| {' | '.join(_cells(verdict))} |" for verdict in verdicts),
        *_troubles(verdicts),
    ]
    return "\n".join(lines) + "\n"


def _cells(verdict: Verdict) -> Iterator[str]:
    tally, truth = verdict.tally, verdict.truth
    yield verdict.state
    for number in (
        verdict.seed,
        verdict.creates,
        tally.kills,
        tally.in_flight,
        tally.states_lost,
        tally.stops,
        tally.rivals,
        tally.runs,
        truth.requests,
        truth.creates_faulted,
        truth.duplicates,
        truth.lost,
        truth.altered,
        truth.codes_twice,
        truth.codes_missing,
    ):
        yield "not shown" if number is None else f"{number:,}"
    yield verdict.second_plan
    yield f"{verdict.seconds:,.0f} s"


def _troubles(verdicts: Sequence[Verdict]) -> Iterator[str]:
    troubles = [f"- seed {one.seed}: {fault}" for one in verdicts for fault in one.tally.faults]
    if troubles:
        yield from ("", "What should not have happened:", "", *troubles)
