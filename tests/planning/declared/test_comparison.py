"""The comparison of two configurations, without files."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some

from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.configuration import (
    Configuration,
    Departure,
    DepartureAction,
    Desired,
    Limits,
    Setting,
)
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.declared.difference import DeclaredDifference, Topic, Way
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.planning.declared.comparison import COMPARED, differences
from kardia_ctl.planning.declared.people import DEPARTS
from kardia_ctl.planning.declared.safeguards import SAFEGUARDS

_EMPTY = Configuration(Path(), Desired())

_ELSEWHERE = {
    "desired",
    "dialect",
    "region",
    "authorization",
    "phi_accepted",
    "shows_mrns",
    "state_declared",
    "quarantines",
}
"""Fields whose name in the YAML is another, or that are compared in parts."""


def _of(*patients: DesiredPatient, **others: object) -> Configuration:
    desired = Desired(patients={one.mrn: one for one in patients})
    return Configuration(Path(), replace(desired, **others))  # type: ignore[arg-type]


def _patient(mrn: str, *, email: str = "a@example.com", codes: tuple[str, ...] = ()) -> DesiredPatient:
    return DesiredPatient(mrn, "1970-01-01", email, codes=codes, file="f", line=3)


_patients = some.builds(
    _patient,
    some.sampled_from(["A", "B", "C"]),
    email=some.sampled_from(["a@example.com", "b@example.com"]),
    codes=some.sampled_from([(), ("one",), ("one", "two"), ("two", "one")]),
)
_configurations = some.lists(_patients, unique_by=lambda one: one.mrn).map(lambda found: _of(*found))


def test_each_field_of_a_configuration_is_compared() -> None:
    """A new one is a row in ``SAFEGUARDS``, or says here or in ``NOT_COMPARED`` why it is none."""
    missing = {name for name in COMPARED - _ELSEWHERE if name not in SAFEGUARDS}
    assert missing == set()


@given(_configurations)
def test_a_configuration_does_not_differ_from_itself(one: Configuration) -> None:
    assert differences(one, one) == ()


@given(_configurations, _configurations)
def test_the_other_way_round_what_was_added_is_removed(one: Configuration, other: Configuration) -> None:
    mirrored = {Way.ADDED: Way.REMOVED, Way.REMOVED: Way.ADDED, Way.CHANGED: Way.CHANGED}
    there = {(each.address, mirrored[each.way]) for each in differences(one, other)}
    assert there == {(each.address, each.way) for each in differences(other, one)}


@given(_configurations, _configurations)
def test_what_differs_is_said_and_what_is_equal_is_not(one: Configuration, other: Configuration) -> None:
    said = {each.address: each.way for each in differences(one, other)}
    before, after = one.desired.patients, other.desired.patients
    for mrn in {*before, *after}:
        expected = None
        if mrn not in before:
            expected = Way.ADDED
        elif mrn not in after:
            expected = Way.REMOVED
        elif before[mrn].email != after[mrn].email:
            expected = Way.CHANGED
        assert said.get(patient_address(mrn)) is expected
        for label in ("one", "two"):
            was = mrn in before and label in before[mrn].codes
            now = mrn in after and label in after[mrn].codes
            assert (code_address(mrn, label) in said) is (was != now)


def test_another_line_is_no_difference() -> None:
    moved = DesiredPatient("A", "1970-01-01", "a@example.com", file="g", line=9)
    assert differences(_of(_patient("A")), _of(moved)) == ()


def test_a_corrected_mrn_is_neither_added_nor_removed() -> None:
    before, after = (
        _of(_patient("A", codes=("one",))),
        _of(_patient("B", codes=("one",)), moved=(Move("A", "B"),)),
    )
    (one,) = differences(before, after)
    assert (one.topic, one.address, one.previous) == (Topic.MOVED, patient_address("B"), patient_address("A"))


def test_who_departs_is_not_called_forgotten() -> None:
    leaving = Departure("A", DepartureAction.DELETE, "a letter")
    found = differences(_of(_patient("A")), _of(departures=(leaving,)))
    assert [(one.topic, one.way, one.code) for one in found] == [
        (Topic.DEPARTURE, Way.ADDED, "other"),
        (Topic.RESOURCE, Way.REMOVED, DEPARTS),
    ]


def test_a_reason_alone_is_no_difference_and_stands_in_none() -> None:
    before = _of(departures=(Departure("A", DepartureAction.DELETE, "a letter"),))
    after = _of(departures=(Departure("A", DepartureAction.DELETE, "another letter"),))
    assert differences(before, after) == ()
    assert "letter" not in repr(differences(_EMPTY, after))


def test_a_raised_limit_is_a_safeguard() -> None:
    (one,) = differences(_EMPTY, _of(limits=Limits(delete=None)))
    assert one.topic is Topic.SAFEGUARD
    assert [(each.before, each.after) for each in one.attributes] == [("10", "unlimited")]


def test_a_changed_callback_is_one_change() -> None:
    def of(url: str) -> Configuration:
        return _of(settings=(Setting(Address(Kind.CALLBACK), {"url": url}),))

    (one,) = differences(of("https://a.example.com"), of("https://b.example.com"))
    assert isinstance(one, DeclaredDifference)
    assert one.way is Way.CHANGED
