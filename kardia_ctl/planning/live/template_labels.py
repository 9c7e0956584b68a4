"""Names for the connection templates of an account, made from their names in Kardia."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from unicodedata import normalize

from kardia_ctl.kinds.formats import MAX_LENGTH, flaw
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.model.template import DeclaredTemplate, LiveTemplate

_LONGEST: Final = 40
_PARTS: Final = re.compile(r"[a-z0-9]+")
_PLAIN: Final = "template"


def undeclared_templates(
    live: Iterable[LiveTemplate], declared: Mapping[str, DeclaredTemplate]
) -> dict[str, LiveTemplate]:
    """The templates that the configuration does not name, each once, by a new name for the YAML."""
    ids = {template.id for template in declared.values()}
    names = {template.name for template in declared.values() if template.name}
    taken, found = set(declared), dict[str, LiveTemplate]()
    for template in sorted(live, key=lambda template: (template.name, template.id)):
        if template.id not in ids and template.name not in names and can_be_named(template.id):
            ids.add(template.id)
            label = _free(_slug(template.name), taken)
            taken.add(label)
            found[label] = template
    return found


def label_of(
    wanted: str, declared: Mapping[str, DeclaredTemplate], found: Mapping[str, LiveTemplate]
) -> str | None:
    """The name in the YAML of a template that is given by it, by its id, or by its name in Kardia.

    Args:
        wanted: Which template.
        declared: Those that the configuration names.
        found: Those that are about to be named.
    """
    labels: Mapping[str, DeclaredTemplate | LiveTemplate] = {**found, **declared}
    if wanted in labels:
        return wanted
    matching = [label for label, template in labels.items() if wanted in (template.id, template.name)]
    return matching[0] if len(matching) == 1 else None


def can_be_named(template_id: str) -> bool:
    """Whether a template's id can stand in the YAML."""
    return (
        0 < len(template_id) <= MAX_LENGTH
        and not any(mark.isspace() for mark in template_id)
        and flaw(TextFormat.OTHER, template_id) is None
    )


def _slug(name: str) -> str:
    """Letters and digits of ASCII with dashes between them, beginning with a letter."""
    parts = _PARTS.findall(normalize("NFKD", name).encode("ascii", "ignore").decode().lower())
    slug = "-".join(parts)[:_LONGEST].strip("-")
    if not slug:
        return _PLAIN
    return slug if slug[0].isalpha() else f"{_PLAIN}-{slug}"


def _free(slug: str, taken: set[str]) -> str:
    number, label = 1, slug
    while label in taken:
        number += 1
        label = f"{slug}-{number}"
    return label
