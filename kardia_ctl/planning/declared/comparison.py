"""What two configurations declare differently: a pure comparison of declarations, with nothing that is live.

===========================  ==============================================================================
in the second, but not the   it is
first
===========================  ==============================================================================
a patient, code or setting   added: created or adopted, which only a plan can say
another attribute            changed: which attribute, and where
nothing any more             removed: forgotten, untouched in Kardia, because absence never deletes
a departure                  added: the one entry that ends something; its code, never its reason
a safeguard                  changed: team, limits, allowed hosts, recipients and their like
===========================  ==============================================================================
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import Configuration, Departure, Desired
from kardia_ctl.model.decided.decision import Decision
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.declared.difference import DeclaredDifference, Topic, Way
from kardia_ctl.model.source import Source
from kardia_ctl.planning.declared.people import codes, people, users
from kardia_ctl.planning.declared.safeguards import SAFEGUARDS
from kardia_ctl.planning.declared.sides import Values, attributes, compared, ways


def differences(before: Configuration, after: Configuration) -> tuple[DeclaredDifference, ...]:
    """Everything that ``after`` declares otherwise than ``before``, in the order of topics and addresses."""
    new = after.desired
    old = _renamed(before.desired, new.moved)
    return (
        *_departures(old, new),
        *_safeguards(before, after),
        *_settings(old, new),
        *people(old, new),
        *codes(old, new),
        *users(old, new),
        *_moves(old, new),
        *_decisions(old, new),
        *_templates(old, new),
    )


def _renamed(old: Desired, moves: Iterable[Move]) -> Desired:
    """What was declared, under the mrns that the entries under ``moved`` give."""
    names = {move.old: move.new for move in moves if move.new not in old.patients}
    if names.keys().isdisjoint(old.patients):
        return old
    return replace(
        old,
        patients={names.get(mrn, mrn): one for mrn, one in old.patients.items()},
        users={names.get(mrn, mrn): one for mrn, one in old.users.items()},
    )


def encrypted(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[DeclaredDifference]:
    """The encrypted files that differ, by their digests: what they declare is not known."""
    for file, way in ways(before, after):
        yield DeclaredDifference(Topic.ENCRYPTED, way, name=file)


def _settings(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    yield from compared(Topic.RESOURCE, _settings_of(old), _settings_of(new))


def _settings_of(desired: Desired) -> dict[Address, tuple[Values, Source | None]]:
    return {setting.address: (setting.attributes, setting.source) for setting in desired.settings}


def _departures(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    """Departures by mrn and id. A departure whose reason alone differs is none."""
    before = {(one.mrn, one.id): one for one in old.departures}
    after = {(one.mrn, one.id): one for one in new.departures}
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        found = attributes(_departure(was), _departure(now))
        if (entry := now or was) is not None and found:
            way = Way.CHANGED if was and now else Way.ADDED if now else Way.REMOVED
            address = patient_address(entry.mrn)
            yield DeclaredDifference(Topic.DEPARTURE, way, "", address, found, entry.source, entry.code)


def _departure(departure: Departure | None) -> Values:
    if departure is None:
        return {}
    return {
        "action": departure.action,
        "code": departure.code,
        "id": departure.id,
        "export": "true" if departure.export else "",
        "exported": departure.exported,
        "confirm": "true" if departure.confirmed else "",
        "done": departure.done,
    }


def _moves(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    before = {(move.old, move.new): move.source for move in old.moved}
    after = {(move.old, move.new): move.source for move in new.moved}
    for key, way in sorted(ways(before, after)):
        if way is not Way.CHANGED:  # another line is no difference
            source = after.get(key) or before.get(key)
            address, previous = patient_address(key[1]), patient_address(key[0])
            yield DeclaredDifference(Topic.MOVED, way, "", address, (), source, previous=previous)


def _decisions(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    before, after = _decisions_of(old), _decisions_of(new)
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        found = attributes({"until": was.until if was else ""}, {"until": now.until if now else ""})
        if (entry := now or was) is not None and found:
            way = Way.CHANGED if was and now else Way.ADDED if now else Way.REMOVED
            name = f"cohort {entry.cohort}" if entry.cohort else ""
            yield DeclaredDifference(
                Topic.DECISION, way, name, entry.address, found, entry.source, entry.kind
            )


def _decisions_of(desired: Desired) -> dict[tuple[str, str, str], Decision]:
    """Decisions by what they are about; of several with different days the last."""
    ordered = sorted(desired.decisions, key=lambda one: one.until)
    return {(one.about, one.kind.value, one.cohort): one for one in ordered}


def _templates(old: Desired, new: Desired) -> Iterator[DeclaredDifference]:
    before = {label: {"id": one.id, "name": one.name} for label, one in old.templates.items()}
    after = {label: {"id": one.id, "name": one.name} for label, one in new.templates.items()}
    for label, way in sorted(ways(before, after)):
        entry = new.templates.get(label) or old.templates[label]
        found = attributes(before.get(label), after.get(label))
        yield DeclaredDifference(Topic.TEMPLATE, way, label, None, found, entry.source)


def _safeguards(before: Configuration, after: Configuration) -> Iterator[DeclaredDifference]:
    for name, value_of in SAFEGUARDS.items():
        found = attributes({name: value_of(before)}, {name: value_of(after)})
        if found:
            (one,) = found
            way = Way.ADDED if one.before is None else Way.REMOVED if one.after is None else Way.CHANGED
            yield DeclaredDifference(Topic.SAFEGUARD, way, name, None, found)


NOT_COMPARED: Final = frozenset({"root", "digest", "parts", "sources", "warnings", "plain_people"})
"""The fields of a configuration that say how it was read, and declare nothing."""

COMPARED: Final = frozenset(one.name for one in fields(Configuration)) - NOT_COMPARED
