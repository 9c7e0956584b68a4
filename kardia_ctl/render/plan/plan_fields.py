"""The attributes of a change or a notice, redacted for one reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.plan import Change, Notice, Values
from kardia_ctl.model.template import Template
from kardia_ctl.render.names import Names
from kardia_ctl.render.redaction import Shown, shown
from kardia_ctl.render.text import money

MRN: Final = "mrn"


@dataclass(frozen=True, slots=True)
class PlanReader:
    """What whoever reads the rows may see."""

    show_phi: bool
    names: Names


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute, redacted. A side is None where the change has no such side (before of a create)."""

    name: str
    before: Shown | None = None
    after: Shown | None = None


def identity(address: Address, names: Names) -> Mapping[str, str]:
    """The attributes that an address is made of, as the reader may see them."""
    found = zip(address.kind.facts.names, address.names, strict=True)
    return {name: names.mrn(value) if name == MRN else value for name, value in found}


def cost_fields(terms: Template) -> tuple[Field, ...]:
    """The duration and the price of a code's template, as far as they are known."""
    facts = {
        "duration_days": None if terms.duration is None else str(terms.duration),
        "price": None if terms.price is None else money(terms.price),
    }
    return tuple(Field(name, after=Shown(text)) for name, text in facts.items() if text is not None)


def redacted_fields(
    about: Change | Notice, known: Mapping[str, str | None], reader: PlanReader
) -> tuple[Field, ...]:
    """Both sides, redacted.

    A saved plan has the names of its attributes, and of their values those that anybody may see. The others
    count as hidden, not as absent, except for what is ``known`` without them.
    """
    before, after, kind = about.before, about.after, about.address.kind if about.address else None
    names = dict.fromkeys((*(after or ()), *(before or ())))
    saved = not any(value is not None for side in (before, after) for value in (side or {}).values())

    def redacted(values: Values | None, name: str) -> Shown | None:
        if values is None:
            return None
        if values.get(name) is None and name in known:
            return Shown(known[name])
        if saved:
            return Shown(hidden=True)
        value = shown(kind, name, values.get(name), show_phi=reader.show_phi)
        return Shown(reader.names.mrn(value.text)) if name == MRN and value.text else value

    return tuple(Field(name, redacted(before, name), redacted(after, name)) for name in names)
