"""Annotations as SARIF 2.1.0, for GitHub's and Azure's code scanning."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from kardia_ctl import __version__
from kardia_ctl.render.escape import json_text
from kardia_ctl.render.reports.annotations import Annotation
from kardia_ctl.render.reports.rules import ReportRule

BEGINNING: Final = (
    '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":'
    '{"name":"kardia-ctl"'
)
"""How such a file of ours begins."""

_ROOT: Final = "SRCROOT"


def sarif_text(annotations: Sequence[Annotation], main: str, more: int = 0) -> str:
    """A SARIF document with one run; ``more`` is how many annotations are left out.

    GitHub wants a place for each result: without one it is the first line of ``main``.

    There are no snippets, and each result has fingerprints of its own: a service that found none would make
    them of the lines themselves, which are about patients.
    """
    rules = {one.rule.id: one.rule for one in annotations}
    places = {rule: index for index, rule in enumerate(rules)}
    driver = {"name": "kardia-ctl", "semanticVersion": __version__, "rules": [*map(_rule, rules.values())]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "kardia-ctl/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the repository."}}},
        "invocations": [{"executionSuccessful": True, **_notification(more)}],
        "results": [_result(one, places[one.rule.id], main) for one in annotations],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json_text(document, separators=(",", ":")) + "\n"


def _notification(more: int) -> dict[str, Any]:
    if not more:
        return {}
    text = f"{more} more are not in this file; kardia-ctl validate and plan --full show them all."
    return {"toolExecutionNotifications": [{"level": "note", "message": {"text": text}}]}


def _rule(rule: ReportRule) -> dict[str, Any]:
    name = "".join(word.capitalize() for word in rule.id.split("-"))
    return {
        "id": rule.id,
        "name": name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.remedy}"},
        "help": {"text": rule.remedy},
    }


def _result(one: Annotation, rule_index: int, main: str) -> dict[str, Any]:
    region = {"startLine": max(one.line, 1)}
    if one.column:
        region["startColumn"] = one.column
    artifact = {"uri": quote(one.file or main), "uriBaseId": _ROOT}
    return {
        "ruleId": one.rule.id,
        "ruleIndex": rule_index,
        "level": one.level.value,
        "message": {"text": one.text},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "partialFingerprints": {
            "kardiaProblem/v1": one.fingerprint,
            "primaryLocationLineHash": f"{one.fingerprint}:1",
        },
    }
