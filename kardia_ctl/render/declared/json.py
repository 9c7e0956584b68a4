"""The differences of two revisions as JSON."""

from typing import Any, Final

from kardia_ctl.model.declared.difference import Attribute, DeclaredDiff, DeclaredDifference, Revision
from kardia_ctl.render.declared.declared_lines import headline, shown_name, shown_values
from kardia_ctl.render.view import View

FORMAT: Final = "1.0"


def declared_json(diff: DeclaredDiff, view: View) -> dict[str, Any]:
    """All differences, with the same values hidden as in text."""
    return {
        "format_version": FORMAT,
        "base": _revision(diff.base, view),
        "head": _revision(diff.head, view),
        "summary": headline(diff),
        "differences": [_difference(one, view) for one in diff.differences],
    }


def _revision(revision: Revision, view: View) -> dict[str, Any]:
    return {
        "revision": revision.name or None,
        "commit": revision.commit or None,
        "missing": revision.missing or None,
        "problems": [view.names.text(str(problem)) for problem in revision.problems],
        "not_opened": list(revision.unopened),
        "not_read": list(revision.skipped),
    }


def _difference(one: DeclaredDifference, view: View) -> dict[str, Any]:
    return {
        "topic": one.topic.value,
        "way": one.way.value,
        "name": shown_name(one, view),
        "moved_from": view.names.shown(one.previous) if one.previous else None,
        "code": one.code or None,
        "file": one.source.file if one.source else None,
        "line": one.source.line if one.source else None,
        "attributes": [_attribute(one, attribute, view) for attribute in one.attributes],
    }


def _attribute(one: DeclaredDifference, attribute: Attribute, view: View) -> dict[str, Any]:
    before, after = shown_values(one, attribute, show_phi=view.show_phi)
    return {
        "name": attribute.name,
        "before": before.text,
        "after": after.text,
        "hidden": before.hidden or after.hidden,
    }
