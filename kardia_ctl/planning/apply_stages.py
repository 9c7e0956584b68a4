"""What an apply of a plan does, as data: its stages in their order, each with the requests that it sends.

One executor runs them (``operations.apply``), and the numbers that a plan prints are their sum.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kardia_ctl.model.configuration import Waves
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Change, Requests
from kardia_ctl.planning.checks.effects import doubts
from kardia_ctl.planning.checks.key_tenant import is_read, may_record, needs_tenant
from kardia_ctl.planning.dependencies import Chain, chains
from kardia_ctl.planning.inputs import PlanInputs


@dataclass(frozen=True, slots=True)
class Observe:
    """Read what is live. It comes before planning, which decides the other stages."""

    requests: int

    def __str__(self) -> str:
        return "read what is live"


@dataclass(frozen=True, slots=True)
class CheckTenant:
    """Check that the API key belongs to the configuration's tenant, and to the one that state is bound to."""

    requests: int

    def __str__(self) -> str:
        return "check the tenant"


@dataclass(frozen=True, slots=True)
class RecordWithoutRequests:
    """Record what changes in state alone: adoptions, forgets, what was observed, stamps from the future."""

    requests: int = 0

    def __str__(self) -> str:
        return "record adoptions and forgets"


@dataclass(frozen=True, slots=True)
class Wave:
    """Send some of the chains. ``number`` counts from 1; ``stop_on_failures`` 0 is no limit."""

    number: int
    of: int
    chains: Sequence[Chain]
    stop_on_failures: int = 0

    @property
    def requests(self) -> int:
        """One for each change, the reads before a deletion, and another where a new user redeems a code."""
        return sum(change.requests for chain in self.chains for change in chain)

    @property
    def reads(self) -> int:
        """How many of them change nothing."""
        return sum(change.reads for chain in self.chains for change in chain)

    def __str__(self) -> str:
        return f"send wave {self.number} of {self.of}"


@dataclass(frozen=True, slots=True)
class Settle:
    """Find out whether creates in doubt took effect, and send those that did not.

    A run without lost responses sends nothing here. How many it sends otherwise is not known in advance.
    """

    requests: int = 0

    def __str__(self) -> str:
        return "settle what is in doubt"


@dataclass(frozen=True, slots=True)
class LookAtEnd:
    """Look whether everybody whom the run created is live exactly once.

    The pages that show them are counted. Whom the list does not show yet is read by id; those reads are not
    known in advance.
    """

    requests: int = 0

    def __str__(self) -> str:
        return "look at what was created"


@dataclass(frozen=True, slots=True)
class Count:
    """Record the request rate, and how many patients the account has now."""

    requests: int = 0

    def __str__(self) -> str:
        return "record the rate and the number of patients"


Stage = Observe | CheckTenant | RecordWithoutRequests | Wave | Settle | LookAtEnd | Count

WRITING = (Wave, Settle, LookAtEnd, Count)
"""The stages that run after all others, once the first write may leave."""


def stages_of(inputs: PlanInputs, changes: Sequence[Change], *, stopped: bool = False) -> tuple[Stage, ...]:
    """The stages of an apply, in their order.

    Args:
        inputs: What the plan was made from.
        changes: The plan's changes.
        stopped: Whether the plan has stops: then nothing but the observation takes place.
    """
    observe = Observe(inputs.observed.reads)
    if stopped:
        return (observe,)
    return (observe, *_preparation(inputs, changes), *_writing(inputs, changes))


def _preparation(inputs: PlanInputs, changes: Sequence[Change]) -> Iterator[Stage]:
    """Where a team is expected, a plan that does nothing did not read whose key it is and records nothing."""
    needed = needs_tenant(inputs, changes)
    if needed or is_read(inputs):
        yield CheckTenant(0 if is_read(inputs) else 1)
    if needed or may_record(inputs):
        yield RecordWithoutRequests()


def _writing(inputs: PlanInputs, changes: Sequence[Change]) -> Iterator[Stage]:
    todo = chains(changes)
    yield from in_waves(todo, inputs.waves)
    if todo or doubts(changes):
        if inputs.capabilities.shows_patients:  # else the next run sends a create in doubt again
            yield Settle()
            yield LookAtEnd(-(-creates(changes) // inputs.observed.page))
        yield Count()


def in_waves(todo: Sequence[Chain], waves: Waves | None) -> Iterator[Wave]:
    """Cut chains into waves of a number of patients, in their order; one wave holds all by default.

    A patient counts once, with all its dependents. What belongs to no patient goes with its neighbours.
    """
    if not todo:
        return
    if waves is None:
        yield Wave(1, 1, todo)
        return
    ends = [place for place, chain in enumerate(todo, 1) if not chain[0].address.kind.is_setting][
        waves.size - 1 :: waves.size
    ]
    if not ends or ends[-1] < len(todo):
        ends.append(len(todo))
    begins = [0, *ends]
    for number, (begin, end) in enumerate(zip(begins, ends, strict=False), 1):
        yield Wave(number, len(ends), todo[begin:end], waves.stop_on_failures)


def creates(changes: Iterable[Change]) -> int:
    """How many patients are to be created."""
    return sum(
        1 for change in changes if change.address.kind is Kind.PATIENT and change.action is Action.CREATE
    )


def requests_of(stages: Sequence[Stage], spent: int) -> Requests:
    """The sums that a plan prints; ``spent`` is the number of requests that planning took."""
    writes = sum(stage.requests - stage.reads for stage in stages if isinstance(stage, Wave))
    return Requests(spent, sum(stage.requests for stage in stages) - writes, writes)
