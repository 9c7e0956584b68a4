"""The program with one safeguard removed. A harness that lets one of these pass proves nothing."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any
from unittest.mock import patch

from kardia_ctl.api import endpoints
from kardia_ctl.api.client import Session
from kardia_ctl.applying import change, departing, heartbeat, known_ids, settle, state_updates
from kardia_ctl.cli.account import fingerprint_key, only_writer
from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Change
from kardia_ctl.model.results import Result
from kardia_ctl.model.state import Depart, Entry, Intend, Intent, Record, State
from kardia_ctl.observing.closed_sum import ClosedSum
from kardia_ctl.observing.head import Head
from kardia_ctl.observing.scan import _Scanner
from kardia_ctl.operations import apply, approval, future_stamps, tenant
from kardia_ctl.operations.apply import Executor
from kardia_ctl.operations.approval import Approval
from kardia_ctl.planning import certainty, doubts, matching, settle_window
from kardia_ctl.planning.checks import key_tenant, stops
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.matching import Match
from kardia_ctl.sandbox.quirks import CursorStyle
from kardia_ctl.state.sqlite import sqlite_store
from tests.observing.weaker_proofs import anything, closed_while_it_stands, count_alone
from tests.simulation.clock_mutants import CLOCK_STORIES, by_wall, future_is_future, future_is_past, never
from tests.simulation.environment.disk import Disk
from tests.simulation.environment.machine import Machine
from tests.simulation.scenario import Scenario
from tests.simulation.worlds.busy_list import busy_list
from tests.simulation.worlds.copied_state import copied_state
from tests.simulation.worlds.two_runners import two_runners


class Mutant(StrEnum):
    """The safeguard that is removed."""

    BLIND_RETRY = "a create without an answer is sent again at once"
    LOOK_ONCE = "one look without a window decides that a create did not happen"
    SHORT_WINDOW = "the window is shorter than the server's latest effect"
    LIST_OVER_RECORDS = "a recorded patient whom the list does not show is taken for absent"
    NO_INTENT = "no intent is durable before the request is sent"
    UNPROVEN_SCAN = "whatever a scan shows is taken for everybody"
    ABORT_LEAVES_INTENTS = "an abort cancels the run where it is, and resolves no intent that it never sent"
    DEPARTURE_FROM_ABSENCE = "whoever is absent is recorded as departed"
    NO_LAST_READ = "nobody is looked at right before a deletion"
    ANY_SPELLING = "a status of another spelling is taken for no connection"
    COUNT_ALONE = "as many patients as totalCount says are taken for everybody, whoever left and came"
    SAVED_PLAN_RESENDS = "a saved plan sends a create again that proved not to have happened"
    KNOWN_ID_ACCEPTED = "an answer with the id of somebody else is recorded"
    NEW_STRANGER_IGNORED = "whoever is new is not compared with the patient in doubt"
    OTHER_WORKSPACE_IGNORED = "an intent counts in its own workspace alone"
    TENANT_UNCHECKED = "whose account the key opens is not asked"
    LIMITS_OF_ONE_ROUND = "limits count what one round sends, and not the rounds before it"
    NO_LOOK_AT_END = "nobody looks at what a run created"
    WALL_CLOCK_ONLY = "the wall clock tells how much time has passed, within one boot too"
    RUN_ON_WALL_CLOCK = "the run's clock is plain wall time"
    NO_SKEW = "the wall clocks of two boots are taken to agree"
    FUTURE_STAMP_DECIDES = "a stamp from the future counts as long ago"
    FUTURE_STAMP_BLOCKS = "a stamp from the future is waited for until its moment has come"
    MOVED_LIST_UNPROVEN = "a list in which totalCount rose is not proven by another look at its head"
    NO_LOOK_IN_BETWEEN = "the head is not read in time, before more newcomers have come than it holds"
    RUNNERS_UNSEEN = "two runners without a shared state look at nothing that they created"
    SETTLED_UNSEEN = "whom a settled create made is not looked at in the end"
    STATE_OF_A_JOB = "in CI an apply begins with a state that is lost with the job"
    COPY_IS_WHOLE = "a state that was copied during a run, without its log, is used"
    ANY_KEY = "a state is used with any key"
    NO_HEARTBEAT = "the window of a run that died counts from when its request was about to leave"


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """Remove it from the program while the block runs."""
    with ExitStack() as changed:
        for target, name, value in _CHANGES.get(mutant, ()):
            changed.enter_context(patch.object(target, name, value))
        yield


def mutated_story(mutant: Mutant, story: Scenario) -> Scenario:
    """The story in which the safeguard matters most; a short window is a matter of configuration."""
    match mutant:
        case Mutant.SHORT_WINDOW:
            return replace(story, settle=story.settle / 2)
        case Mutant.NO_HEARTBEAT:
            return replace(story, slow=0.3)
        case Mutant.COUNT_ALONE:
            quirks = replace(story.quirks, cursor_style=CursorStyle.SECOND, list_lag=0.0)
            busy = replace(story.hazards, busy=1)
            story = replace(story, quirks=quirks, hazards=busy, writes=0.5, reads=0.0, visits=0.0, crowd=9)
            return replace(story, sizes={"500": "4", "499": "3", "397": "2"}, parallelism=16)
        case Mutant.UNPROVEN_SCAN:
            quirks = replace(story.quirks, cursor_style=CursorStyle.SECOND)
            return replace(story, quirks=quirks, sizes={"500": "6", "499": "5", "397": "4"}, parallelism=4)
        case _ if mutant in _WORLDS:
            return _WORLDS[mutant](story.seed)
        case _:
            return CLOCK_STORIES.get(mutant.name, _unchanged)(story)


def _long_ago(*_: object) -> float:
    return 0.0


def _nothing(*_: object) -> None:
    """Nothing happens."""


def _by_mrn_alone(inputs: PlanInputs, want: DesiredPatient, _: Record) -> Match:
    return matching._find(inputs, want, None)


def _departed_from_absence(inputs: PlanInputs) -> Iterator[Entry]:
    for departure in inputs.desired.departures:
        if (patient_id := certainty.patient_id_of(inputs, departure)) in inputs.observed.missing:
            yield Depart(patient_id, departure.action.value)


async def _unread(*_: object, **__: object) -> None:
    """Whatever was planned is deleted."""


def _nobody(*_: object) -> str:
    """Nobody: an empty text, and nothing to iterate."""
    return ""


def _not(*_: object) -> bool:
    return False


def _only_answered(executor: Executor) -> dict[str, Address]:
    return {patient_id: change.address for patient_id, change in executor._sender.created.items()}


async def _nobody_looks(*_: object) -> tuple[dict[Address, Result], Head | None]:
    return {}, None


def _noted_without_numbers(note: Callable[..., None]) -> Callable[..., None]:
    def noted(approved: Approval, changes: Iterable[Change], results: Mapping[Address, Result]) -> None:
        note(approved, changes, results)
        approved._sent = approval._Tally()

    return noted


def _own_intents(state: Callable[[Disk], State]) -> Callable[[Disk], State]:
    def own(disk: Disk) -> State:
        return replace(state(disk), intents=dict(disk.intents))

    return own


def written_without_intents(written: Callable[[Disk, Iterable[Entry]], None]) -> Callable[..., None]:
    def write(disk: Disk, entries: Iterable[Entry]) -> None:
        written(disk, [entry for entry in entries if not isinstance(entry, Intend) or entry.intent.ended])

    return write


def _cancel_workers(_: Session) -> None:
    for task in asyncio.all_tasks():
        if getattr(task.get_coro(), "__qualname__", "").endswith("_WaveRun.work"):
            task.cancel()


def _unchanged(story: Scenario) -> Scenario:
    return story


def _left_by(rule: Callable[[Intent, float, Instant], float]) -> tuple[tuple[Any, str, Any], ...]:
    return tuple((place, "seconds_left", rule) for place in (matching, doubts, settle))


_CHANGES: dict[Mutant, tuple[tuple[Any, str, Any], ...]] = {
    Mutant.SAVED_PLAN_RESENDS: ((approval, "_LOOKS_ONLY", ""),),
    Mutant.BLIND_RETRY: (
        (
            endpoints,
            "CREATE_PATIENT",
            replace(endpoints.CREATE_PATIENT, nature=endpoints.Nature.REPEATABLE),
        ),
    ),
    Mutant.LOOK_ONCE: _left_by(_long_ago),
    Mutant.LIST_OVER_RECORDS: ((matching, "_recorded", _by_mrn_alone),),
    Mutant.UNPROVEN_SCAN: ((_Scanner, "_is_closed", anything),),
    Mutant.ABORT_LEAVES_INTENTS: ((Session, "abort", _cancel_workers),),
    Mutant.DEPARTURE_FROM_ABSENCE: ((state_updates, "_observed_facts", _departed_from_absence),),
    Mutant.NO_LAST_READ: ((departing, "_check", _unread),),
    Mutant.ANY_SPELLING: ((certainty, "NOT_CONNECTED", {"none", "pending", "CONNECTED"}),),
    Mutant.COUNT_ALONE: ((_Scanner, "_is_closed", count_alone),),
    Mutant.MOVED_LIST_UNPROVEN: ((_Scanner, "_is_closed", closed_while_it_stands),),
    Mutant.NO_LOOK_IN_BETWEEN: ((ClosedSum, "wants_look", False),),
    Mutant.KNOWN_ID_ACCEPTED: ((known_ids.KnownIds, "conflict", _nobody),),
    Mutant.NEW_STRANGER_IGNORED: ((doubts.Doubts, "_alike", _nobody),),
    Mutant.OTHER_WORKSPACE_IGNORED: ((Disk, "state", _own_intents(Disk.state)),),
    Mutant.TENANT_UNCHECKED: (
        (stops, "refusal", _nobody),
        (tenant, "refusal", _nobody),
        (key_tenant, "refusal", _nobody),
    ),
    Mutant.LIMITS_OF_ONE_ROUND: ((Approval, "note", _noted_without_numbers(Approval.note)),),
    Mutant.RUNNERS_UNSEEN: ((apply, "look_at_end", _nobody_looks),),
    Mutant.SETTLED_UNSEEN: ((Executor, "_created", _only_answered),),
    Mutant.COPY_IS_WHOLE: ((sqlite_store, "mark_open", _nothing), (sqlite_store, "check_ours", _nothing)),
    Mutant.ANY_KEY: ((fingerprint_key, "is_of_another_key", _not),),
    Mutant.STATE_OF_A_JOB: ((only_writer, "is_ci", _not),),
    Mutant.NO_LOOK_AT_END: ((apply, "look_at_end", _nobody_looks),),
    Mutant.NO_INTENT: ((Disk, "write", written_without_intents(Disk.write)),),
    Mutant.WALL_CLOCK_ONLY: _left_by(by_wall),
    Mutant.RUN_ON_WALL_CLOCK: ((Machine, "uptime", Machine.wall),),
    Mutant.NO_SKEW: ((settle_window, "SKEW", 0.0),),
    Mutant.FUTURE_STAMP_DECIDES: (*_left_by(future_is_past), (future_stamps, "_is_ahead", never)),
    Mutant.FUTURE_STAMP_BLOCKS: (*_left_by(future_is_future), (future_stamps, "_is_ahead", never)),
    Mutant.NO_HEARTBEAT: ((heartbeat, "INTERVAL", float("inf")), (change.Sender, "_beat", _nothing)),
}

_WORLDS: dict[Mutant, Callable[[int], Scenario]] = {
    Mutant.MOVED_LIST_UNPROVEN: busy_list,
    Mutant.NO_LOOK_IN_BETWEEN: busy_list,
    Mutant.RUNNERS_UNSEEN: two_runners,
    Mutant.SETTLED_UNSEEN: two_runners,
    Mutant.STATE_OF_A_JOB: two_runners,
    Mutant.COPY_IS_WHOLE: copied_state,
    Mutant.ANY_KEY: copied_state,
}
"""The world in which a mutant is looked for, where it is not the ordinary one."""
