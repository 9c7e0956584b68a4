"""The funnel as a document for programs.

``format_version`` "1.2"; a minor version adds members, a major one changes what is there::

    {"format_version": "1.2", "timestamp": "2026-03-02T10:00:00Z", "complete": true, "detail": "",
     "requests": 3, "told": 0, "undeclared": 12,
     "cohorts": [{"name": "spring-2026", "declared": 8, "created": 7, "issued": 6, "pending": 1,
                  "connected": 4, "expired": 1, "unknown": 0, "departed": 2}],
     "total": {"declared": 8, …},
     "templates": [{"label": "one-year", "id": "4qq0…", "name": "Kardia 12 months", "duration_days": 365,
                    "price": "99.00", "codes": 6}],
     "samples": [{"timestamp": "2026-03-01T10:00:00Z", "cohort": "spring-2026", "declared": 8, …}]}

Patients in no cohort have the name null. ``complete`` is false when not every patient could be read;
``detail`` says why. ``told`` counts the patients whose stage only a webhook event reported (since 1.1).
``undeclared`` counts the live patients that no file declares (since 1.2); null when not everybody was read.
Unknown values of a template are null. Times are ISO 8601 in UTC.
"""

from typing import Any, Final

from kardia_ctl.model.funnel import COUNT_NAMES, Counts, StatusReport
from kardia_ctl.model.template import Template
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import iso_time, money

FORMAT_VERSION: Final = "1.2"


def status_json(report: StatusReport) -> dict[str, Any]:
    """The document. The same report gives the same document."""
    return {
        "format_version": FORMAT_VERSION,
        "timestamp": iso_time(report.at),
        "complete": not report.incomplete,
        "detail": escape(report.incomplete),
        "requests": report.reads,
        "told": report.unverified,
        "undeclared": report.undeclared,
        "cohorts": [
            {"name": name_json(cohort), **counts_json(report.cohorts[cohort])} for cohort in report.cohorts
        ],
        "total": counts_json(report.total),
        "templates": [_terms(terms, number) for terms, number in report.templates],
        "samples": [
            {
                "timestamp": iso_time(sample.at),
                "cohort": name_json(sample.cohort),
                **counts_json(sample.counts),
            }
            for sample in report.samples
        ],
    }


def name_json(cohort: str) -> str | None:
    """A cohort's name, escaped; null for patients in none."""
    return escape(cohort) or None


def counts_json(counts: Counts) -> dict[str, int]:
    """The counts by stage."""
    return {stage: getattr(counts, stage) for stage in COUNT_NAMES}


def _terms(terms: Template, number: int) -> dict[str, Any]:
    return {
        "label": escape(terms.label),
        "id": escape(terms.id) or None,
        "name": escape(terms.name) or None,
        "duration_days": terms.duration,
        "price": None if terms.price is None else money(terms.price),
        "codes": number,
    }
