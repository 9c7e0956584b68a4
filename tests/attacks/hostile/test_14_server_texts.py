"""A server's text names nobody: every declared patient's values are removed, in every form."""

import html
import json
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final
from urllib.parse import quote, quote_plus

import pytest

from kardia_ctl.api.scrubbing import scrub as scrubbing
from kardia_ctl.api.scrubbing.scrub import Scrubber
from kardia_ctl.api.scrubbing.value_index import ValueIndex, keys_of_person
from kardia_ctl.api.scrubbing.words import folded
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.patient import DesiredPatient, LivePatient
from tests.attacks.safeguards import removed

ZOE: Final = DesiredPatient(
    "AC-0710/x",
    "1931-05-17",
    "zoe.oneill+k@mail.example.com",
    "Zoë",
    "O'Neill-Håkansson",
    phone="+1 (555) 017-7788",
)
LI: Final = DesiredPatient("0012345", "1942-08-29", "li@example.com", "Li", "李小明")
ERROR: Final = DesiredPatient("No", "1953-11-06", "error@example.com", "Error", "Null")
LETTER: Final = DesiredPatient("A", "1964-02-13", "a@example.com", "A", "B")


def knowing(*people: DesiredPatient) -> Scrubber:
    scrub = Scrubber()
    scrub.know(lambda: (key for person in people for key in keys_of_person(person)))
    return scrub


def values_of(person: DesiredPatient) -> Iterator[str]:
    yield from (person.mrn, person.firstname, person.lastname, person.email, person.dob)
    yield f"{person.firstname} {person.lastname}"
    yield f"{person.lastname}, {person.firstname}"


def octal(text: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in text.encode())


FORMS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "capitals": str.upper,
    "small": str.lower,
    "swapped": str.swapcase,
    "NFD": partial(unicodedata.normalize, "NFD"),
    "without accents": lambda text: (
        unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode() or text
    ),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "URL": partial(quote, safe=""),
    "URL in URL": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "every byte of URL": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[2:-2],
    "code points": lambda text: "".join(f"\\u{{{ord(c):x}}}" for c in text),
    "HTML": html.escape,
    "HTML in decimal": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "HTML in hex, twice": lambda text: html.escape("".join(f"&#x{ord(c):x};" for c in text)),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 within": lambda text: b64encode(f"name={text}&x".encode()).decode(),
    "base64 of base64": lambda text: b64encode(b64encode(f"lastname={text}".encode())).decode(),
    "base64 of UTF-16": lambda text: b64encode(text.encode("utf-16-le")).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "escaped bytes": lambda text: (
        "".join(f"\\x{byte:02x}" for byte in text.encode("latin-1", "ignore")) or text
    ),
    "octal": octal,
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "UTF-8 as Latin-1": lambda text: text.encode().decode("latin-1"),
    "Latin-1 as UTF-8": lambda text: text.encode("latin-1", "replace").decode("utf-8", "replace"),
    "spaces run together": lambda text: "".join(text.split()),
    "other spaces": lambda text: text.replace(" ", " \t\u2003\n "),
    "underscores": lambda text: text.replace(" ", "_"),
    "zero-width": "\u200b".join,
    "NUL between": "\0".join,
    "escape sequences": "\x1b".join,
    "soft hyphens": "\u00ad".join,
    "dots between": ".".join,
    "letters apart": "-".join,
    "right to left marks": "\u202e".join,
    "split by tags": lambda text: f"{text[:1]}<wbr>{text[1:]}",
    "split by a comment": lambda text: f"{text[:1]}<!-- x -->{text[1:]}",
    "camel case": lambda text: "patientName" + text[:1].upper() + text[1:],
    "with a number": lambda text: f"{text}77",
}
PLACES: Final = ("{}", "got {} from you", "x_{}_x", '{{"a":"{}"}}', "E1:{};", "<b>{}</b>", "/v1/{}/code?x={}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("person", [ZOE, LI], ids=["Zoë", "Li"])
def test_no_form_of_a_value_is_printed(person: DesiredPatient, form: str) -> None:
    scrub = knowing(ZOE, LI, ERROR, LETTER)
    for value in values_of(person):
        for place in PLACES:
            if form in {"base64", "base64 for URLs", "hex", "hex in capitals"} and "x_" in place:
                continue  # another alphabet
            written = FORMS[form](value)
            if not written.replace("\ufffd", "").replace("?", "").strip():
                continue  # nothing is left of it
            shown = scrub(place.replace("{{", "{").replace("}}", "}").replace("{}", written))
            assert not left_of(value, shown), (value, place, shown)


def left_of(value: str, shown: str) -> bool:
    """Whether a value, or a word of it, is in a text."""
    words = [folded(word) for word in value.replace("-", " ").replace("/", " ").replace("'", " ").split()]
    rest = folded(shown.replace("hidden", ""))
    return folded(value) in rest or any(len(word) > 3 and word in rest for word in words)


@pytest.mark.parametrize(
    "date",
    [
        "1931-05-17", "1931/5/17", "17.05.1931", "05/17/1931", "19310517", "17 May 1931", "May 17th, 1931",
        "17-MAI-31", "1931, 5, 17", "datetime.date(1931, 5, 17)", "17. Mai 1931", "1931 May 17", "170531",
        "310517", "051731", "1931-05-17T00:00:00Z", "17_05_1931", "17th of May 1931", "-1218758400000",
        "\u0661\u0669\u0663\u0661-\u0660\u0665-\u0661\u0667",
    ],
)  # fmt: skip
def test_no_form_of_a_birth_date_is_printed(date: str) -> None:
    shown = knowing(ZOE)(f"born {date}, duplicate")
    assert not {"1931", "17", "31", "170531", "310517", "051731", "1218758400"} & set(
        shown.replace(",", " ").replace("-", " ").split()
    )
    assert shown.endswith("duplicate")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Internal Server Error", "Internal Server Error"),
        ("No such patient: null", "No such patient: null"),
        ("A patient exists", "A patient exists"),
        ("error code 409: a duplicate", "error code 409: a duplicate"),
        ("patient Li exists", "patient [hidden] exists"),
        ("Link is limited", "Link is limited"),
        ("patient 12345 exists", "patient [hidden] exists"),
        ("Error Null exists", "[hidden] exists"),
        ("errorNull", "[hidden]"),
        ("患者李小明は存在します", "患者[hidden]は存在します"),
        ("zoe.oneill+k at mail dot example dot com", "[hidden]"),
        ("J. O'Neill-Hakansson", "J. [hidden]"),
        ("zoeoneillhakansson1931", "[hidden]1931"),
        ("call 0177788", "call [phone]"),
    ],
)
def test_short_and_common_names_do_not_empty_a_message(text: str, shown: str) -> None:
    assert knowing(ZOE, LI, ERROR, LETTER)(text) == shown


