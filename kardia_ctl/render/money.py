"""Amounts, and templates with what they cost."""

from decimal import Decimal
from typing import Final

from kardia_ctl.model.template import Terms
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of

_CENT: Final = Decimal("0.01")


def money(amount: Decimal) -> str:
    """An amount with at least two decimals; the API names no currency."""
    exponent = amount.as_tuple().exponent
    coarse = isinstance(exponent, int) and exponent > -2
    return f"{amount.quantize(_CENT) if coarse else amount:f}"


def terms_text(terms: Terms) -> str:
    """``one-year: "Kardia 12 months", 365 days, 99.00``: the configuration's name, then what is known live.

    The live name is left out where it is the same, and where it is not known.
    """
    label, name = escape(terms.label), escape(terms.name)
    facts = []
    if name and name != label:
        facts.append('"' + name.replace('"', r"\"") + '"')
    if terms.duration is not None:
        facts.append(count_of(terms.duration, "day"))
    facts.append("no known price" if terms.price is None else money(terms.price))
    return f"{label}: {', '.join(facts)}"
