"""The program with one rule about users, orders and exports broken. The judge has to see each of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import replace
from enum import StrEnum
from typing import Any
from unittest.mock import patch

from kardia_ctl.api import endpoints
from kardia_ctl.api.endpoints import Nature
from kardia_ctl.applying import change, state_updates
from kardia_ctl.applying.journal import Journal
from kardia_ctl.kinds import patient
from kardia_ctl.planning.resources.codes import CodeOwner
from tests.simulation.environment.disk import Disk
from tests.simulation.mutants import written_without_intents
from tests.simulation.scenario import Pause, Scenario, ScriptedRun, Trouble, peopled


class Rule(StrEnum):
    """The rule that is broken."""

    CODE_ONCE = "a pro code without an answer is asked for again"
    USER_ONCE = "a v1 user without an answer is sent again"
    PRO_USER_ONCE = "a pro user without an answer is sent again"
    EXPORT_ONCE = "an export without an answer is asked for again"
    EXPORT_RECORDED = "an export that was asked for is not recorded"
    EXISTED = "a participant found to exist already is taken for one that we created"
    EXISTED_STAYS = "the mark of a participant found to exist is overwritten by the next apply"
    OTHER_ORDERS = "of a participant found to exist, only the patient is in doubt and no order"
    INTENT_FIRST = "no intent is durable before the request is sent"
    HANDED_OUT_FIRST = "a code is recorded before it is handed out"


@contextmanager
def broken(rule: Rule) -> Iterator[None]:
    """Break it while the block runs."""
    with ExitStack() as changed:
        for target, name, value in _CHANGES[rule]:
            changed.enter_context(patch.object(target, name, value))
        yield


def story_for(rule: Rule, seed: int) -> Scenario:
    """The story in which the rule matters most: one crash, at another point in each."""
    if rule is not Rule.HANDED_OUT_FIRST:
        return peopled(seed)
    crash = ScriptedRun(Trouble.CRASH, float(1 + seed % 80), Pause.NONE, 0, 0)
    return replace(peopled(2 * seed + 1), faulty_runs=(crash,), writes=0.0, reads=0.0)


def _again(name: str) -> tuple[tuple[Any, str, Any], ...]:
    return ((endpoints, name, replace(getattr(endpoints, name), nature=Nature.REPEATABLE)),)


def _never(*_: object) -> bool:
    return False


def _refreshed(mrn: str, state: Any, desired: Any, _: bytes) -> Any:
    return _REFRESH(mrn, state, desired, b"a key")


_REFRESH = state_updates._refresh
_COMMIT = Journal.post


def _forgetful(journal: Any, entries: Any) -> Any:
    return _COMMIT(journal, [one for one in entries if getattr(one, "action", "") != "export"])


async def _send_late(sender: change.Sender, planned: Any, patient_id: str) -> Any:
    held: list[Any] = []
    late = copy(sender)
    late.context = replace(sender.context, deliver_code=held.append)
    result = await _SEND(late, planned, patient_id)
    if held:
        await sender._journal.commit([])
    for code in held:
        sender.context.deliver_code(code)
    return result


_SEND = change.Sender.send

_CHANGES: dict[Rule, tuple[tuple[Any, str, Any], ...]] = {
    Rule.CODE_ONCE: _again("PRO_ISSUE_CODE"),
    Rule.USER_ONCE: _again("CREATE_USER"),
    Rule.PRO_USER_ONCE: _again("PRO_CREATE_USER"),
    Rule.EXPORT_ONCE: _again("EXPORT_PATIENT"),
    Rule.EXPORT_RECORDED: ((Journal, "post", _forgetful),),
    Rule.EXISTED: ((patient, "existed_before", _never),),
    Rule.EXISTED_STAYS: ((state_updates, "_refresh", _refreshed),),
    Rule.OTHER_ORDERS: ((CodeOwner, "existed", False),),
    Rule.INTENT_FIRST: ((Disk, "write", written_without_intents(Disk.write)),),
    Rule.HANDED_OUT_FIRST: ((change.Sender, "send", _send_late),),
}