def test_a_status_that_is_somebodys_mrn_stays_where_the_answer_has_it() -> None:
    scrub = knowing(DesiredPatient("404", "1931-05-17", "x@example.com"))
    assert scrub("404 not found", kept="404") == "404 not found"
    assert scrub("patient 404 exists", kept="409") == "patient [hidden] exists"


def test_what_was_sent_stays_readable_when_somebody_is_called_error() -> None:
    assert knowing(ERROR)("Validation Error: null value", ("Error", "Null")) == "Validation Error: null value"


def test_without_a_readable_declaration_only_the_protocols_words_stay() -> None:
    def broken() -> list[str]:
        raise ConfigurationError([])

    scrub = Scrubber()
    scrub.know(broken)
    assert scrub("400 Bad Request: Joe exists") == "400 Bad Request: [hidden] exists"


def test_a_value_that_the_cut_halves_is_not_printed() -> None:
    scrub = knowing(ZOE)
    for before in (*range(575, 601), 3990, 3995, 3999):
        for separator in (" ", "%20", "&nbsp;"):
            text = (
                ("%41" if separator == "%20" else "x") * 5
                + separator
                + "y" * before
                + separator
                + "Hakansson"
            )
            assert "Hak" not in scrub(text, limit=4000)


def test_everything_that_is_still_encoded_after_many_layers_is_hidden() -> None:
    text = "O'Neill-Hakansson"
    for _ in range(9):
        text = quote(text, safe="").replace("O", "%4F")
    assert knowing(ZOE)(text) == "[hidden]"


def test_an_account_of_many_patients_costs_little_for_each_text() -> None:
    """The index holds hashes: 8 bytes for a spelling; a text asks for its own words, not for everybody's."""
    asked = 0

    class Counting(ValueIndex):
        def __contains__(self, key: str) -> bool:
            nonlocal asked
            asked += 1
            return super().__contains__(key)

    many = [
        DesiredPatient(
            f"S-{number:06}", "1950-01-01", f"p{number}@example.com", f"First{number}", f"Last{number}"
        )
        for number in range(20_000)
    ]
    with removed(scrubbing, "ValueIndex", Counting):
        scrub = knowing(*many)
    assert "First19999" not in scrub("patient First19999 exists already " * 20)
    assert asked < 10_000
    assert sum(bucket.itemsize * len(bucket) for bucket in scrub._index._buckets) < 120 * len(many)
    for text in (
        "x" * 100_000,
        "a b " * 10_000,
        "%25" * 10_000,
        "QUJD" * 20_000,
        "<" * 50_000,
        "\\u" * 50_000,
    ):
        asked = 0
        scrub(text)
        assert asked < 100_000


def test_whoever_was_observed_is_known_as_those_who_are_declared() -> None:
    scrub = Scrubber()
    scrub.know(lambda: keys_of_person(LivePatient("id", "X-1", "1931-05-17", None, "Philomena", None)))
    assert scrub("see Philomena of X-1") == "see [hidden] of [hidden]"


def test_a_code_that_was_issued_is_not_repeated() -> None:
    scrub = Scrubber()
    scrub.hide("qz81-plain-code")
    assert scrub("code qz81-plain-code was used") == "code [hidden] was used"


def test_without_the_index_a_name_is_printed() -> None:
    with removed(Scrubber, "_values", lambda *_: iter(())), pytest.raises(AssertionError):
        test_no_form_of_a_value_is_printed(ZOE, "as it is")


def test_without_the_vocabulary_a_message_is_unreadable() -> None:
    with removed(scrubbing, "WORDS", frozenset()), pytest.raises(AssertionError):
        test_short_and_common_names_do_not_empty_a_message("A patient exists: null", "A patient exists: null")
