"""Patients: comparison, fingerprints, and who may be the same person."""

from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.fingerprints import FINGERPRINT_SIZE, MISSING, fingerprint, fingerprints_at
from kardia_ctl.kinds import folding
from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.patient import ATTRIBUTES, DesiredPatient, LivePatient

KEY = bytes(range(32))
COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


def desired(**changes: Any) -> DesiredPatient:
    return DesiredPatient(**{"mrn": "P-1", "dob": "2000-07-21", "email": "a@example.com", **changes})


def live(**changes: Any) -> LivePatient:
    return LivePatient(**{"id": "x", "mrn": "P-1", "dob": "2000-07-21", "email": "a@example.com", **changes})


@pytest.mark.parametrize(
    ("declared", "shown", "found"),
    [
        ({}, {}, ()),
        ({"email": "A@Example.com"}, {}, ()),
        ({"email": "b@example.com"}, {}, ("email",)),
        ({}, {"email": None}, ("email",)),
        ({}, {"dob": "2000-07-21T00:00:00Z"}, ()),
        ({}, {"dob": "2000-07-22T00:00:00Z"}, ("dob",)),
        ({}, {"dob": None}, ("dob",)),
        ({"firstname": COMPOSED}, {"firstname": DECOMPOSED}, ()),
        ({"firstname": "Joe"}, {"firstname": "joe"}, ("firstname",)),
        ({"firstname": "Joe"}, {}, ("firstname",)),
        ({"lastname": "Smith"}, {"lastname": "Smyth"}, ("lastname",)),
        ({}, {"firstname": "Joe", "lastname": "Smith", "sex": 1}, ()),
        ({"sex": "0"}, {}, ()),
        ({"sex": "0"}, {"sex": ""}, ()),
        ({"sex": "1"}, {"sex": 1}, ()),
        ({"sex": "1"}, {"sex": 1.0}, ()),
        ({"sex": "1"}, {"sex": "1"}, ()),
        ({"sex": "1"}, {}, ("sex",)),
        ({"sex": "1"}, {"sex": 1.5}, ("sex",)),
        ({"dob": "2000-07-20", "email": "b@example.com", "sex": "2"}, {"sex": 1}, ("dob", "email", "sex")),
        ({"email": "b@example.com", "ignore": ("email",)}, {}, ()),
        ({"dob": "2000-07-20", "ignore": ("email",)}, {}, ("dob",)),
    ],
)
def test_only_declared_attributes_differ_and_by_value(
    declared: dict[str, Any], shown: dict[str, Any], found: tuple[str, ...]
) -> None:
    assert kind.differences(desired(**declared), live(**shown)) == found


@pytest.mark.parametrize(
    ("attribute", "one", "other", "same"),
    [
        ("email", "A@Example.com", "a@example.COM", True),
        ("dob", "2000-07-21", "2000-07-21T00:00:00Z", True),
        ("firstname", COMPOSED, DECOMPOSED, True),
        ("lastname", COMPOSED, DECOMPOSED, True),
        ("lastname", "Smith", "smith", False),
        ("firstname", "Joe", "Joe ", False),
        ("sex", "1", "01", False),
    ],
)
def test_the_table_of_normalisations(attribute: str, one: str, other: str, same: bool) -> None:
    assert (kind.normalise(attribute, one) == kind.normalise(attribute, other)) is same


@given(st.sampled_from(ATTRIBUTES), st.text())
def test_normalising_twice_changes_nothing_more(attribute: str, value: str) -> None:
    once = kind.normalise(attribute, value)
    assert kind.normalise(attribute, once) == once


def test_names_of_sexes_become_digits() -> None:
    names = ("unknown", "male", "female", "not-applicable", "2", "")
    assert [kind.SEX_DIGITS[name] for name in names] == [*"0129", "2", ""]


