"""A screen in front of jsonschema: quick to say yes, and silent about everything else.

jsonschema is the reference for what is valid, and it speaks on whatever is not plainly so. A configuration
without problems never needs it, and importing it costs more than reading ten thousand patients.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from kardia_ctl.kinds.formats import FORMATS

Rule = Callable[[Any, Any, Mapping[str, Any]], bool]
"""(the keyword's value, what is checked, the schema it stands in) → whether it plainly holds."""


def accepts(schema: Mapping[str, Any], value: Any) -> bool:
    """True only for a value that the schema accepts. Scalars are text, as everywhere in a configuration.

    A keyword that is not known here makes it False: then jsonschema has to look.
    """
    return all(keyword in _RULES and _RULES[keyword](rule, value, schema) for keyword, rule in schema.items())


def failing(schema: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    """The keywords of a schema that do not plainly hold for a value."""
    return tuple(
        keyword
        for keyword, rule in schema.items()
        if keyword not in _RULES or not _RULES[keyword](rule, value, schema)
    )


def _said(_rule: Any, _value: Any, _schema: Mapping[str, Any]) -> bool:
    """An annotation holds whatever the value is."""
    return True


def _type(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    names = rule if isinstance(rule, list) else [rule]
    match value:
        case str():
            return "string" in names
        case dict():
            return "object" in names
        case list():
            return "array" in names
        case _:
            return False


def _enum(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return isinstance(value, str) and value in rule


def _min_length(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, str) or len(value) >= rule


def _max_length(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, str) or len(value) <= rule


def _minimum(_rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    """It speaks of numbers, and there are none: every scalar is text."""
    return not isinstance(value, int | float)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _pattern(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, str) or _compiled(rule).search(value) is not None


def _format(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return rule in FORMATS and FORMATS[rule](value)


def _items(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, list) or all(accepts(rule, one) for one in value)


def _unique(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    if rule is not True or not isinstance(value, list):
        return True
    return all(isinstance(one, str) for one in value) and len(set(value)) == len(value)


def _properties(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(
        accepts(rule[key], one) for key, one in value.items() if key in rule
    )


def _additional(rule: Any, value: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    others = [one for key, one in value.items() if key not in schema.get("properties", {})]
    return not others if rule is False else all(accepts(rule, one) for one in others)


def _required(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(key in value for key in rule)


def _names(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(accepts(rule, key) for key in value)


def _min_properties(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or len(value) >= rule


def _max_properties(rule: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or len(value) <= rule


_RULES: Final[Mapping[str, Rule]] = {
    "$schema": _said,
    "$id": _said,
    "title": _said,
    "description": _said,
    "type": _type,
    "enum": _enum,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minimum": _minimum,
    "pattern": _pattern,
    "format": _format,
    "items": _items,
    "uniqueItems": _unique,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "propertyNames": _names,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
}
