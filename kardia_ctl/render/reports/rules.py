"""The rules that reports name: a stable id for each sort of problem, with a text that helps.

A problem carries no rule of its own: its message is chosen where it is found, in some two hundred places. The
table below finds the rule by the wording, which never holds a value. ``tests/render/reports/test_rules.py``
holds which rule each message of the configuration's cases has, so that a reworded message keeps its rule.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ReportRule:
    """A sort of problem.

    Attributes:
        id: What reports, filters and dashboards call it. It never changes.
        summary: What is wrong, in a sentence.
        remedy: What to do about it, in another.
    """

    id: str
    summary: str
    remedy: str


OTHER: Final = ReportRule(
    "invalid-configuration",
    "The configuration is not valid.",
    "Correct the place as the message says; kardia-ctl validate shows all problems at once.",
)

WARNING: Final = ReportRule(
    "configuration-warning",
    "Something in the configuration is probably not meant as it stands.",
    "Check the place; a warning stops nothing.",
)

EXPOSED: Final = ReportRule(
    "exposed-secret-or-patient",
    "git tracks keys, state, or patients in plain text.",
    "Remove keys and state from git and replace every key in them. Encrypt files with patients, or declare "
    "phi_in_git: accepted.",
)

_SECRET: Final = ReportRule(
    "secret-in-file",
    "A password or key stands in the configuration.",
    "Remove it and name its source instead; if it was committed, replace it.",
)
_VARIABLE: Final = ReportRule(
    "unset-variable",
    "A ${VAR} of the configuration cannot be filled in.",
    "Set the variable in the job's environment, or write $$ for a dollar sign.",
)
_ENCRYPTED: Final = ReportRule(
    "unreadable-encrypted-file",
    "An encrypted file cannot be opened, or a file is not encrypted as its name says.",
    "Give the job the age identity that it needs, or encrypt the file again with kardia-ctl encrypt.",
)
_SYNTAX: Final = ReportRule(
    "yaml-syntax", "The file is not YAML that kardia-ctl reads.", "Correct the syntax at this place."
)
_REPEATED: Final = ReportRule("duplicate-key", "A key stands twice in one mapping.", "Remove one of them.")
_UNKNOWN: Final = ReportRule("unknown-key", "A key is not known here.", "Correct its spelling, or remove it.")
_MISPLACED: Final = ReportRule(
    "misplaced-key",
    "A key does not go where it stands, or with what stands beside it.",
    "Move it to where it belongs, or remove it.",
)
_DAMAGED: Final = ReportRule(
    "damaged-value",
    "A program on its way has changed, hidden, cut or failed to compute a value.",
    "Take the value from its source again, as text.",
)
_COHORT: Final = ReportRule(
    "unreadable-cohort",
    "A cohort's file is not a table in the form that is declared.",
    "Correct the row or header, or declare the file's form: columns, format, delimiter, encoding.",
)
_MISSING: Final = ReportRule("missing-value", "A value that is needed is missing.", "Add it.")
_TWICE: Final = ReportRule(
    "duplicate-patient",
    "Two entries declare one patient or one login.",
    "Remove one, or give each its own mrn or e-mail address.",
)
_TEMPLATE: Final = ReportRule(
    "undeclared-template",
    "A code names a template that is not declared, or one template twice.",
    "Declare it under templates, or name one that is.",
)
_CONFLICT: Final = ReportRule(
    "conflicting-entries",
    "Two entries say different things about one patient.",
    "Keep the one that is right.",
)
_TARGET: Final = ReportRule(
    "wrong-target",
    "An entry does not name what it is about as it has to.",
    "Write the address as plans print it.",
)
_HOST: Final = ReportRule(
    "callback-host",
    "A callback URL leads where no event may be sent.",
    "Use a public https host that callback_hosts lists.",
)
_FILE: Final = ReportRule(
    "unusable-file",
    "A file that the configuration names cannot be used.",
    "Check its name, place, size and permissions.",
)
_VALUE: Final = ReportRule("invalid-value", "A value is not one that its key may have.", "Correct the value.")

_PROBLEMS: Final[tuple[tuple[ReportRule, tuple[str, ...]], ...]] = (
    (_SECRET, ("does not belong here", "URL contains a password", "holds a user name or password")),
    (_VARIABLE, ("environment variable", "begins a reference")),
    (_ENCRYPTED, ("encrypt", r"[Ss](?i:ops)\b", "altered or cut off", "age identity")),
    (_REPEATED, ("^duplicate key",)),
    (_UNKNOWN, ("^unknown key",)),
    (
        _SYNTAX,
        (
            "bracket",
            "quote is opened but",
            "document begins",
            "^an? (?:alias|anchor|tag|key is|merge key)",
            "^the indentation",
            "^this (?:colon|character) ",
            "nested deeper",
        ),
    ),
    (
        _DAMAGED,
        (
            "(?:at|from) character",
            "spreadsheet",
            "programs? write",
            "blank",
            "no letter",
            "neither a letter",
            "apostrophe",
            "scientific notation",
            "has quotes",
            "ends with",
            "no text$",
            "e-mail encodes",
        ),
    ),
    (
        _COHORT,
        (
            "no column",
            "same header",
            "header row",
            "^the row has",
            "^a quote is opened here",
            "closing quote",
            "[Ww]orkbook",
            "delimiter",
            "encoding",
            "Bundle",
            "JSON",
            "a line break in a cell",
        ),
    ),
    (_MISSING, (r" is missing\b",)),
    (_TWICE, ("two patients have this mrn", "has this login")),
    (_TEMPLATE, ("template that is not declared", "are the same template")),
    (
        _MISPLACED,
        (
            "not allowed in an included file",
            "the pro API",
            "needs team",
            "does not apply to",
            "needs identifier",
            "is in columns and",
            "is in defaults and",
            "patient of the .* API has no",
        ),
    ),
    (
        _CONFLICT,
        (
            "this departure",
            "departures?,|a departure|two departures",
            "moves on",
            "moved already",
            "decided already",
            "(?:old|new) mrn",
            "move to this address",
            "from and to are one",
        ),
    ),
    (
        _TARGET,
        (
            "not an address",
            "not the address",
            "is about an? ",
            "is about one ",
            "this address is of",
            "goes with an address",
            "no cohort of this name",
        ),
    ),
    (_HOST, ("^the url",)),
    (_FILE, ("^the (?:file|path|pattern)", "^no (?:such )?file", "already used")),
    (
        _VALUE,
        (
            " is not ",
            " is empty",
            "is longer than",
            "lists a value twice",
            "is before",
            "is after",
            "in the future",
            "a name that is not allowed",
            " is too ",
        ),
    ),
)
"""Each rule with the words that identify its messages. The first match counts."""

_SEARCHES: Final = tuple((rule, re.compile("|".join(words))) for rule, words in _PROBLEMS)


def rule_of(message: str) -> ReportRule:
    """The rule of a problem's message, which has no address or remedy in it."""
    return next((rule for rule, words in _SEARCHES if words.search(message)), OTHER)


def warning_rule(text: str) -> ReportRule:
    """The rule of a warning."""
    return EXPOSED if text.startswith(("git tracks", "patients stand in plain text")) else WARNING