def test_a_record_keeps_one_fingerprint_for_each_attribute() -> None:
    record = kind.fingerprints(KEY, desired(firstname="Joe"))
    assert len(record) == FINGERPRINT_SIZE * len(ATTRIBUTES)
    assert record[3 * FINGERPRINT_SIZE :] == MISSING * 2
    assert record[:FINGERPRINT_SIZE] == fingerprint(KEY, "P-1", "dob", "2000-07-21")


@pytest.mark.parametrize(
    ("attribute", "value", "applied"),
    [
        ("email", "A@EXAMPLE.com", True),
        ("email", "b@example.com", False),
        ("firstname", DECOMPOSED, True),
        ("lastname", "Smith", None),
    ],
)
def test_a_record_tells_what_was_applied(attribute: str, value: str, applied: bool | None) -> None:
    record = kind.fingerprints(KEY, desired(firstname=COMPOSED))
    assert kind.applied(record, KEY, "P-1", attribute, value) is applied


def test_without_key_or_record_nothing_is_known() -> None:
    record = kind.fingerprints(KEY, desired())
    assert kind.applied(record, b"", "P-1", "dob", "2000-07-21") is None
    assert kind.applied(b"", KEY, "P-1", "dob", "2000-07-21") is None
    assert kind.applied(record, bytes(32), "P-1", "dob", "2000-07-21") is False


def test_fingerprints_tell_apart_what_they_are_about() -> None:
    prints = {
        fingerprint(KEY, "P-1", "firstname", "x"),
        fingerprint(KEY, "P-2", "firstname", "x"),
        fingerprint(KEY, "P-1", "lastname", "x"),
        fingerprint(bytes(32), "P-1", "firstname", "x"),
    }
    assert len(prints) == 4
    assert all(len(each) == FINGERPRINT_SIZE for each in prints)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("2000-07-21", "Joe", "Smith"), ("2000-07-21T00:00", "JOE ", "smith"), True),
        (("2000-07-21", "Joe", "Smith"), ("2000-07-21", "Joe", ""), False),
        (("2000-07-21", "Ana  Maria", "S"), ("2000-07-21", "ana maria", "s"), True),
        (("2000-07-21", "Joe", "Smith"), ("2000-07-22", "Joe", "Smith"), False),
    ],
)
def test_one_person_has_one_name_and_birth_date(
    one: tuple[str, str, str], other: tuple[str, str, str], same: bool
) -> None:
    assert (folding.person(*one) == folding.person(*other)) is same


def test_a_birth_date_alone_makes_no_person() -> None:
    assert folding.person("2000-07-21", "", " ") is None


@pytest.mark.parametrize("other", ["p-1", "P -1", " P-1", "\uff30-1"])
def test_mrns_that_look_alike_have_one_lookalike(other: str) -> None:
    assert folding.lookalike(other) == folding.lookalike("P-1")
    assert folding.lookalike("P-01") != folding.lookalike("P-1")


def test_values_leave_out_what_is_not_declared() -> None:
    assert kind.values(desired(sex="1")) == {"dob": "2000-07-21", "email": "a@example.com", "sex": "1"}
    assert kind.live_values(live(sex=2), ("lastname", "sex")) == {"lastname": None, "sex": "2"}


@given(st.text(), st.lists(st.tuples(st.text(), st.none() | st.text()), max_size=6))
def test_fingerprints_of_one_address_are_those_of_each_value(
    name: str, values: list[tuple[str, str | None]]
) -> None:
    """State keeps them for years: they are BLAKE2b of name, attribute and value, keyed, in 8 bytes."""
    each = [
        MISSING
        if value is None
        else blake2b(f"{name}\0{attribute}\0{value}".encode(), digest_size=8, key=KEY).digest()
        for attribute, value in values
    ]
    assert fingerprints_at(KEY, name, values) == b"".join(each)
    assert [
        MISSING if value is None else fingerprint(KEY, name, attribute, value) for attribute, value in values
    ] == each
