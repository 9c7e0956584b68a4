"""Files of a FHIR server that are not a plain list of patients, and values that are hidden."""

import json
from typing import Any, Final

import pytest

from tests.config.cohorts.conftest import Loading
from tests.config.cohorts.fhir_patients import SYSTEM, absent, bundle, message, outcome, patient

DELETED = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [{"request": {"method": "DELETE", "url": f"Patient/{number}"}} for number in (1, 2)],
}
FHIR = f"format: fhir, identifier: '{SYSTEM}'"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (patient(), "the file is not a FHIR Bundle but one Patient. Write it on one line of a file .ndjson"),
        ({"resourceType": "Parameters", "parameter": []}, "the file is not a FHIR Bundle but Parameters. "),
        (
            {"resourceType": "OperationOutcome"},
            "but an OperationOutcome. The server reported",
        ),
        ({"resourceType": "Fernquist"}, "the file is not a FHIR Bundle. Export a Bundle"),
        ({"entry": []}, "the file is not a FHIR Bundle. Export a Bundle"),
    ],
)
def test_what_the_file_is_instead_of_a_bundle_is_said(
    cohort: Loading, resource: dict[str, Any], expected: str
) -> None:
    assert expected in message(cohort, json.dumps(resource))


@pytest.mark.parametrize("versions", [2, 3000])
def test_a_history_is_one_problem_wherever_its_type_stands(cohort: Loading, versions: int) -> None:
    entries = [{"resource": patient(gender=5), "request": {"method": "PUT"}} for _ in range(versions)]
    first = {"resourceType": "Bundle", "type": "history", "entry": entries}
    for text in (json.dumps(first), json.dumps(first, sort_keys=True)):
        assert "c.json:1:1: the Bundle is a history" in message(cohort, text)


def test_rules_and_labels_after_the_entries_refuse_the_file_too(cohort: Loading) -> None:
    for more in ({"implicitRules": "urn:r"}, {"meta": {"tag": [{"code": "SUBSETTED"}]}}):
        assert outcome(cohort, bundle({"resource": patient()}, **more))[0] == []


@pytest.mark.parametrize("entry", [None, {}, {"resource": None}, {"response": {"status": "404"}}])
def test_an_entry_without_a_resource_is_counted(cohort: Loading, entry: Any) -> None:
    expected: Any = (["P-1"], ["c.json: entries without a resource left out: 1"], [])
    assert outcome(cohort, bundle(entry, {"resource": patient()})) == expected


@pytest.mark.parametrize("entry", [5, "x", [], {"resource": {}}, {"resource": 5}, {"resource": {"id": "1"}}])
def test_an_entry_that_is_no_resource_is_an_error(cohort: Loading, entry: Any) -> None:
    assert message(cohort, bundle(entry)).startswith("c.json:1: this is not a FHIR resource")


def test_an_included_organization_is_another_resource(cohort: Loading) -> None:
    entry = {"resource": {"resourceType": "Organization"}, "search": {"mode": "include"}}
    assert outcome(cohort, bundle(entry))[1] == ["c.json: resources other than patients left out: 1"]


def test_a_bulk_export_counts_other_resources_and_deletions(cohort: Loading) -> None:
    lines = (patient(), {"resourceType": "Group"}, DELETED, {"resourceType": "Bundle", "entry": []})
    found = outcome(cohort, "".join(f"{json.dumps(line)}\n" for line in lines), FHIR, "c.ndjson")
    others = "c.ndjson: resources other than patients left out: 1"
    assert found == (["P-1"], ["c.ndjson: deletions left out: 2", others], [])


def test_a_bundle_inside_the_file_is_an_error_and_no_other_resource(cohort: Loading) -> None:
    inner = json.loads(bundle({"resource": patient()}))
    expected = "1: this is a Bundle inside the file, which is not read. Make it a .json file"
    assert f"c.json:{expected}" in message(cohort, bundle({"resource": inner}))
    assert f"c.ndjson:{expected}" in message(cohort, json.dumps(inner) + "\n", FHIR, "c.ndjson")


