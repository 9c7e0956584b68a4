"""The state: engine, lock, open run, doubts, key, and the last apply."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kardia_ctl.cli.account.fingerprint_key import state_key
from kardia_ctl.cli.commands.doctor.premises import NotToBeHad, Premises
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.model.state import State
from kardia_ctl.render.findings import CheckResult, fine, note, wrong
from kardia_ctl.render.text import count_of
from kardia_ctl.state.tables.audit_log import damage, entries_of
from kardia_ctl.state.tables.image import opened


def check_state(premises: Premises) -> Iterator[CheckResult]:
    """Whether it can be read, and what it holds, in numbers."""
    workspace, state = premises.workspace, premises.state
    engine = workspace.configuration.state.partition("://")[0]
    place = workspace.store.place.replace(str(Path.home()), "~")
    if not state.exists:
        yield note("state", f"{engine}: there is none yet at {place}", "apply makes it")
        return
    sealed = ", encrypted" if workspace.keys.encryption() else ""
    held = f"{count_of(len(state.patients), 'patient')}, {count_of(len(state.codes), 'code')}"
    yield fine("state", f"{engine}{sealed}: {held} at {place}")
    if state.intents:
        text = f"{count_of(len(state.intents), 'request')} in doubt"
        yield wrong("state", text, "Run apply: it looks for what became of them")


def _readable(premises: Premises) -> State:
    """The state, for the checks after the first.

    Raises:
        NotToBeHad: it cannot be read, which the first check reports.
    """
    try:
        return premises.state
    except KardiaError:
        raise NotToBeHad("the state cannot be read") from None


def check_run(premises: Premises) -> Iterator[CheckResult]:
    """Whether a run is under way, or ended without finishing."""
    _readable(premises)
    activity = premises.workspace.store.activity()
    if activity.endswith("ended without finishing"):
        yield wrong("run", activity, "Run apply: it looks for what was in flight first")
    elif activity:
        yield note("run", activity)
    else:
        yield fine("run", "none is under way, and the last one ended")


def check_state_key(premises: Premises) -> Iterator[CheckResult]:
    """Whether the key of the fingerprints is the one that the state was written with."""
    try:
        configuration = premises.configuration
    except KardiaError:
        configuration = premises.settings
    state = _readable(premises)
    if not state.exists:
        return
    workspace = replace(premises.workspace, configuration=configuration)
    key = state_key(workspace, state)
    if key:
        yield fine("state key", f"it fits the state (from {workspace.keys.source()})")
    else:
        yield note("state key", "there is none, and the state needs none")


def check_last_apply(premises: Premises) -> Iterator[CheckResult]:
    """What the audit log says of the last run, and whether the log is whole."""
    if not _readable(premises).exists:
        return
    with opened(premises.workspace.store.image()) as image:
        entries, broken = entries_of(image), damage(image)
    if broken:
        yield wrong(
            "audit log", f"it is not whole: {broken}", "Find out who changed it: kardia-ctl audit list"
        )
    runs = [entry for text in entries if (entry := _run(text.text))]
    if runs:
        yield fine("last run", runs[-1])
    else:
        yield note("last run", "the audit log has none")


def _run(text: str) -> str:
    """What the entry of a run's end says, in numbers; empty for any other entry."""
    try:
        entry = json.loads(text)
        if entry["event"] != "end":
            return ""
        counts = [f"{int(count)} {name}" for name, count in entry["outcome"].items() if count]
        return f"ended at {entry['at']}: {', '.join(counts) or 'nothing to do'}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
