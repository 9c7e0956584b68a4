"""The differences of two revisions as escaped, redacted lines: what text and Markdown have in common."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from kardia_ctl.model.declared.difference import (
    Attribute,
    DeclaredDiff,
    DeclaredDifference,
    Revision,
    Topic,
    Way,
)
from kardia_ctl.model.kinds import Kind
from kardia_ctl.render.escape import escape
from kardia_ctl.render.redaction import HIDDEN, Shown, shown, shown_url
from kardia_ctl.render.text import count_of
from kardia_ctl.render.view import Colour, View

TITLES: Final = {
    Topic.DEPARTURE: "Departures: each of these ends something in Kardia",
    Topic.SAFEGUARD: "Which account this is about, and what a run may do there",
    Topic.RESOURCE: "Patients, codes, users and settings",
    Topic.MOVED: "Corrected mrns",
    Topic.DECISION: "Decisions",
    Topic.TEMPLATE: "Templates: what codes are ordered by name",
    Topic.ENCRYPTED: "Encrypted files, which were not opened: what differs in them is not known",
}

_MARKS: Final = {Way.ADDED: "+", Way.CHANGED: "~", Way.REMOVED: "."}
_COLOURS: Final = {Way.ADDED: Colour.GREEN, Way.CHANGED: Colour.YELLOW, Way.REMOVED: Colour.CYAN}
_WAY_WORDS: Final = {Way.ADDED: "added", Way.CHANGED: "changed", Way.REMOVED: "no longer declared"}
_OPEN: Final = frozenset({"cohort", "ignore_changes"})
"""Attributes of a patient that hold no value of theirs, besides those in the table of kinds."""


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One difference: its mark, what it says, where it is declared, and what it says below."""

    mark: str
    colour: Colour
    text: str
    place: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicSection:
    """The differences of one topic. ``more`` says what is counted instead of being shown."""

    title: str
    lines: tuple[DifferenceLine, ...]
    more: tuple[str, ...] = ()


def headline(diff: DeclaredDiff) -> str:
    """What differs, counted."""
    parts = [
        _topic_count(diff, Topic.DEPARTURE, "departure"),
        _topic_count(diff, Topic.SAFEGUARD, "safeguard"),
        *_kind_counts(diff),
        _topic_count(diff, Topic.MOVED, "corrected mrn"),
        _topic_count(diff, Topic.DECISION, "decision"),
        _topic_count(diff, Topic.TEMPLATE, "template"),
        _topic_count(diff, Topic.ENCRYPTED, "encrypted file"),
    ]
    return "; ".join(filter(None, parts)) + "." if diff.differences else "No differences in what is declared."


def _topic_count(diff: DeclaredDiff, topic: Topic, noun: str) -> str:
    counts = Counter(one.way for one in diff.differences if one.topic is topic)
    return _ways_text(noun, counts)


def _kind_counts(diff: DeclaredDiff) -> Iterator[str]:
    resources = [one for one in diff.differences if one.topic is Topic.RESOURCE and one.address]
    for kind in Kind:
        counts = Counter(one.way for one in resources if one.address and one.address.kind is kind)
        yield _ways_text(kind.facts.singular, counts)


def _ways_text(noun: str, counts: Counter[Way]) -> str:
    """``2 patients added, 1 changed``; empty without any."""
    ways = [way for way in Way if counts[way]]
    first = [f"{count_of(counts[way], noun)} {_WAY_WORDS[way]}" for way in ways[:1]]
    return ", ".join((*first, *(f"{counts[way]} {_WAY_WORDS[way]}" for way in ways[1:])))


def topic_sections(diff: DeclaredDiff, view: View) -> list[TopicSection]:
    """The differences, topic by topic; of many alike the first ``view.full`` of a kind and way."""
    return [
        _section(topic, [*found], view)
        for topic, found in groupby(diff.differences, key=lambda one: one.topic)
    ]


def _section(topic: Topic, found: Sequence[DeclaredDifference], view: View) -> TopicSection:
    lines, more = [], []
    limit = len(found) if topic in (Topic.DEPARTURE, Topic.SAFEGUARD) else view.full
    for (kind, way), group in groupby(sorted(found, key=_group), key=_group):
        alike = [*group]
        lines += [_line(one, view) for one in alike[:limit]]
        if len(alike) > limit:
            noun = kind.facts.plural if kind else "entries"
            more.append(f"and {len(alike) - limit} more {noun} {_WAY_WORDS[way]}")
    return TopicSection(TITLES[topic], tuple(lines), tuple(more))


def _group(one: DeclaredDifference) -> tuple[Kind | None, Way]:
    return (one.address.kind if one.address else None), one.way