@pytest.mark.parametrize("line", ["null", "{", "[]", "5", '{"resourceType": "Patient", "id": 1, "id": 2}'])
def test_a_line_that_is_no_resource_is_an_error(cohort: Loading, line: str) -> None:
    assert "c.ndjson:1: this is not a FHIR resource" in message(cohort, f"{line}\n", FHIR, "c.ndjson")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"birthDate": None, "_birthDate": absent("masked")}, "birthDate is hidden in the export"),
        ({"birthDate": "1970-01-01", "_birthDate": absent("masked")}, "birthDate is hidden in the export"),
        ({"birthDate": None, "_birthDate": absent("unknown")}, "dob is missing"),
        (
            {"identifier": [{"system": SYSTEM, "_value": absent("masked")}]},
            "the identifier that gives the mrn",
        ),
        ({"telecom": [{"system": "email", **absent("not-permitted")}]}, "the e-mail address is hidden"),
        (
            {"name": [{"given": ["Ottoline"], "_family": absent("masked")}]},
            "the name is hidden in the export",
        ),
        ({"name": [absent("masked")]}, "the name is hidden in the export"),
        (
            {"name": [{"family": "Alder", "given": [None], "_given": [absent("masked")]}]},
            "the name is hidden",
        ),
        ({"_active": absent("masked")}, "active is hidden in the export"),
        ({"_deceasedDateTime": absent("unknown")}, "deceasedDateTime is there without a time"),
        ({"identifier": [{"system": SYSTEM, "value": "X", "period": {"start": "x"}}]}, "is not a date"),
        ({"identifier": [{"system": SYSTEM, "value": "X", "period": []}]}, "period is not an object"),
        ({"meta": {"tag": "SUBSETTED"}}, "tag is not a list of objects"),
        ({"birthDate": "1970-02-02T23:00:00Z"}, "the birth date has a time of day"),
        ({"deceasedBoolean": "true"}, "deceasedBoolean is not true or false"),
    ],
)
def test_what_is_hidden_or_wrong_is_an_error(cohort: Loading, change: dict[str, Any], expected: str) -> None:
    assert expected in message(cohort, bundle({"resource": patient(**change)}))


def test_nullflavor_masks_as_data_absent_reason_does(cohort: Loading) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor"
    for code, is_hidden in (("MSK", True), ("UNK", False)):
        change: Any = {"gender": None, "_gender": {"extension": [{"url": url, "valueCode": code}]}}
        assert bool(outcome(cohort, bundle({"resource": patient(**change)}))[2]) is is_hidden


def test_what_constants_set_is_not_read(cohort: Loading) -> None:
    person = patient(gender="f", name=[{"text": "Ottoline Fernquist"}])
    said = f"identifier: '{SYSTEM}', constants: {{sex: 2, lastname: Fernquist}}"
    assert outcome(cohort, bundle({"resource": person}), said) == (["P-1"], [], [])


def test_of_two_names_and_addresses_the_one_that_began_last_counts(cohort: Loading) -> None:
    def one(start: str, **more: Any) -> dict[str, Any]:
        return {"period": {"start": start} if start else None, **more}

    starts = {"2001": "Older", "2019-05": "Newest", "": "Undated"}
    names = [one(start, use="official", family=family) for start, family in starts.items()]
    mails = [one(start, system="email", value=f"{name}@example.com") for start, name in starts.items()]
    for order in (1, -1):
        text = bundle({"resource": patient(name=names[::order], telecom=mails[::order])})
        (found,) = cohort("c.json", text, f"identifier: '{SYSTEM}'").desired.patients.values()
        assert (found.lastname, found.email) == ("Newest", "Newest@example.com")


