"""Two validators for each schema: jsonschema-rs decides quickly, jsonschema words the errors.

jsonschema is the reference. jsonschema-rs is the screen: a value it accepts is valid; one it refuses goes to
jsonschema. ``tests/config/schema/test_validator.py`` holds both to the same verdicts. jsonschema is imported
for the first error: importing it takes longer than reading ten thousand patients.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from kardia_ctl.config.schema.build import build_schema, included_schema
from kardia_ctl.config.schema.messages import Finding, findings
from kardia_ctl.kinds import patient
from kardia_ctl.kinds.formats import FORMATS
from kardia_ctl.model.configuration import Dialect

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs

BrokenRules = frozenset[tuple[str | int, ...]]


class Validator:
    """A schema with its screen and its reference, each compiled on first use.

    ``whole`` is what messages call the validated value, e.g. "the file".
    """

    def __init__(self, schema: Mapping[str, Any], whole: str) -> None:
        self.schema: Final = schema
        self._whole = whole

    def accepts(self, value: Any) -> bool:
        """Whether the value is valid. A lone surrogate, which no text may have, makes it invalid."""
        try:
            return self._screen.is_valid(value)
        except UnicodeEncodeError:
            return False

    def findings(self, value: Any) -> list[Finding]:
        """Everything that is wrong with a value; empty when it is valid."""
        return [] if self.accepts(value) else list(findings(self.reference.iter_errors(value), self._whole))

    def broken_rules(self, value: Any) -> BrokenRules | None:
        """Where in the schema and in the value each error is; None when only the reference can tell."""
        try:
            errors = self._screen.iter_errors(value)
            return frozenset((*error.schema_path, "", *error.instance_path) for error in errors)
        except UnicodeEncodeError:
            return None

    @cached_property
    def _screen(self) -> "jsonschema_rs.Draft7Validator":
        from jsonschema_rs import Draft7Validator

        return Draft7Validator(
            dict(self.schema), formats=dict(FORMATS), validate_formats=True, ignore_unknown_formats=False
        )

    @cached_property
    def reference(self) -> "jsonschema.Draft7Validator":
        """The validator whose verdict counts and whose errors are worded."""
        from jsonschema import Draft7Validator, FormatChecker

        checker = FormatChecker(formats=())
        for name, check in FORMATS.items():
            checker.checks(name)(check)
        return Draft7Validator(self.schema, format_checker=checker)


@cache
def patient_validator(dialect: Dialect = Dialect.V1) -> Validator:
    """The validator for one patient."""
    return Validator(patient.SCHEMAS[dialect], "a patient")


@cache
def document_validator(*, included: bool) -> Validator:
    """The validator for kardia.yaml or an included file, apart from its patients (``patient_validator``)."""
    return Validator(included_schema() if included else build_schema(), "the file")
