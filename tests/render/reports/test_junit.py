"""JUnit's XML, read by a library that CI tools use."""

from hypothesis import given
from hypothesis import strategies as some
from junitparser import Failure, JUnitXml, TestSuite

from kardia_ctl.render.reports.annotations import Annotation
from kardia_ctl.render.reports.junit import junit_text
from tests.render.reports.examples import MRN, annotations, of_everything

FILES = ["clinic/kardia.yaml", "clinic/fine.yaml"]


def suites(text: str) -> dict[str, TestSuite]:
    found = JUnitXml.fromstring(text.encode())
    assert found.tests == sum(len(list(suite)) for suite in found)
    return {str(suite.name): suite for suite in found}


def test_each_file_is_a_test_that_fails_where_it_is_wrong() -> None:
    cases = {case.name: case for case in suites(junit_text(FILES, of_everything()))["configuration"]}
    assert cases["clinic/fine.yaml"].is_passed
    (failure,) = cases["clinic/kardia.yaml"].result
    assert isinstance(failure, Failure)
    assert failure.type == "invalid-value"
    assert "clinic/kardia.yaml:4:10: patient/~" in failure.text
    assert cases["clinic/kardia.yaml"].classname == "kardia-ctl.configuration"


def test_what_is_blocked_fails_tests_of_the_plan() -> None:
    plan = suites(junit_text(FILES, of_everything(), planned=True))["plan"]
    assert {case.name for case in plan} == {"blocked-immutable", "plan-stopped"}
    assert plan.failures == 2


def test_a_plan_that_can_be_applied_passes_a_test() -> None:
    plan = suites(junit_text(FILES, [], planned=True))["plan"]
    assert [(case.name, case.is_passed) for case in plan] == [("nothing is blocked", True)]


def test_no_mrn_is_in_it() -> None:
    assert MRN not in junit_text(FILES, of_everything())


@given(some.lists(annotations, max_size=4))
def test_any_text_is_well_formed_xml(found: list[Annotation]) -> None:
    text = junit_text(FILES, found, planned=True)
    suites(text)
    assert text.replace("\n", "").isprintable()
