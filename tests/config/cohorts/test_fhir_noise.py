"""What counts for nothing changes nothing: a patient with any of it declares the same as without."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config.cohorts.formats.fhir.cells import cells
from kardia_ctl.config.cohorts.formats.fhir.elements import Elements
from kardia_ctl.config.cohorts.formats.fhir.facts import left_out, patient_facts
from kardia_ctl.config.cohorts.formats.table import RowError
from kardia_ctl.config.cohorts.identifier_choice import IdentifierChoice
from tests.config.cohorts.fhir_patients import SYSTEM, absent, patient

NOW: Final = 1_800_000_000.0
ENDED: Final = {"period": {"start": "1999", "end": "2019-05"}}
NOT_BEGUN: Final = {"period": {"start": "2999-01-01"}}

Noise = Callable[[dict[str, Any], Random], None]


def declared(resource: dict[str, Any]) -> tuple[str, dict[str, str], list[RowError]]:
    elements = Elements(NOW)
    what = left_out(patient_facts({"resource": resource}, elements), elements)
    return what, cells(resource, IdentifierChoice(SYSTEM), elements), elements.errors


def nulls(resource: dict[str, Any], random: Random) -> None:
    keys = (
        "active",
        "deceasedBoolean",
        "deceasedDateTime",
        "link",
        "meta",
        "photo",
        "contained",
        "extension",
    )
    for key in random.sample((*keys, "implicitRules", "modifierExtension", "_birthDate", "_gender"), 4):
        resource.setdefault(key, None)


def empties(resource: dict[str, Any], random: Random) -> None:
    for key in random.sample(("link", "contained", "extension", "modifierExtension", "contact"), 3):
        resource.setdefault(key, random.choice(([], [None])))


def nulls_in_lists(resource: dict[str, Any], random: Random) -> None:
    for key in ("identifier", "name", "telecom"):
        resource[key].insert(random.randint(0, len(resource[key])), None)
        for element in filter(None, resource[key]):
            for inner in ("period", "extension", "assigner", "suffix", "_value", "_family"):
                element.setdefault(inner, None)


def nulls_in_given(resource: dict[str, Any], random: Random) -> None:
    for name in filter(None, resource["name"]):
        if given := name.get("given"):
            given.insert(random.randint(0, len(given)), random.choice((None, "")))


def states(resource: dict[str, Any], _: Random) -> None:
    resource |= {"active": True, "deceasedBoolean": False}
    resource["link"] = [{"type": kind, "other": {}} for kind in ("replaces", "refer", "seealso")]


def notes(resource: dict[str, Any], random: Random) -> None:
    harmless = {"extension": [{"url": "urn:birth-time", "valueDateTime": "1970-02-03T04:05:00Z"}]}
    resource |= {"_birthDate": harmless, "_gender": random.choice((harmless, absent("unknown")))}
    resource["extension"] = [{"url": "urn:nationality", "valueCode": "masked"}]
    resource["meta"] = {"profile": ["urn:p"], "security": [{"system": "urn:mine", "code": "MASKED"}]}
    resource["contained"] = [{"resourceType": "Organization"}]
    resource["contact"] = [
        {"name": {"family": "Alder"}, "telecom": [{"system": "email", "value": "k@example.com"}]}
    ]


def other_identifiers(resource: dict[str, Any], random: Random) -> None:
    mine = {"system": SYSTEM, "value": "OLD-1"}
    for more in (ENDED, NOT_BEGUN, {"use": "old"}, {"use": "temp"}, absent("masked")):
        resource["identifier"].insert(random.randint(0, 2), {**mine, **more})
    resource["identifier"].append({"system": "urn:ssn", "value": "9", "type": {"coding": [{"code": "SS"}]}})
    resource["identifier"].append({"system": SYSTEM, "value": None})


def other_names(resource: dict[str, Any], random: Random) -> None:
    mine = {"use": "official", "family": "Alder", "given": ["Zoe"]}
    uses: Any = ({"use": use} for use in ("usual", "old", "maiden", "nickname", "anonymous", "temp"))
    for more in (ENDED, NOT_BEGUN, *uses):
        resource["name"].insert(random.randint(0, len(resource["name"])), {**mine, **more})
    resource["name"].insert(0, {"use": "official", "text": "Ottoline Fernquist"})
    resource["name"].insert(0, {"use": "official", **absent("masked")})


def other_contacts(resource: dict[str, Any], random: Random) -> None:
    mine = {"system": "email", "value": "old@example.com", "rank": 1}
    for more in (ENDED, NOT_BEGUN, {"use": "old"}, {"value": None, "_value": absent("masked")}):
        resource["telecom"].insert(random.randint(0, 1), {**mine, **more})
    resource["telecom"].insert(
        0, {"system": "phone", "value": "555", "use": "fax machine", **absent("masked")}
    )


NOISES: Final[tuple[Noise, ...]] = (
    nulls,
    empties,
    nulls_in_lists,
    nulls_in_given,
    states,
    notes,
    other_identifiers,
    other_names,
    other_contacts,
)


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.__name__)
def test_one_noise_changes_nothing(noise: Noise) -> None:
    loud = patient()
    noise(loud, Random(7))
    assert loud != patient()
    assert (
        declared(loud)
        == declared(patient())
        == ("", cells(patient(), IdentifierChoice(SYSTEM), Elements(NOW)), [])
    )


@given(st.lists(st.sampled_from(NOISES), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_noise_changes_nothing(noises: list[Noise], random: Random) -> None:
    loud = patient()
    for noise in noises:
        noise(loud, random)
    assert declared(loud) == declared(patient())


JUNK: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "official", "2019", "email", SYSTEM]),
    lambda value: (
        st.lists(value, max_size=2)
        | st.dictionaries(
            st.sampled_from(["use", "system", "value", "period", "end", "extension", "url"]), value
        )
    ),
    max_leaves=6,
)
KEYS: Final = (
    "identifier",
    "name",
    "telecom",
    "gender",
    "birthDate",
    "active",
    "link",
    "meta",
    "_gender",
    "extension",
)


@given(st.dictionaries(st.sampled_from(KEYS), JUNK, min_size=1, max_size=4))
def test_any_json_is_a_patient_or_errors(junk: dict[str, Any]) -> None:
    what, values, errors = declared(patient(**junk))
    assert all(isinstance(value, str) for value in values.values())
    assert what or errors or values["mrn"]
