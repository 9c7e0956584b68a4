"""Schema fragments and formats that the kinds share.

Every scalar of the YAML reaches the schema as text. Editors read the same schema, but they see
``mrn: 0012345`` as a number and ``lastname: null`` as null, so a text's type admits those too: the rules
below then hold for the text, which is what kardia-ctl checks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

MAX_LENGTH: Final = 1000
"""The most characters of a text value."""

_SCALAR: Final = ["string", "number", "boolean", "null"]
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)*")
"""Matches an e-mail address in a text that is known to be printable."""


def text(description: str, **rules: Any) -> dict[str, Any]:
    """A non-empty printable text of at most ``MAX_LENGTH`` characters, with further rules."""
    return {
        "description": description,
        "type": _SCALAR,
        "minLength": 1,
        "maxLength": MAX_LENGTH,
        "format": "printable",
        **rules,
    }


def choice(description: str, *values: str | int) -> dict[str, Any]:
    """One of some values, compared as text; numbers are listed as numbers too, for editors."""
    texts = [str(value) for value in values]
    numbers = [value for value in values if isinstance(value, int)]
    return {"description": description, "enum": texts + numbers}


def mapping(description: str, properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """A mapping with these keys and no others."""
    return {
        "description": description,
        "type": "object",
        "properties": dict(properties),
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
    }


def is_printable(value: object) -> bool:
    """Whether a text has no control, invisible or direction-changing character."""
    return not isinstance(value, str) or value.isprintable()


@lru_cache(maxsize=1 << 16)
def is_date_text(value: str) -> bool:
    """Whether a text is an existing day as YYYY-MM-DD. Cached: patients of a cohort share birth dates."""
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


_DATES: Final = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\n)*+")


def are_date_texts(values: Sequence[str]) -> bool:
    """Whether ``is_date_text`` holds for every text. Checks all of them together, which is faster."""
    lines = "\n".join((*values, ""))
    if len(lines) != 11 * len(values) or not _DATES.fullmatch(lines):
        return False
    try:
        list(map(date.fromisoformat, values))
    except ValueError:
        return False
    return True


def is_date(value: object) -> bool:
    """Whether a text is an existing day as YYYY-MM-DD. True for what is not a text."""
    return not isinstance(value, str) or is_date_text(value)


def is_email(value: object) -> bool:
    """Whether a text looks like an e-mail address: printable, one @, no space, no empty label."""
    return not isinstance(value, str) or (value.isprintable() and EMAIL.fullmatch(value) is not None)


_ADDRESSES: Final = re.compile(r"(?:[^@ \n]{1,64}+@[^@ \n.]++(?:\.[^@ \n.]++)*+\n)*+")
"""``EMAIL`` of each line. The only space that can be printed is the blank, so \\s need not be asked for."""


def are_emails(values: Sequence[str]) -> bool:
    """Whether ``is_email`` holds for every text, and none is longer than ``MAX_LENGTH``.

    Checks all of them together, which is faster.
    """
    lines = "\n".join(values) + "\n"
    return (
        lines.count("\n") == len(values)
        and lines.replace("\n", " ").isprintable()
        and max(map(len, values)) <= MAX_LENGTH
        and _ADDRESSES.fullmatch(lines) is not None
    )


def flag(description: str) -> dict[str, Any]:
    """True or false as text, and as a boolean for editors."""
    return {"description": description, "enum": ["true", "false", True, False]}


_COUNTRIES: Final = (
    "ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt "
    "bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh "
    "er es et fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht "
    "hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls "
    "lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni "
    "nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg "
    "sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug "
    "um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw "
)
COUNTRIES: Final = frozenset(_COUNTRIES.split())
"""ISO 3166-1 alpha-2, in lower case as in the references' example."""


def is_country(value: object) -> bool:
    """Whether a text is a country's two letters, in either case."""
    return not isinstance(value, str) or value.lower() in COUNTRIES


FORMATS: Final[Mapping[str, Callable[[object], bool]]] = {
    "printable": is_printable,
    "date": is_date,
    "email": is_email,
    "country": is_country,
}
"""The checks of the schema's formats, by name. Editors have their own checks of the standard ones."""
