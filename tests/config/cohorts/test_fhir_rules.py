"""Each row of the table of element rules does what it says, and docs/fhir.md prints the same rows."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final

import pytest

from kardia_ctl.config.cohorts.formats.fhir.element_rules import ANY, CLOSED, ELEMENT_RULES, Effect
from tests.config.cohorts.conftest import Loading
from tests.config.cohorts.fhir_patients import SYSTEM, absent, bundle, outcome, patient
from tests.paths import ROOT

LATER, EARLIER = "2999", "1999"
V3: Final = "http://terminology.hl7.org/CodeSystem/v3-"
NAME: Final = {"family": "Fernquist", "given": ["Ottoline"]}


def of_patient(**change: Any) -> str:
    return bundle({"resource": patient(**change)})


def label(code: str) -> str:
    system = V3 + ("ActReason" if code == "HTEST" else "ObservationValue")
    return of_patient(meta={"security": [{"system": system, "code": code}]})


def use(code: str) -> dict[str, str]:
    return {"use": code} if code else {}


def marked(what: str, code: str) -> dict[str, Any]:
    url = f"http://hl7.org/fhir/StructureDefinition/iso21090-EN-{what}"
    return {"extension": [{"url": url, "valueCode": code}]}


def deceased_without_time(code: str) -> str:
    return of_patient(_deceasedDateTime=absent("unknown" if code == ANY else code))


def named_by_period(code: str) -> str:
    period = {"end": EARLIER} if code == "ended" else {"start": LATER}
    return of_patient(name=[{**NAME, "period": period}])


FILES: Final[dict[str, Callable[[str], str]]] = {
    "Bundle.type": lambda code: bundle({"resource": patient()}, type=code),
    "Bundle.implicitRules": lambda _: bundle({"resource": patient()}, implicitRules="urn:rules"),
    "Bundle.entry.request.method": lambda code: bundle({"resource": patient(), "request": {"method": code}}),
    "Bundle.entry.search.mode": lambda code: bundle({"resource": patient(), "search": {"mode": code}}),
    "Bundle.entry.modifierExtension": lambda _: bundle(
        {"resource": patient(), "modifierExtension": [{"url": "urn:x"}]}
    ),
    "Patient.active": lambda code: of_patient(active=code == "true"),
    "Patient.deceasedBoolean": lambda code: of_patient(deceasedBoolean=code == "true"),
    "Patient.deceasedDateTime": lambda _: of_patient(deceasedDateTime="2020"),
    "Patient._deceasedDateTime": deceased_without_time,
    "Patient.link.type": lambda code: of_patient(link=[{"other": {"reference": "Patient/2"}, "type": code}]),
    "Patient.meta": label,
    "Patient.implicitRules": lambda _: of_patient(implicitRules="urn:rules"),
    "Patient.modifierExtension": lambda _: of_patient(modifierExtension=[{"url": "urn:x"}]),
    "Patient.extension": lambda code: of_patient(extension=[{"url": code}]),
    "Patient.contained": lambda _: bundle({"resource": {"resourceType": "Group", "contained": [patient()]}}),
    "Patient.identifier.use": lambda code: of_patient(
        identifier=[{"system": SYSTEM, "value": "P-1", **use(code)}]
    ),
    "Patient.identifier.type": lambda code: of_patient(
        identifier=[{"system": SYSTEM, "value": "P-1", "type": {"coding": [{"code": code}]}}]
    ),
    "Patient.name.use": lambda code: of_patient(name=[{**NAME, **use(code)}]),
    "Patient.name.representation": lambda code: of_patient(name=[{**NAME, **marked("representation", code)}]),
    "Patient.name.given.qualifier": lambda code: of_patient(
        name=[{**NAME, "given": ["O.", "Ottoline"], "_given": [marked("qualifier", code), None]}]
    ),
    "Patient.telecom.use": lambda code: of_patient(
        telecom=[{"system": "email", "value": "p@example.com", **use(code)}]
    ),
    "period": named_by_period,
    "data-absent-reason": lambda code: of_patient(gender=None, _gender=absent(code)),
}
"""A file that holds a code of an element."""

ROWS: Final = [(element, code) for element, codes in ELEMENT_RULES.items() for code in codes]

NOTHING_LEFT: Final = {
    "Patient.identifier.use": "no identifier with the system that gives the mrn counts now (use, period)",
    "Patient.telecom.use": "no e-mail address counts now (use, period)",
}
"""The error when the only element of its kind counts for nothing."""


@pytest.mark.parametrize(("element", "code"), ROWS)
def test_a_row_of_the_table_does_what_it_says(cohort: Loading, element: str, code: str) -> None:
    rule = ELEMENT_RULES[element][code]
    declared, warnings, errors = outcome(cohort, FILES[element](code))
    nameless = ["c.json: patients without a name that counts, declared without one: 1"]
    match rule.effect:
        case Effect.COUNTS:
            assert (declared, warnings, errors) == (["P-1"], [], [])
        case Effect.LEFT_OUT:
            others = ["c.json: resources other than patients left out: 1"] * (element == "Patient.contained")
            expected: Any = ([], sorted([f"c.json: {rule.what} left out: 1", *others]), [])
            assert (declared, sorted(warnings), errors) == expected
        case Effect.REFUSED:
            what = "gender is hidden in the export" if element == "data-absent-reason" else rule.what
            assert [error.partition(" (entry")[0] for error in errors] == [what]
        case Effect.NOTHING if element in NOTHING_LEFT:
            assert [error.partition(" (entry, ")[0] for error in errors] == [NOTHING_LEFT[element]]
        case Effect.NOTHING:
            loses_name = element in ("Patient.name.use", "period")
            assert (declared, warnings, errors) == (["P-1"], nameless if loses_name else [], [])


@pytest.mark.parametrize("element", sorted(CLOSED))
def test_a_code_that_fhir_does_not_know_is_refused_where_it_is_closed(cohort: Loading, element: str) -> None:
    declared, _, errors = outcome(cohort, FILES[element]("invented"))
    assert not declared
    assert [error.partition(" (entry")[0].endswith(" is not a code of FHIR") for error in errors] == [True]


@pytest.mark.parametrize("element", ["Patient.extension", "Patient.meta", "Patient.identifier.type"])
def test_an_unknown_code_elsewhere_changes_nothing(cohort: Loading, element: str) -> None:
    assert outcome(cohort, FILES[element]("invented")) == (["P-1"], [], [])


def test_the_case_of_a_code_changes_nothing(cohort: Loading) -> None:
    name = [{**NAME, "use": "Official"}, {"family": "Alder", "use": "OLD"}]
    text = bundle({"resource": patient(name=name), "search": {"mode": "Match"}}, type="SearchSet")
    assert outcome(cohort, text) == (["P-1"], [], [])


@pytest.mark.parametrize(
    ("coding", "is_refused"),
    [
        ({"code": "SUBSETTED"}, True),
        ({"system": "http://hl7.org/fhir/v3/ObservationValue", "code": "REDACTED"}, True),
        ({"system": "https://clinic.example.com/tags", "code": "MASKED"}, False),
        ({"system": f"{V3}ObservationValue", "code": "PSEUDED"}, False),
        ({"system": f"{V3}Confidentiality", "code": "R"}, False),
        ({"code": None}, False),
    ],
)
@pytest.mark.parametrize("key", ["tag", "security"])
def test_a_label_counts_by_its_system_in_tag_and_in_security(
    cohort: Loading, coding: dict[str, Any], is_refused: bool, key: str
) -> None:
    assert bool(outcome(cohort, of_patient(meta={key: [None, coding]}))[2]) is is_refused
    entry = {"resource": patient()}
    assert bool(outcome(cohort, bundle(entry, meta={key: [coding]}))[2]) is is_refused


def test_who_is_left_out_is_no_error_whatever_else_is_wrong(cohort: Loading) -> None:
    gone = patient(active=False, gender=5, link=[{"type": "x"}], modifierExtension=[{"url": "urn:x"}])
    assert outcome(cohort, bundle({"resource": gone})) == ([], ["c.json: inactive patients left out: 1"], [])


def spelt(family: str, given: list[str], code: str) -> dict[str, Any]:
    return {"use": "official", "family": family, "given": given, **marked("representation", code)}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([spelt("ヤマダ", ["ハナコ"], "SYL"), spelt("山田", ["花子"], "IDE")], ("花子", "山田")),
        ([spelt("Yamada", ["Hanako"], "ABC"), {"family": "山田", "given": ["花子"]}], ("花子", "山田")),
        ([spelt("ヤマダ", ["ハナコ"], "SYL")], ("ハナコ", "ヤマダ")),
        (
            [
                {
                    "family": "Bakker",
                    "given": ["Anna", "A.", "An"],
                    "_given": [
                        marked("qualifier", "BR"),
                        marked("qualifier", "IN"),
                        marked("qualifier", "CL"),
                    ],
                }
            ],
            ("Anna", "Bakker"),
        ),
        (
            [{"family": "Bakker", "given": ["A.B."], "_given": [marked("qualifier", "IN")]}],
            ("A.B.", "Bakker"),
        ),
        ([{"family": "Bakker", "given": ["Anna", "Bo"], "_given": [None]}], ("Anna Bo", "Bakker")),
    ],
)
def test_a_name_is_taken_once_in_the_signs_that_it_is_written_in(
    cohort: Loading, names: list[dict[str, Any]], expected: tuple[str, str]
) -> None:
    found = cohort("c.json", of_patient(name=names), f"identifier: '{SYSTEM}'").desired.patients["P-1"]
    assert (found.firstname, found.lastname) == expected


@pytest.mark.parametrize(("total", "more"), [(1, ""), (50, "the search found 49 more than are in this file")])
def test_a_search_that_found_more_than_the_file_has_is_said(cohort: Loading, total: int, more: str) -> None:
    _, warnings, _ = outcome(cohort, bundle({"resource": patient()}, total=total))
    assert [more in warning for warning in warnings] == [True] * bool(more)


def rows() -> Iterator[str]:
    """The table as docs/fhir.md prints it."""
    shown = {"": "none", ANY: "any"}
    for element, codes in ELEMENT_RULES.items():
        for effect, group in groupby(codes, key=lambda code, codes=codes: codes[code].effect):  # type: ignore[misc]
            yield f"| `{element}` | {', '.join(shown.get(code, f'`{code}`') for code in group)} | {effect} |"


def test_the_page_prints_the_table() -> None:
    lines = (ROOT / "docs" / "fhir.md").read_text(encoding="utf-8").splitlines()
    begin = lines.index("| element | code | effect |") + 2
    printed = lines[begin : lines.index("", begin)]
    assert printed == list(rows())
