"""The JSON Schema of the configuration, built from the kinds. Editors read it, and so do we.

Draft-07 is what YAML editors understand. Every scalar reaches it as text (see ``kinds.formats``).
"""

from collections.abc import Mapping
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort_schema import cohort_schema
from kardia_ctl.config.encryption.age_header import RECIPIENT
from kardia_ctl.config.schema.decision_schema import decision_schema, moved_schema
from kardia_ctl.kinds import SETTINGS, patient
from kardia_ctl.kinds.formats import choice, flag, mapping, text
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.model.configuration import Authorization, DepartureAction, Dialect, Region, ScanPolicy
from kardia_ctl.model.decided.departure_code import DepartureCode
from kardia_ctl.model.decided.two_person import TwoPerson

ID: Final = "urn:kardia-ctl:configuration:1"
HAS_RECORDINGS: Final = "has-recordings"
"""The value of a departure's ``confirm``."""

PHI_ACCEPTED: Final = "accepted"
"""The value of phi_in_git."""

MRNS_SHOWN: Final = "shown"
"""The value of ``mrn`` under review: it is no name of a person, such as a study's number."""

INCLUDED: Final = ("version", "patients", "cohorts", "departures", "moved", "decisions")
"""The keys of an included file."""

_LABEL: Final = {
    "format": "printable",
    "minLength": 1,
    "maxLength": 100,
    "pattern": r"^[^;\s]([^;]*[^;\s])?$",
}


def _labelled(description: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "propertyNames": _LABEL,
        "additionalProperties": values,
    }


def _list(description: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "type": "array", "items": values}


