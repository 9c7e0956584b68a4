"""Annotations as JUnit's XML, which every CI system shows as tests."""

from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kardia_ctl.render.reports.annotations import Annotation, Level

BEGINNING: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kardia-ctl"'
"""How such a file of ours begins."""

_SHOWN: Final = 100
"""The most lines of one failure; the others are counted."""
_PLAN: Final = "plan"


def junit_text(files: Iterable[str], annotations: Sequence[Annotation], *, planned: bool = False) -> str:
    """A suite with a test for each file, which fails where there are errors, and one for the plan.

    Args:
        files: The configuration's files, as annotations name them.
        annotations: Errors become failures; warnings stand in the output of a test.
        planned: Whether there is a plan, so that one without errors passes a test of its own.
    """
    by_file: dict[str, list[Annotation]] = {file: [] for file in files}
    of_plan: dict[str, list[Annotation]] = {"nothing is blocked": []} if planned else {}
    for one in annotations:
        if one.rule.id.startswith(("blocked-", "plan-", "live-")):
            of_plan.setdefault(one.rule.id if one.level is Level.ERROR else "warnings", []).append(one)
        else:
            by_file.setdefault(one.file or "configuration", []).append(one)
    if any(one.level is Level.ERROR for found in of_plan.values() for one in found):
        of_plan.pop("nothing is blocked", None)
    suites = {"configuration": by_file, _PLAN: of_plan}
    return _document({name: cases for name, cases in suites.items() if cases})


def _document(suites: dict[str, dict[str, list[Annotation]]]) -> str:
    root = Element("testsuites", name="kardia-ctl")
    for suite, cases in suites.items():
        node = SubElement(root, "testsuite", {"name": suite, **_counts([cases])})
        for name, annotations in cases.items():
            _add_case(node, suite, name, annotations)
    root.attrib.update(_counts(suites.values()))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(suites: Iterable[dict[str, list[Annotation]]]) -> dict[str, str]:
    cases = [annotations for suite in suites for annotations in suite.values()]
    failures = sum(any(one.level is Level.ERROR for one in annotations) for annotations in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0", "time": "0"}


def _add_case(suite: Element, suite_name: str, name: str, annotations: Sequence[Annotation]) -> None:
    node = SubElement(suite, "testcase", name=name, classname=f"kardia-ctl.{suite_name}", time="0")
    errors = [one for one in annotations if one.level is Level.ERROR]
    if errors:
        message = (
            errors[0].text if len(errors) == 1 else f"{len(errors)} problems; the first: {errors[0].text}"
        )
        SubElement(node, "failure", message=message, type=errors[0].rule.id).text = _lines(errors)
    if others := [one for one in annotations if one.level is not Level.ERROR]:
        SubElement(node, "system-out").text = _lines(others)


def _lines(annotations: Sequence[Annotation]) -> str:
    lines = [f"{one.place}: {one.text}" if one.place else one.text for one in annotations[:_SHOWN]]
    if len(annotations) > _SHOWN:
        lines.append(f"and {len(annotations) - _SHOWN:,} more")
    return "\n".join(lines)
