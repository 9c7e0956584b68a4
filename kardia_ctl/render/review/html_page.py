"""The page of a plan as one HTML file: nothing is loaded, all of it is there without its script.

``review.html.j2``, ``review.css`` and ``review.js`` hold its layout and its filter; every value is escaped.
"""

from typing import Final

from markupsafe import Markup

from kardia_ctl.render.escape import escape
from kardia_ctl.render.html_template import (
    content_policy,
    html_template,
    package_text,
    page_style,
    trusted,
)
from kardia_ctl.render.review.prose import pieces
from kardia_ctl.render.review.review_page import HTML_BEGINS, Group, ReviewPage

_PACKAGE: Final = "kardia_ctl.render.review"
_FOLDED: Final = 50
"""Entries above which a list is folded, unless each of them must be read."""


def html_page(page: ReviewPage) -> str:
    """The page. The same plan gives the same page."""
    style, script = page_style(_PACKAGE, "review.css"), package_text(_PACKAGE, "review.js")
    values = {
        "policy": content_policy(style, script),
        "style": style,
        "script": trusted(script),
        "page": page,
        "prose": prose,
        "plain": escape,
        "is_folded": _is_folded,
    }
    return HTML_BEGINS + html_template(_PACKAGE, "review.html.j2").render(values) + "\n"


def prose(text: str) -> Markup:
    """A text, with what is no plain word shown as code."""
    form = {True: Markup("<code>{}</code>"), False: Markup("{}")}
    return Markup().join(form[piece.is_code].format(piece.text) for piece in pieces(text))


def _is_folded(group: Group) -> bool:
    return len(group.entries) > _FOLDED
