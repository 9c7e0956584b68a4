"""What the schema finds wrong with a row, worded once for all rows with the same errors."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kardia_ctl.config.schema.messages import Finding, about
from kardia_ctl.config.schema.validator import BrokenRules, patient_validator
from kardia_ctl.model.configuration import Dialect

_MOST_COMBINATIONS: Final = 1 << 12

_findings: dict[tuple[Dialect, tuple[str, ...], BrokenRules], Sequence[Finding]] = {}


def row_findings(values: Mapping[str, Any], dialect: Dialect = Dialect.V1) -> Sequence[Finding]:
    """Everything that is wrong with a row's values, by the schema.

    Which rules are broken depends on the values, how a finding is worded only where it is about a format. So
    jsonschema words each combination once, and the texts of its formats are worded anew: a file with a
    million wrong rows takes seconds.
    """
    validator = patient_validator(dialect)
    if validator.accepts(values):
        return ()
    if (rules := validator.broken_rules(values)) is None:
        return validator.findings(values)
    combination = dialect, tuple(values), rules
    cached = _findings.get(combination)
    if cached is None:
        cached = validator.findings(values)
        if len(_findings) < _MOST_COMBINATIONS:
            _findings[combination] = cached
    return [about(finding, values, validator.schema) for finding in cached]
