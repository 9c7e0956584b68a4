"""Resolves the template names of the YAML to connection templates."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from kardia_ctl.model.state import State
from kardia_ctl.model.template import DeclaredTemplate, LiveTemplate, Template


def resolve(
    declared: Mapping[str, DeclaredTemplate], live: tuple[LiveTemplate, ...] | None
) -> Mapping[str, Template]:
    """Every declared template by its label. Where ``live`` was not read, a declared id is used unchecked."""
    return {label: _resolve(template, live) for label, template in declared.items()}


def resolve_from_state(declared: Mapping[str, DeclaredTemplate], state: State) -> Mapping[str, Template]:
    """Every declared template, where nothing is read: a name stands for what it was last ordered as."""
    ordered = {
        record.template: template for codes in state.codes.values() for template, record in codes.items()
    }
    return {
        label: Template(label, template.id or ordered.get(label, label))
        for label, template in declared.items()
    }


def _resolve(declared: DeclaredTemplate, live: tuple[LiveTemplate, ...] | None) -> Template:
    label = declared.label
    if live is None:
        problem = "" if declared.id else "the account's templates were not read"
        return Template(label, declared.id, problem=problem)
    matching = [template for template in live if _matches(declared, template)]
    found = {template.id for template in matching}
    if len(found) == 1:
        template = matching[0]
        prices = {_price(twin.price) for twin in live if twin.id == template.id}
        price = prices.pop() if len(prices) == 1 else None  # which of two prices counts is not known
        return Template(label, template.id, template.name, template.duration, price)
    if found:
        problem = f"the account has {len(found)} connection templates with the name that {label} gives"
    else:
        problem = f"template {label} is not one of the account's connection templates"
    return Template(label, declared.id, problem=problem)


def _matches(declared: DeclaredTemplate, live: LiveTemplate) -> bool:
    return live.id == declared.id if declared.id else live.name == declared.name


def _price(price: float | None) -> Decimal | None:
    """The price as an exact number; None without one, and for a value that cannot be a price."""
    return Decimal(str(price)) if price is not None and isfinite(price) and price >= 0 else None