def _set(description: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {**_list(description, values), "uniqueItems": True}


def _count(what: str) -> dict[str, Any]:
    return text(f"How many {what} one run may do at most, e.g. 500.", pattern="^[0-9]{1,9}$", minimum=0)


_WHOLE: Final = {"pattern": "^[1-9][0-9]{0,8}$", "minimum": 1}


def _template() -> dict[str, Any]:
    description = "The template's id, or {name: its exact name in Kardia}."
    either = text(description, pattern=r"^\S+$")
    return {
        **either,
        "type": [*either["type"], "object"],
        "properties": {"name": text("The exact name that the template has in Kardia.")},
        "required": ["name"],
        "additionalProperties": False,
    }


def _departure() -> dict[str, Any]:
    return mapping(
        "A patient who leaves.",
        {
            "mrn": text("The medical record number of the patient who leaves.", format="identifier"),
            "action": choice("disconnect (stops the service) or delete (erases the data).", *DepartureAction),
            "code": choice("Why, as reviewers see it; by default other.", *DepartureCode),
            "reason": text("Why, for the record, e.g. letter of 2 March: shown on your own terminal alone."),
            "id": text(
                "Kardia's id of the patient; needed when kardia-ctl never managed this patient, and for one "
                "of two with a declared mrn."
            ),
            "export": flag("Before deleting: have the patient's data mailed to the key's owner."),
            "exported": text("The day on which that mail arrived, as YYYY-MM-DD.", format="date"),
            "confirm": choice(
                "has-recordings: delete even though the patient is, or may be, connected or has recordings.",
                HAS_RECORDINGS,
            ),
            "done": text("The day since which you know that it is done, as YYYY-MM-DD.", format="date"),
        },
        "mrn",
        "action",
        "reason",
    )


def _bulk() -> dict[str, Any]:
    return {
        "patients": _list("Patients who should exist.", patient.ANY_SCHEMA),
        "cohorts": _labelled("Patients who should exist, in bulk, by the cohort's name.", cohort_schema()),
        "departures": _list("Patients who leave. Nobody leaves without an entry here.", _departure()),
        "moved": _list(
            "Patients whose mrn was corrected: what state records of them follows.", moved_schema()
        ),
        "decisions": _list("What a person decided about an address, each until a day.", decision_schema()),
    }


def _account() -> dict[str, Any]:
    return {
        "version": choice("The version of this format: 1.", 1),
        "api": mapping(
            "Which API the account uses.",
            {
                "dialect": choice("v1 is the current API, pro the older Kardia Pro API.", *Dialect),
                "authorization": choice(
                    "How the pro API receives the key: as a bearer token (the default) or bare.",
                    *Authorization,
                ),
                "region": choice("The account's region: us or eu.", *Region),
            },
        ),
        "team": text(
            "The id of your team: apply refuses an API key that belongs to another.", pattern=r"^\S+$"
        ),
        **{definition.key: definition.schema for definition in SETTINGS.values()},
        "templates": _labelled("Names for connection templates, for use under codes.", _template()),
    }


def _running() -> dict[str, Any]:
    amount = text("What the connection codes of one run may cost at most, e.g. 5000.", minimum=0)
    host = text("A host name, e.g. hooks.example.com.", pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
    return {
        "recipients": _set(
            "Whom encrypted files are for: the recipients (public keys) of age; age-keygen prints them.",
            text("A recipient, e.g. age1….", pattern=RECIPIENT),
        ),
        "phi_in_git": choice(
            "accepted: it is known that patients stand in plain text in this repository.", PHI_ACCEPTED
        ),
        "review": mapping(
            "What reviewers see.",
            {
                "mrn": choice(
                    "shown: mrns are shown everywhere, in CI and in pages too. By default a pseudonym stands "
                    "for each.",
                    MRNS_SHOWN,
                )
            },
        ),
        "include": _set(
            "Files with patients, cohorts and departures: names or patterns relative to this file.",
            text("A file name or pattern, e.g. patients/*.yaml."),
        ),
        "limits": mapping(
            "How much one run may do; above it, nothing is written.",
            {
                **{name: _count(f"{name}s") for name in ("create", "update", "disconnect", "delete")},
                "cost": {**amount, "pattern": r"^[0-9]{1,12}(\.[0-9]{1,6})?$"},
            },
        ),
        "waves": mapping(
            "Large runs proceed in waves. A wave begins when the one before has ended well.",
            {
                "size": text("How many patients a wave has, e.g. 500.", **_WHOLE),
                "stop_on_failures": text(
                    "How many failed or in-doubt writes make a wave the last one, e.g. 5.",
                    **_WHOLE,
                ),
            },
        ),
        "settle": text(
            "How long a create without a response may still appear, e.g. 120s or 2m.",
            pattern="^[0-9]{1,6}[sm]?$",
        ),
        "scan": choice("What proves that all patients were read: count, or agree-twice.", *ScanPolicy),
        "callback_hosts": _set("The only hosts that callbacks may name.", host),
        "two_person": _set(
            "What apply does only when a second person approved it: neither the author nor a bot.",
            choice("delete, disconnect, or callback: a change of callback or qt_callback.", *TwoPerson),
        ),
        "state": text(
            "Where the state is stored, e.g. sqlite:///.kardia/state.db; ephemeral: in the default place, "
            "and known to be lost with the job."
        ),
        "workspace": text(
            "The name under which this configuration shares a state with others.",
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        ),
    }


def build_schema() -> dict[str, Any]:
    """The schema of kardia.yaml: draft-07, with a description for every key that an editor can show."""
    keys = {**_account(), **_bulk(), **_running()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ID,
        "title": "kardia-ctl configuration",
        **mapping("What should exist in a Kardia account.", keys, "version"),
    }


def editors_schema() -> dict[str, Any]:
    """The schema for editors, which also validate the patients: their required keys depend on the dialect."""
    pro = {"properties": {"api": {"properties": {"dialect": {"const": "pro"}}, "required": ["dialect"]}}}
    return {
        **_with_patterns(build_schema()),
        "if": {**pro, "required": ["api"]},
        "then": _patients_need(patient.PRO_SCHEMA),
        "else": _patients_need(patient.SCHEMA),
    }


EDITOR_PATTERNS: Final[Mapping[str, str]] = {
    TextFormat.IDENTIFIER: r"^(?![='\s])(?!#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)$).*\S$",
    TextFormat.NAME: r"^(?![=\s])(?!#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)$).*\S$",
}
"""What editors can tell of formats that they do not know: no text that is right has not the pattern."""


def _with_patterns(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_patterns(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    pattern = EDITOR_PATTERNS.get(form) if isinstance(form := schema.get("format"), str) else None
    below = {key: _with_patterns(part) for key, part in schema.items()}
    return {**below, "pattern": pattern} if pattern and "pattern" not in below else below


def _patients_need(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"properties": {"patients": {"items": {"required": schema["required"]}}}}


def included_schema() -> dict[str, Any]:
    """The schema of an included file. A version is allowed: editors validate it with the main schema."""
    keys = {**_account(), **_bulk()}
    return mapping("Patients, cohorts, departures and decisions.", {key: keys[key] for key in INCLUDED})