def _line(one: DeclaredDifference, view: View) -> DifferenceLine:
    where = ("" if one.source is None else escape(f"{one.source.file}:{one.source.line}")) + (
        " (before)" if one.source and one.way is Way.REMOVED else ""
    )
    details = tuple(_details(one, view))
    ends = one.topic is Topic.DEPARTURE and one.way is not Way.REMOVED
    mark, colour = ("!", Colour.RED) if ends else (_MARKS[one.way], _COLOURS[one.way])
    return DifferenceLine(mark, colour, _text(one, view), where, details)


def shown_name(one: DeclaredDifference, view: View) -> str:
    """What a difference is about, as the reader may see it."""
    if one.address is None or one.name:
        return escape(one.name)
    return escape(view.names.shown(one.address))


def _text(one: DeclaredDifference, view: View) -> str:
    name = shown_name(one, view)
    match one.topic:
        case Topic.DEPARTURE if one.way is Way.REMOVED:
            return f"{name} no longer departs: what was done stays done"
        case Topic.DEPARTURE:
            action = next((one.after for one in one.attributes if one.name == "action"), None)
            what = f"departs: {escape(action)}" if action else "departs, as before"
            return f"{name} {what} ({one.code})"
        case Topic.MOVED:
            previous = escape(view.names.shown(one.previous)) if one.previous else ""
            return f"{name} was {previous}" + (" (no longer declared)" if one.way is Way.REMOVED else "")
        case Topic.DECISION:
            return f"{one.code} {name} {_WAY_WORDS[one.way]}"
        case Topic.RESOURCE if one.way is Way.REMOVED:
            return f"{name} {one.code or 'is no longer declared: forgotten, untouched in Kardia'}"
        case _:
            return f"{name} {_WAY_WORDS[one.way]}"


def _details(one: DeclaredDifference, view: View) -> Iterator[str]:
    """The values that may be shown, and the names of the others."""
    hidden = []
    for attribute in one.attributes:
        before, after = shown_values(one, attribute, show_phi=view.show_phi)
        if before.text is None and after.text is None:
            hidden.append(escape(attribute.name))
        elif one.way is Way.CHANGED:
            yield f"{escape(attribute.name)} = {_value(before)} -> {_value(after)}"
        elif one.topic is not Topic.DEPARTURE or attribute.name not in ("action", "code"):
            yield f"{escape(attribute.name)} = {_value(after if one.way is Way.ADDED else before)}"
    if hidden:
        yield f"{'changed' if one.way is Way.CHANGED else 'with'}: {', '.join(hidden)}"


def shown_values(one: DeclaredDifference, attribute: Attribute, *, show_phi: bool) -> tuple[Shown, Shown]:
    """Both values of an attribute as the reader may see them."""
    if one.topic is Topic.SAFEGUARD and attribute.name == "state":
        return shown_url(attribute.before), shown_url(attribute.after)
    if one.topic is not Topic.RESOURCE or one.address is None or attribute.name in _OPEN:
        return Shown(attribute.before), Shown(attribute.after)
    kind, name = one.address.kind, attribute.name
    return (
        shown(kind, name, attribute.before, show_phi=show_phi),
        shown(kind, name, attribute.after, show_phi=show_phi),
    )


def _value(value: Shown) -> str:
    if value.text is None:
        return HIDDEN if value.hidden else "(not declared)"
    return '"' + escape(value.text).replace('"', r"\"") + '"'


def revision_name(revision: Revision) -> str:
    """A revision with its commit, or the work tree."""
    if not revision.commit:
        return "the work tree"
    return f"{escape(revision.name)} ({revision.commit[:12]})"


def comments(diff: DeclaredDiff, view: View) -> Iterator[str]:
    """What a reader has to know besides: what was not read, and why everything is new."""
    for revision in (diff.base, diff.head):
        name = revision_name(revision)
        if revision.missing:
            yield f"{name}: {escape(revision.missing)}; everything counts as added"
            yield from (
                f"  {escape(view.names.text(str(problem)))}" for problem in revision.problems[:_FIRST]
            )
            if len(revision.problems) > _FIRST:
                yield f"  and {count_of(len(revision.problems) - _FIRST, 'problem')} more"
        if revision.unopened:
            yield f"{name}: {_encrypted(len(revision.unopened))} not opened here: {_files(revision.unopened)}"
        if revision.skipped:
            yield f"{name}: not read, because it leads out of the directory: {_files(revision.skipped)}"


_FIRST: Final = 3


def _encrypted(number: int) -> str:
    return f"{count_of(number, 'encrypted file')} {'was' if number == 1 else 'were'}"


def _files(files: Sequence[str]) -> str:
    more = f" and {len(files) - _FIRST} more" if len(files) > _FIRST else ""
    return ", ".join(map(escape, files[:_FIRST])) + more
