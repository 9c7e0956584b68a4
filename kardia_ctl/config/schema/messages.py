"""Schema errors in plain words: which key, what is wrong, what to do. Never a value."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from kardia_ctl.config.schema.build import INCLUDED, build_schema
from kardia_ctl.kinds.formats import flaw
from kardia_ctl.kinds.texts.characters import disguised

if TYPE_CHECKING:
    from jsonschema import ValidationError

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_KEY: Final = re.compile(r"[a-z][A-Za-z_-]{0,39}")
"""What a key looks like, and neither an mrn (``JS-1``, as in ``overrides``) nor a name (``Joe``)."""

_FREE: Final = frozenset({"lastname", "reason"})
"""Keys beside which a key without a value is mostly the end of a text, as in ``{lastname: Smith, Joe}``."""

_PART: Final = "unknown key, without a value"
_QUOTE: Final = "If it belongs to the text before it, quote that text: a comma ends it"

_LONGEST: Final = 60
_MOST_KNOWN: Final = 200

_KNOWN_ELSEWHERE: Final = {
    "phone": ("only the pro API has phone", "Remove it, or declare api: {dialect: pro}"),
    "redeem": ("only the pro API has redeem: in v1 a new user is connected automatically", "Remove it"),
    "password": ("a password does not belong here", "Remove it; if it was committed, change it"),
    **dict.fromkeys(
        ("api_key", "apikey", "apiKey", "key"),
        (
            "the API key does not belong here",
            "Remove it and set KARDIA_API_KEY; if it was committed, replace the key",
        ),
    ),
}

_TYPES: Final = {"object": "is not a mapping of keys to values", "array": "is not a list"}
_WORDINGS: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": lambda wanted: _TYPES.get(str(wanted), "is not a single value"),
    "enum": lambda wanted: f"is not {_either([value for value in wanted if isinstance(value, str)])}",
    "maxLength": lambda longest: f"is longer than {longest} characters",
    "uniqueItems": lambda _: "lists a value twice",
}
_REMEDIES: Final = {
    "uniqueItems": "List each once",
    "maxLength": "Shorten it",
}
_OTHER: Final = "is not valid"


@dataclass(frozen=True, slots=True)
class Finding:
    """An error that the schema finds at ``path``; ``at_key`` when the key itself is wrong.

    ``form`` is the format that the value does not have: the words then depend on the value.
    """

    path: tuple[str | int, ...]
    message: str
    remedy: str = ""
    at_key: bool = False
    form: str = ""


def findings(errors: Iterable["ValidationError"], whole: str) -> Iterator[Finding]:
    """The schema's errors as findings, without duplicates. ``whole`` is what messages call the value."""
    seen = set()
    for error in errors:
        for finding in _explain(error, whole):
            if finding not in seen:
                seen.add(finding)
                yield finding


def near(word: str, known: Collection[str]) -> str:
    """The known word that was probably meant, else an empty text.

    Long words are not compared, nor more than some known ones: two words take the square of their length.
    """
    from difflib import get_close_matches

    if len(word) > _LONGEST:
        return ""
    candidates = {name.lower(): name for name in islice(known, _MOST_KNOWN) if len(name) <= _LONGEST}
    close = get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return candidates[close[0]] if close else ""


def quoted(key: str) -> str:
    """A name of ours in quotes if it is a plain word, else nothing."""
    return f" {key!r}" if _WORD.fullmatch(key) else ""


def quoted_key(key: str) -> str:
    """A key in quotes if it can only be one, else nothing: it could be a patient's mrn or value."""
    return f" {key!r}" if _KEY.fullmatch(key) else ""


def _explain(error: "ValidationError", whole: str) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "required":
        yield from (_missing(path, name, schema) for name in schema["required"] if name not in instance)
    elif error.validator == "additionalProperties":
        yield from (
            _unknown(path, key, schema, is_empty=not instance[key])
            for key in instance
            if key not in schema["properties"]
        )
    elif "propertyNames" in error.absolute_schema_path:
        message = f"{_label(path, whole)} has a name that is not allowed"
        remedy = "Use 1 to 100 printable characters, no ; and no space at either end"
        yield Finding((*path, instance), message, remedy, at_key=True)
    else:
        fault, remedy = _wording(str(error.validator), error.validator_value, instance)
        form = str(error.validator_value) if error.validator == "format" and instance != "" else ""
        yield Finding(path, f"{_label(path, whole)} {fault}", remedy or _expected(schema), form=form)


def about(finding: Finding, value: Any, schema: Mapping[str, Any]) -> Finding:
    """The same finding about another value with this schema: its words, where they depend on the value."""
    if not finding.form:
        return finding
    for step in finding.path:
        value, schema = value[step], schema["items"] if isinstance(step, int) else schema["properties"][step]
    if (found := flaw(finding.form, value)) is None:
        return finding
    message = f"{_label(finding.path, '')} {found.words}"
    return replace(finding, message=message, remedy=found.remedy or _expected(schema))


def _expected(schema: Mapping[str, Any]) -> str:
    return f"Expected: {schema.get('description', '')}".rstrip(".: ")


def _label(path: tuple[str | int, ...], whole: str) -> str:
    """The keys of a path, from the nearest list element or the top level on."""
    start = max((index + 1 for index, step in enumerate(path) if isinstance(step, int)), default=0)
    names = [step for step in path[start:] if isinstance(step, str)]
    if not names:
        names = [step for step in path if isinstance(step, str)][-1:]
    if not names:
        return whole
    return ".".join(name if _WORD.fullmatch(name) else "…" for name in names)


def _missing(path: tuple[str | int, ...], name: str, schema: Any) -> Finding:
    description = schema.get("properties", {}).get(name, {}).get("description", "")
    return Finding(path, f"{name} is missing", f"Add {name}: {description}".rstrip(".: "))


def _unknown(path: tuple[str | int, ...], key: str, schema: Any, *, is_empty: bool) -> Finding:
    """An unknown key. One without a value is mostly a part of a text before it, and is not repeated."""
    place = (*path, key)
    if key in _KNOWN_ELSEWHERE:
        return Finding(place, *_KNOWN_ELSEWHERE[key], at_key=True)
    known = schema["properties"]
    if tuple(known) == INCLUDED and key in build_schema()["properties"]:
        return Finding(
            place, f"{key} is not allowed in an included file", "Move it to kardia.yaml", at_key=True
        )
    for name in known:
        if disguise := disguised(name, (key,)):
            return Finding(place, f"unknown key: it is {name} with {disguise}", "Retype it", at_key=True)
    if is_empty and _FREE.intersection(known):
        return Finding(place, _PART, _QUOTE, at_key=True)
    meant = near(key, known)
    message = f"unknown key{quoted_key(key)}" + (f": did you mean {meant}?" if meant else "")
    remedy = "" if meant else f"Allowed here: {', '.join(known)}"
    return Finding(place, message, remedy, at_key=True)


def _wording(rule: str, wanted: Any, instance: Any) -> tuple[str, str]:
    if instance == "":
        return "is empty", "Give it a value, or remove the key"
    if rule == "format" and (found := flaw(wanted, instance)):
        return found.words, found.remedy
    wording = _WORDINGS.get(rule)
    remedy = _REMEDIES.get(rule, "")
    return wording(wanted) if wording else _OTHER, remedy


def _either(values: Sequence[str]) -> str:
    """Values as a choice; punctuation is quoted, because a comma between commas cannot be read."""
    *first, last = (value if value[:1].isalnum() else f'"{value}"' for value in values)
    return f"{', '.join(first)} or {last}" if first else last
