"""What the schema cannot say about a patient's values: days that depend on today, and what is only odd."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kardia_ctl.config.schema.messages import Finding
from kardia_ctl.kinds.patient import FORMATS_OF
from kardia_ctl.kinds.texts.births import birth_doubt, birth_fault, is_date_text
from kardia_ctl.kinds.texts.flaw import Flaw
from kardia_ctl.kinds.texts.spoiled import PLAINLY, doubt

_PLAINLY: Final = {name: PLAINLY[form] for name, form in FORMATS_OF.items()}


def birth_findings(values: object, latest: str, others: Iterable[Finding] = ()) -> Iterator[Finding]:
    """Why nobody can be born on the day that values declare.

    Nothing is said of what is no day: ``others``, which the schema has found, say it. ``latest`` is the last
    day that can be one.
    """
    day = values.get("dob") if isinstance(values, Mapping) else None
    if not isinstance(day, str) or not is_date_text(day) or any("dob" in other.path for other in others):
        return
    if flaw := birth_fault(day, latest):
        yield _finding("dob", flaw)


def odd_findings(values: Mapping[str, Any]) -> Iterator[Finding]:
    """What is odd about valid values, for warnings."""
    for name, value in values.items():
        if (
            (plainly := _PLAINLY.get(name))
            and not plainly(value)
            and (flaw := doubt(FORMATS_OF[name], value))
        ):
            yield _finding(name, flaw)
    if (day := values.get("dob")) and (flaw := birth_doubt(day)):
        yield _finding("dob", flaw)


def _finding(name: str, flaw: Flaw) -> Finding:
    return Finding((name,), f"{name} {flaw.words}", flaw.remedy)
