"""Which connection template a name of the YAML means."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

from kardia_ctl.model.configuration import TemplateRef
from kardia_ctl.model.patient import Template
from kardia_ctl.model.template import Terms


@dataclass(frozen=True, slots=True)
class Resolved:
    """A template's id, with its live name, price and duration (days) where known; or why there is none."""

    id: str = ""
    name: str = ""
    price: Decimal | None = None
    duration: int | None = None
    missing: str = ""


def resolve(refs: Mapping[str, TemplateRef], live: tuple[Template, ...] | None) -> Mapping[str, Resolved]:
    """Every declared template name, resolved. Without ``live`` an id stands for itself."""
    return {label: _resolve(ref, live) for label, ref in refs.items()}


def terms_of(label: str, resolved: Resolved) -> Terms:
    """What a template is and costs, as far as it is known."""
    return Terms(label, resolved.id, resolved.name, resolved.duration, resolved.price)


def _resolve(ref: TemplateRef, live: tuple[Template, ...] | None) -> Resolved:
    if live is None:
        return Resolved(id=ref.id) if ref.id else Resolved(missing="its templates were not read")
    found = {template.id: template for template in live if template.id == ref.id or template.name == ref.name}
    if ref.id:
        found = {template_id: template for template_id, template in found.items() if template_id == ref.id}
    if len(found) == 1:
        template = next(iter(found.values()))
        return Resolved(template.id, template.name, _price(template.price), template.duration)
    if found:
        return Resolved(missing=f"{len(found)} live templates have the name that template {ref.label} gives")
    return Resolved(
        id=ref.id, missing=f"template {ref.label} is not among the account's connection templates"
    )


def _price(price: float | None) -> Decimal | None:
    """A price that can be summed and limited; None for none, and for what no price can be."""
    return Decimal(str(price)) if price is not None and isfinite(price) and price >= 0 else None
