"""Schema fragments and formats that the kinds share.

Every scalar of the YAML reaches the schema as text. Editors read the same schema, but they see
``mrn: 0012345`` as a number and ``lastname: null`` as null, so a text's type admits those too: the rules
below then hold for the text, which is what kardia-ctl checks.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from kardia_ctl.kinds.texts.births import is_date_text, zero_day
from kardia_ctl.kinds.texts.flaw import Flaw, TextFormat
from kardia_ctl.kinds.texts.spoiled import PLAINLY, fault

MAX_LENGTH: Final = 1000
"""The most characters of a text value."""

_SCALAR: Final = ["string", "number", "boolean", "null"]


def text(description: str, **rules: Any) -> dict[str, Any]:
    """A non-empty printable text of at most ``MAX_LENGTH`` characters, with further rules."""
    return {
        "description": description,
        "type": _SCALAR,
        "minLength": 1,
        "maxLength": MAX_LENGTH,
        "format": TextFormat.OTHER.value,
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


_NO_DATE: Final = Flaw("is not a valid YYYY-MM-DD date")


def flaw(form: str, value: str) -> Flaw | None:
    """What is wrong with a text of a format; None when nothing is."""
    if form == "country":
        known = value.lower() in COUNTRIES
        return None if known else Flaw("is not a two-letter country code (ISO 3166-1)")
    if form == TextFormat.DATE:
        return None if is_date_text(value) else fault(TextFormat.DATE, value) or zero_day(value) or _NO_DATE
    return fault(TextFormat(form), value)


def _check(form: str) -> Callable[[object], bool]:
    plainly = COUNTRIES.__contains__ if form == "country" else PLAINLY[TextFormat(form)]
    return lambda value: not isinstance(value, str) or plainly(value) or flaw(form, value) is None


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


FORMATS: Final[Mapping[str, Callable[[object], bool]]] = {
    form: _check(form) for form in (*TextFormat, "country")
}
"""The checks of the schema's formats, by name. Editors have their own checks of the standard ones."""
