"""Which reads are chosen: a table. The fewest that answer what a plan will ask."""

from dataclasses import dataclass

import pytest

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import Departure, DepartureAction, Desired, Setting
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.state import PatientRecord, State
from kardia_ctl.model.template import DeclaredTemplate
from kardia_ctl.observing.read_plan import ReadPlan, choose_reads
from kardia_ctl.planning.decided.scoping import scope_of

CALLBACK, QT_CALLBACK = Address(Kind.CALLBACK), Address(Kind.QT_CALLBACK)
PROVIDER = Address(Kind.SERVICE_PROVIDER, ("sp",))
THREE_PAGES = 1200


def want(mrn: str, *codes: str, pin: str = "") -> DesiredPatient:
    return DesiredPatient(mrn, "2000-07-21", f"{mrn}@example.com", codes=codes, id=pin)


def desired(*people: DesiredPatient, departures: tuple[Departure, ...] = ()) -> Desired:
    templates = {
        "by-id": DeclaredTemplate("by-id", id="tpl"),
        "by-name": DeclaredTemplate("by-name", name="One year"),
    }
    settings = tuple(Setting(address) for address in (CALLBACK, QT_CALLBACK, PROVIDER))
    return Desired("team", {one.mrn: one for one in people}, settings, templates, departures)


def state(*mrns: str, live: int | None = THREE_PAGES, departed: dict[str, str] | None = None) -> State:
    return State(
        True,
        live_count=live,
        patients={mrn: PatientRecord(f"id-{mrn}") for mrn in mrns},
        departed={one: frozenset(actions.split()) for one, actions in (departed or {}).items()},
    )


def leaving(mrn: str, action: str = "delete", pin: str = "") -> Departure:
    return Departure(mrn, DepartureAction(action), "left", pin)


def only_people(reading: ReadPlan) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    return reading.scan, () if reading.scan else reading.ids, reading.ids


@dataclass(frozen=True)
class Row:
    """What is declared and recorded, and what is read of the patients: the list, by id, and known ids."""

    name: str
    desired: Desired
    state: State
    scan: bool
    ids: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


TABLE = [
    Row("nothing declared", desired(), state("A"), False),
    Row("unknown patient", desired(want("A")), state(), True),
    Row("no state", desired(want("A")), State(), True),
    Row("one known", desired(want("A")), state("A"), False, ("id-A",), ("id-A",)),
    Row(
        "two known", desired(want("A"), want("B")), state("A", "B"), False, ("id-A", "id-B"), ("id-A", "id-B")
    ),
    Row(
        "as many as pages",
        desired(*map(want, "ABC")),
        state("A", "B", "C"),
        True,
        (),
        ("id-A", "id-B", "id-C"),
    ),
    Row("one of two unknown", desired(want("A"), want("B")), state("A"), True, (), ("id-A",)),
    Row("one page", desired(want("A")), state("A", live=500), True, (), ("id-A",)),
    Row("just over a page", desired(want("A")), state("A", live=501), False, ("id-A",), ("id-A",)),
    Row("empty account", desired(want("A")), state("A", live=0), True, (), ("id-A",)),
    Row("count unknown", desired(want("A")), state("A", live=None), True, (), ("id-A",)),
    Row("pinned", desired(want("A", pin="pin")), state(), False, ("pin",), ("pin",)),
    Row("pin before record", desired(want("A", pin="pin")), state("A"), False, ("pin",), ("pin",)),
    Row("departure deletes", desired(departures=(leaving("A"),)), state("A"), True, (), ("id-A",)),
    Row(
        "departure disconnects",
        desired(departures=(leaving("A", "disconnect"),)),
        state("A"),
        False,
        ("id-A",),
        ("id-A",),
    ),
    Row(
        "deletion was accepted",
        desired(departures=(leaving("A"),)),
        state("A", departed={"id-A": "delete"}),
        False,
        ("id-A",),
        ("id-A",),
    ),
    Row(
        "deletion is over",
        desired(departures=(leaving("A"),)),
        state("A", departed={"id-A": "delete gone"}),
        False,
    ),
    Row(
        "disconnect is done",
        desired(departures=(leaving("A", "disconnect"),)),
        state("A", departed={"id-A": "disconnect"}),
        False,
    ),
    Row(
        "disconnect of who is deleted",
        desired(departures=(leaving("A", "disconnect"),)),
        state("A", departed={"id-A": "delete gone"}),
        False,
    ),
    Row(
        "disconnected and now deleted",
        desired(departures=(leaving("A"),)),
        state("A", departed={"id-A": "disconnect"}),
        True,
        (),
        ("id-A",),
    ),
    Row("departure without a record", desired(departures=(leaving("A"),)), state(), False),
    Row("departure with an id", desired(departures=(leaving("A", pin="pin"),)), state(), True, (), ("pin",)),
    Row(
        "deleted and declared anew",
        desired(want("A")),
        state("A", departed={"id-A": "delete"}),
        True,
        (),
        ("id-A",),
    ),
    Row(
        "disconnected and declared",
        desired(want("A")),
        state("A", departed={"id-A": "disconnect"}),
        False,
        ("id-A",),
        ("id-A",),
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_fewest_reads_of_patients_are_chosen(row: Row) -> None:
    assert only_people(choose_reads(row.desired, row.state)) == (row.scan, row.ids, row.known)


def test_a_recreate_needs_the_whole_list() -> None:
    assert choose_reads(desired(want("A")), state("A"), recreating=True).scan


def test_a_recreate_of_nobody_reads_nothing() -> None:
    assert not choose_reads(desired(), state("A"), recreating=True).scan


def test_what_cannot_be_read_back_is_not_read() -> None:
    assert choose_reads(desired(), State()).settings == (CALLBACK, QT_CALLBACK)


def test_a_kind_that_is_not_declared_is_not_read() -> None:
    assert choose_reads(Desired(settings=(Setting(CALLBACK),)), State()) == ReadPlan(
        False, (), (), (CALLBACK,), False
    )


@pytest.mark.parametrize(
    ("codes", "read"), [((), False), (("by-id",), False), (("by-name",), True), (("by-id", "by-name"), True)]
)
def test_templates_are_read_first_only_for_a_live_name(codes: tuple[str, ...], read: bool) -> None:
    assert choose_reads(desired(want("A", *codes)), state("A")).templates is read


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (CALLBACK, (False, (), (), (CALLBACK,), False)),
        (PROVIDER, (False, (), (), (), False)),
        (patient_address("A"), (False, ("id-A",), ("A",), (), False)),
        (code_address("A", "by-id"), (False, ("id-A",), ("A",), (), False)),
        (patient_address("B"), (True, (), (), (), True)),
    ],
    ids=str,
)
def test_a_target_reads_nothing_beside_it_and_looks_for_nobody_who_departs(
    target: Address, expected: tuple[object, ...]
) -> None:
    declared = desired(want("A", "by-id"), want("B", "by-name"), departures=(leaving("C"),))
    assert choose_reads(declared, state("A", "C"), scope_of(declared, [target])) == ReadPlan(*expected)  # type: ignore[arg-type]