OF_TYPE = {
    kind: {"system": "urn:all", "value": f"{kind}-1", "type": {"coding": [{"code": kind}]}}
    for kind in ("MR", "PI", "SS")
}


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("{type: MR}", "MR-1"),
        ("{system: 'urn:all', type: PI}", "PI-1"),
        ("{system: 'urn:all', type: SS}", "SS-1"),
        ("{system: 'urn:other', type: PI}", ""),
        ("{type: XX}", ""),
        ("'urn:all'", ""),
        ("{system: 'urn:all'}", ""),
    ],
)
def test_an_identifier_is_chosen_by_system_and_type(cohort: Loading, identifier: str, expected: str) -> None:
    text = bundle({"resource": patient(identifier=list(OF_TYPE.values()))})
    declared, _, errors = outcome(cohort, text, f"identifier: {identifier}")
    assert declared == [expected] * bool(expected)
    assert bool(errors) is not bool(expected)


@pytest.mark.parametrize("identifiers", [[OF_TYPE["SS"]], [OF_TYPE["SS"], OF_TYPE["MR"]]])
def test_a_social_security_number_is_never_chosen_by_its_system(
    cohort: Loading, identifiers: list[dict[str, Any]]
) -> None:
    text = bundle({"resource": patient(identifier=identifiers)})
    assert "is a social security number (type SS)" in message(cohort, text, "identifier: 'urn:all'")


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("{}", "the format fhir needs identifier, to find the mrn"),
        ("{sort: MR}", "unknown key 'sort'"),
        ("{type: M R}", "cohorts.c.identifier.type"),
        ("[MR]", "cohorts.c.identifier"),
    ],
)
def test_a_wrong_choice_is_an_error_of_the_configuration(
    cohort: Loading, identifier: str, expected: str
) -> None:
    text = message(cohort, bundle({"resource": patient()}), f"identifier: {identifier}")
    assert expected in text
    assert text.startswith("kardia.yaml:3:")


PRO: Final = "api: {dialect: pro}\n"


def contact(value: str, system: str = "phone", **more: Any) -> dict[str, Any]:
    return {"system": system, "value": value, **more}


@pytest.mark.parametrize(
    ("contacts", "number"),
    [
        ([contact("+49 30 5550100")], "+49 30 5550100"),
        ([contact("(415) 555-0101", use="home"), contact("(415) 555-0102", use="mobile")], "(415) 555-0102"),
        ([contact("415-555-0101", rank=1), contact("415-555-0102", use="mobile", rank=9)], "415-555-0102"),
        ([contact("415-555-0101", rank=2), contact("415-555-0102", rank=1)], "415-555-0102"),
        ([contact("415-555-0101", use="home"), contact("415-555-0102", system="sms")], "415-555-0102"),
        ([contact("415-555-0101", "Phone", use="Mobile"), contact("415-555-0102")], "415-555-0101"),
        ([contact("415-555-0101", use="old")], ""),
        ([contact("415-555-0101", period={"end": "2019"}), contact("415-555-0102")], "415-555-0102"),
        ([contact("415-555-0101", "fax"), contact("415-555-0102", "pager")], ""),
        ([{"system": "phone", "use": "home"}, contact("415-555-0102")], "415-555-0102"),
        ([contact("a@example.com", "email")], ""),
        ([], ""),
    ],
)
@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_the_phone_of_a_pro_participant(
    cohort: Loading, contacts: list[dict[str, Any]], number: str, form: str
) -> None:
    person = patient(telecom=contacts)
    text = bundle({"resource": person}) if form == "json" else json.dumps(person) + "\n"
    found = cohort(f"c.{form}", text, FHIR, PRO)
    assert found.desired.patients["P-1"].phone == number


def test_a_hidden_phone_is_an_error_on_pro_and_not_read_on_v1(cohort: Loading) -> None:
    contacts = [contact("p@example.com", "Email"), {"system": "phone", **absent("masked")}]
    text = bundle({"resource": patient(telecom=contacts)})
    assert cohort("c.json", text, FHIR).desired.patients["P-1"].email == "p@example.com"
    assert "the phone number is hidden in the export" in message(cohort, text, FHIR, more=PRO)
