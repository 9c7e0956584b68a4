"""One line of Terraform's machine-readable UI: its frame, its resource, and diagnostics."""

from collections.abc import Mapping
from typing import Any

from kardia_ctl.model.address import Address
from kardia_ctl.model.source import Problem, Source
from kardia_ctl.render.escape import escape
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.terraform_names import PROVIDER, index_of, named

Line = Mapping[str, Any]


def stream_line(kind: str, message: str, *, level: str = "info", **more: Any) -> Line:
    """A line of a type, with the keys that every line has."""
    return {"@level": level, "@message": escape(message), "@module": "terraform.ui", "type": kind, **more}


def diagnostic(
    severity: str,
    text: str,
    *,
    summary: str = "",
    address: Address | None = None,
    source: Source | None = None,
    names: Names,
) -> Line:
    """An error or a warning; ``text`` must hold no patient's values.

    Without a ``summary`` the first sentence of the text is one, and the rest its detail.
    """
    head, detail = (summary, names.text(text)) if summary else _sentences(names.text(text))
    about = f"{names.shown(address)}: " if address else ""
    found: dict[str, Any] = {
        "severity": severity,
        "summary": escape(f"{about}{head}"),
        "detail": escape(detail),
    }
    if address:
        found["address"] = names.shown(address)
    if source:
        place = {"line": source.line, "column": max(1, source.column), "byte": 0}
        found["range"] = {"filename": escape(source.file), "start": place, "end": place}
    sentence = ": ".join(filter(None, (summary, names.text(text))))
    return stream_line(
        "diagnostic",
        f"{severity.capitalize()}: {about}{sentence}",
        level={"warning": "warn"}.get(severity, severity),
        diagnostic=found,
    )


def _sentences(text: str) -> tuple[str, str]:
    """The first sentence, without its full stop, and what follows it."""
    first, _, others = text.partition(". ")
    return first, others


def problem_line(problem: Problem, names: Names) -> Line:
    """One problem of the configuration."""
    return diagnostic(
        "error",
        problem.remedy,
        summary=names.text(problem.message),
        address=problem.address,
        source=problem.source,
        names=names,
    )


def resource_of(address: Address, names: Names) -> dict[str, Any]:
    """How a line names an address."""
    keys = named(address, names)
    return {
        "addr": keys["address"],
        "module": "",
        "resource": keys["address"],
        "implied_provider": PROVIDER,
        "resource_type": keys["type"],
        "resource_name": keys["name"],
        "resource_key": index_of(names.shown(address)) or None,
    }
