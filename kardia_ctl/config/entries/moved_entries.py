"""The entries under ``moved``: patients whose mrn was corrected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from kardia_ctl.config.context import LoadContext, address_of
from kardia_ctl.config.document import YamlFile
from kardia_ctl.config.patient_registry import PatientRegistry
from kardia_ctl.config.yaml.tree import YamlList
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Departure
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Source

_FORM = "Write patient/MRN, as plans print it"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry with the places of its two addresses."""

    move: Move
    old: Source
    new: Source


def moved(
    yaml_files: Iterable[YamlFile],
    context: LoadContext,
    registry: PatientRegistry,
    leaving: Iterable[Departure],
) -> tuple[Move, ...]:
    """The valid entries of all files; reports what cannot be right. All patients are registered."""
    entries = [entry for yaml_file in yaml_files for entry in _entries(yaml_file, context)]
    departures = {departure.mrn: departure for departure in leaving}
    firsts = {entry.move.old: entry for entry in reversed(entries)}
    into = {entry.move.new: entry for entry in reversed(entries)}
    for entry in entries:
        if departure := departures.get(entry.move.old):
            message = f"the old mrn has a departure, at {departure.source}"
            context.problem(entry.old, message, "Write the new mrn there", address_of(entry.move.new))
        for message, remedy, place in islice(_problems(entry, firsts, into, registry), 1):
            context.problem(place, message, remedy, address_of(entry.move.new))
    if entries and not context.capabilities.shows_patients:
        message = f"the {context.capabilities.dialect} API knows a participant by its mrn alone"
        remedy = "Remove moved: another mrn is another participant"
        context.problem(entries[0].old, message, remedy)
    return tuple(entry.move for entry in entries)


def _entries(yaml_file: YamlFile, context: LoadContext) -> Iterator[_Entry]:
    declared = yaml_file.document.tree.get("moved")
    for index, value in enumerate(declared if isinstance(declared, YamlList) else ()):
        if not yaml_file.is_sound("moved", index):
            continue
        places = [yaml_file.source("moved", index, key) for key in ("from", "to")]
        mrns = [_mrn(value[key]) for key in ("from", "to")]
        for key, mrn, place in zip(("from", "to"), mrns, places, strict=True):
            if mrn is None:
                context.problem(place, f"{key} is not the address of a patient", _FORM)
        old, new = mrns
        if old is not None and new is not None:
            move = Move(old, new, yaml_file.source("moved", index))
            yield _Entry(move, places[0], places[1])


def _mrn(text: str) -> str | None:
    try:
        address = Address.parse(text)
    except ValueError:
        return None
    return address.names[0] if address.kind is Kind.PATIENT else None


def _problems(
    entry: _Entry, firsts: dict[str, _Entry], into: dict[str, _Entry], registry: PatientRegistry
) -> Iterator[tuple[str, str, Source]]:
    """What is wrong with an entry, what to do, and where; the first is the cause of those after it."""
    move = entry.move
    if move.old == move.new:
        yield "from and to are one address", "Remove this entry", entry.old
    if (first := firsts[move.old]) is not entry:
        yield f"this patient moved already, at {first.old}", "Keep one entry", entry.old
    if (first := into[move.new]) is not entry:
        message = f"two patients move to this address; the other is at {first.new}"
        yield message, "One mrn is one patient: keep one entry", entry.new
    if (following := firsts.get(move.new)) is not None:
        message = f"this address moves on, at {following.old}"
        yield message, "Write one entry, from the first mrn to the last", entry.new
    if place := registry.place(move.old):
        message = f"the old mrn is still declared, at {place}"
        yield message, "Remove the patient there, or this entry", entry.old
    if not registry.place(move.new) and not registry.context.texts.unopened:
        yield "the new mrn is not declared", "Declare the patient, or remove this entry", entry.new
