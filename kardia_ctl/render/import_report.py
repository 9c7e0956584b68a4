"""The result of an import as text."""

from collections.abc import Callable, Iterator
from typing import Final

from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.results import ImportReport, LeftOut
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of, kind_count

_LISTED: Final = 20
"""Patients of one reason that are listed."""

_ISSUED: Final = """\
  Kardia does not show of which template their codes are, so no codes: were written. If it is the same,
  import with --codes TEMPLATE declares it for them alone, and plan prints the decision: issued that takes
  them as they are. In the defaults of a cohort it would be ordered for everybody who has none.
"""
_DECLARED: Final = """\
  Declared as codes of {template}. Kardia does not show that they are: plan orders nothing for them, and
  prints the decision: issued that takes them as they are.
"""
_UNREADABLE: Final = """\
Kardia shows neither service providers nor users of the app. To manage them, write in {main}:
  service_providers: [ID]                                        # beside team:
and in a patient's entry:
  mobile_user: {{country: us, password: {{env: NAME}}}}
"""


def import_text(report: ImportReport, name: Callable[[Address], str]) -> str:
    """What was imported, what was left out, and what to do next. ``name`` gives an address as it is shown."""
    blocks = [
        "".join(f"{line}\n" for line in lines)
        for lines in (_written(report), _left_out(report, name), _dropped(report), _settings(report))
    ]
    blocks += [_ordered(report), _UNREADABLE.format(main=escape(str(report.main))), _to_add(report)]
    blocks.append("".join(f"{line}\n" for line in _end(report)))
    return "\n".join(block for block in blocks if block)


def _written(report: ImportReport) -> Iterator[str]:
    for file in report.files:
        yield f"Wrote {escape(str(file.path))}: {count_of(file.patients, 'patient')}"
    if report.edited:
        yield f"Added to {escape(str(report.main))}: {', '.join(report.edited)}"
    if not report.files and not report.edited and not report.lines:
        yield "Nothing to import: everything that could be imported is declared."


def _left_out(report: ImportReport, name: Callable[[Address], str]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[LeftOut]] = {}
    for one in report.left_out:
        groups.setdefault((one.reason, one.remedy), []).append(one)
    for (reason, remedy), members in sorted(groups.items()):
        yield f"Left out: {count_of(len(members), 'patient')}: {escape(reason)}. {escape(remedy)}."
        for one in members[:_LISTED]:
            yield f"  {name(patient_address(one.live.mrn))}  id {escape(one.live.id)}"
        if len(members) > _LISTED:
            more = len(members) - _LISTED
            yield f"  and {more:,} more; kardia-ctl get patients --undeclared lists all of them"


def _dropped(report: ImportReport) -> Iterator[str]:
    if report.elsewhere:
        who = count_of(report.elsewhere, "patient")
        yield f"Left to another workspace of this state, which records them: {who}."
    for (attribute, words), count in sorted(report.dropped.items()):
        who = count_of(count, "patient")
        yield f"Not declared, so not compared: {attribute} of {who}: in Kardia it {escape(words)}"


def _settings(report: ImportReport) -> Iterator[str]:
    for address, reason in report.unset.items():
        yield f"Left out: {address}: {escape(reason)}."


def _ordered(report: ImportReport) -> str:
    counts = [f"{count:,} {status}" for status, count in report.ordered.items() if count]
    advice = _DECLARED.format(template=escape(report.codes)) if report.codes else _ISSUED
    return f"Codes: {' and '.join(counts)}.\n{advice}" if counts else ""


def _to_add(report: ImportReport) -> str:
    if not report.lines:
        return ""
    main = escape(str(report.main))
    lines = "".join(f"  {escape(line)}\n" for line in report.lines.splitlines())
    return f"Add to {main}, which could not be written, or not without touching the rest:\n{lines}"


def _end(report: ImportReport) -> Iterator[str]:
    parts = [f"{report.patients:,} patient{'' if report.patients == 1 else 's'}"]
    parts += [kind_count(1, address.kind) for address in report.settings]
    parts += [count_of(report.templates, "template")] if report.templates else []
    yield f"Import complete: {', '.join(parts)} from {count_of(report.requests, 'request')}."
    if report.adopted is not None:
        yield f"Recorded in state: {report.adopted:,} adopted. No write was sent."
    where = report.main.parent
    yield f"Next: kardia-ctl plan{'' if str(where) == '.' else f' {escape(str(where))}'}"
