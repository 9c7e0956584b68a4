"""Words that programs write in place of a value: errors, and the absence of one."""

from typing import Final

_ERRORS: Final = (
    "#N/A #N/A! #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED! "
    "#UNKNOWN! #CONNECT! #BUSY! #EXTERNAL! #PYTHON! #TIMEOUT! #ERROR! #NULL# #UNDEF "
    "#NV #WERT! #BEZUG! #ZAHL! #ÜBERLAUF! #FELD! #BLOCKIERT! #KALK! #UNBEKANNT! #VERBINDEN! "  # German
    "#VALEUR! #NOM? #NOMBRE! #NUL! #PROPAGATION! #EPARS! #CALCUL! #CHAMP! "  # French
    "#¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! #¡NULO! #¡DESBORDAMIENTO! #N/D "  # Spanish
    "#RIF! #VALORE! #NOME? #NULLO! #VALOR! #NÚM! #NULO! #N/D! #ADR! #ARG! #NAZWA? #LICZBA! #ZERO! "
    "#DZIEL/0! #N/B #VERW! #WAARDE! #NAAM? #GETAL! #LEEG! #DEEL/0! #SAKNAS! #VÄRDEFEL! #REFERENS! #NAMN? "
    "#I/T #VÆRDI! #VERDI! #NAVN? #REFERENCE! #PUUTTUU! #ARVO! #VIITTAUS! #NIMI? #LUKU! #TYHJÄ! #JAKO/0! "
    "#YOK #DEĞER! #BAŞV! #AD? #SAYI! #BOŞ! #SAYI/0! #NENÍ_K_DISPOZICI #HODNOTA! #ODKAZ! #NÁZEV? #ČÍSLO! "
    "#HIÁNYZIK #ÉRTÉK! #HIV! #NÉV? #SZÁM! #ZÉRÓOSZTÓ! #Н/Д #ЗНАЧ! #ССЫЛКА! #ИМЯ? #ЧИСЛО! #ПУСТО! #ДЕЛ/0!"
)
ERROR_VALUES: Final = tuple(_ERRORS.split())
"""The error values of Excel, LibreOffice and Google Sheets, in the languages that they are shown in."""

NULLS: Final = r"\\N|[(<\[{]\s*(?:null|none|nil|na|nan|undefined)\s*[)>\]}]|n/a"
"""The pattern of what stands for no value and is nobody's name, without regard to case."""

NULL_WORDS: Final = (
    r"null|none|nil|nan|nat|na|n\.a\.|undefined|[+-]?inf|[+-]?infinity|[+-]?1\.?#(?:inf|qnan|snan|ind).*"
)
"""The pattern of words for no value that may be a name, without regard to case."""

NO_VALUE: Final = (
    "blank|empty|missing|leer|vide|vides|en blanco|vac[ií]o|vuot[oa]|vazio|leeg|tom|tomt|unknown|unbekannt"
    "|redacted|masked|deleted"
)
"""The pattern of what stands for no value where brackets are around it, such as Excel's (blank)."""

_UNKNOWN: Final = (
    *("unknown", "unk", "unbekannt", "inconnu", "inconnue", "desconocido", "desconocida", "sconosciuto"),
    *("onbekend", "okänd", "ukjent", "ukendt", "neznámy", "keine", "kein", "k.a.", "k.A.", "s.o."),
    *("redacted", "masked", "anonymized", "anonymised", "anonymous", "xxx", "xxxx", "xxxxx", "xxxxxx"),
)
UNKNOWN_WORDS: Final = "|".join(word.replace(".", r"\.") for word in _UNKNOWN)
"""The pattern of words for a value that nobody knows, without regard to case."""

NO_ADDRESS: Final = "[KkNnUuXx](?i:o[-_.]?e?mail|nknown|nbekannt|eine?|xx+)"
"""The pattern of what stands before the @ where an address is not known; its class fails fast."""

PLACEHOLDERS: Final = frozenset(_UNKNOWN)
"""These words."""

NO_NAMES: Final = frozenset({"NaN", "NaT", "undefined"})
"""Words for no value that are nobody's name in this spelling."""

ODD_NAMES: Final = frozenset(
    [
        *("NULL", "null", "NONE", "None", "none", "NIL", "nil", "NAN", "nan", "NA", "na", "TRUE", "true"),
        *("FALSE", "false", "WAHR", "FALSCH", "VRAI", "FAUX", "VERDADERO", "FALSO"),
    ]
)
"""Words of programs that are somebody's name too, as programs write them. Null and Nan are left alone."""
