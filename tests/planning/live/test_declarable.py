"""What can be declared of live patients: the same of each, however many are checked together."""

from hypothesis import given
from hypothesis import strategies as some

from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.template import DeclaredTemplate, LiveTemplate
from kardia_ctl.planning.live.declarable import all_declarable, declarable
from kardia_ctl.planning.live.template_labels import undeclared_templates
from tests.importing.accounts import PATIENTS, Live

LATEST = "2026-01-01"


def shown(live: Live) -> LivePatient:
    one = live.fields
    return LivePatient("id", one.mrn, one.dob, one.email, one.firstname, one.lastname, one.sex)


PLAIN = LivePatient("id", "A-1", "1961-04-30", "a@example.com", "Zor", "Vel", 1)


@given(some.lists(PATIENTS.map(shown) | some.just(PLAIN), max_size=20))
def test_together_and_alone_the_same_is_declared(patients: list[LivePatient]) -> None:
    together = list(all_declarable(patients, LATEST))
    assert [live for live, _, _ in together] == patients
    assert [found[1:] for found in together] == [declarable(live, LATEST) for live in patients]


def test_a_sex_is_declared_as_its_digit_however_it_is_sent() -> None:
    sexes: list[int | float | str | None] = [0, 1, "2", 9.0, "", None]
    patients = [LivePatient("id", "A-1", "1961-04-30", "a@example.com", sex=sex) for sex in sexes]
    found = [values.get("sex") for _, values, _ in all_declarable(patients, LATEST)]
    assert found == ["0", "1", "2", "9", None, None]


def test_a_day_of_the_future_is_no_birth_date() -> None:
    live = LivePatient("id", "A-1", "2031-01-01", "a@example.com")
    assert declarable(live, LATEST)[1] == {"dob": "is in the future"}


def templates(*names: str) -> list[LiveTemplate]:
    return [LiveTemplate(f"id-{number}", name) for number, name in enumerate(names)]


def test_names_of_templates_are_made_of_their_names_and_are_unique() -> None:
    found = undeclared_templates(templates("1 Year (US$ 120)", "Année", "Année", "年間", "", "x" * 90), {})
    assert {label: template.name for label, template in found.items()} == {
        "template": "",
        "template-1-year-us-120": "1 Year (US$ 120)",
        "annee": "Année",
        "annee-2": "Année",
        "x" * 40: "x" * 90,
        "template-2": "年間",
    }


def test_templates_that_are_named_already_and_unusable_ids_are_left_out() -> None:
    declared = {
        "a": DeclaredTemplate("a", id="id-0"),
        "b": DeclaredTemplate("b", name="Second"),
        "third": DeclaredTemplate("third", id="other"),
    }
    live = [*templates("First", "Second", "Third"), LiveTemplate("a b", "Fourth"), LiveTemplate("", "Fifth")]
    found = undeclared_templates([*live, *live], declared)
    assert {label: template.id for label, template in found.items()} == {"third-2": "id-2"}
