"""jsonschema-rs and jsonschema give the same verdicts; only wrong configurations need jsonschema."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kardia_ctl.config.schema.build import build_schema
from kardia_ctl.config.schema.validator import Validator, document_validator, patient_validator
from kardia_ctl.config.source_files import UnusableFile
from kardia_ctl.config.template_names import are_plain_codes
from kardia_ctl.config.yaml.parser import read_yaml
from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.formats import FORMATS
from kardia_ctl.model.configuration import Dialect
from tests.paths import ROOT

ODD = st.text(max_size=8) | st.sampled_from(["", " ", "a\n", "\u200b", "x" * 1001, "é" * 1000, "\ud800"])
DAYS = st.dates().map(str) | st.sampled_from(
    ["2000-02-30", "2000-7-21", "2000-07-21\n", "\u0662000-07-21", "0000-01-01"]
)
MAILS = st.emails() | st.sampled_from(["a@", "a@b\n", "a@b..c", "@b", "a b@c", "a@b@c", "a@" + "b" * 999])
SEXES = st.sampled_from(["0", "1", "2", "9", *kind.SEXES, "3", "01", "Male", "1\n"])
NAMES = st.lists(ODD | st.just("one-year"), max_size=3)
USERS = st.fixed_dictionaries(
    {"country": ODD | st.just("us"), "password": st.just({"env": "A"}) | st.dictionaries(ODD, ODD)},
    optional={"redeem": st.sampled_from(["true", "false", "yes"])},
)
WRONG = st.one_of(st.lists(ODD, max_size=2), st.dictionaries(ODD, ODD))

PATIENTS = st.fixed_dictionaries(
    {},
    optional={
        "mrn": ODD | WRONG,
        "dob": DAYS | ODD | WRONG,
        "email": MAILS | ODD | WRONG,
        "firstname": ODD | WRONG,
        "lastname": ODD | WRONG,
        "sex": SEXES | ODD | WRONG,
        "codes": NAMES | WRONG,
        "ignore_changes": st.lists(st.sampled_from(["email", "sex", "mrn", "dob"]), max_size=3) | WRONG,
        "id": ODD | WRONG,
        "phone": ODD | WRONG,
        "mobile_user": USERS | WRONG,
        "extra": ODD,
    },
)
MOSTLY_RIGHT = st.builds(
    lambda right, changes: {**right, **changes},
    st.fixed_dictionaries({"mrn": st.just("P-1"), "dob": st.just("2000-07-21"), "email": st.just("a@b.c")}),
    PATIENTS,
)


def agree(validator: Validator, value: Any) -> bool:
    """The verdict, which must be the same for the screen and the reference."""
    verdict = validator.accepts(value)
    assert verdict == validator.reference.is_valid(value)
    assert verdict == (validator.broken_rules(value) == frozenset())
    assert bool(validator.findings(value)) == (not verdict)
    return verdict


@given(PATIENTS | MOSTLY_RIGHT | WRONG, st.sampled_from(Dialect))
@example({"mrn": "P-1", "dob": "2000-07-21", "email": "a@b.c", "firstname": ""}, Dialect.V1)
@example({"mrn": "P-1", "dob": "2000-07-21", "email": "a@b.c", "codes": ["a", "a"]}, Dialect.V1)
@example({"mrn": "P-1", "firstname": "J", "lastname": "D", "phone": "5"}, Dialect.PRO)
def test_both_validators_agree_about_every_patient(values: Any, dialect: Dialect) -> None:
    agree(patient_validator(dialect), values)


@given(NAMES)
def test_plain_codes_are_those_that_the_schema_accepts(codes: list[str]) -> None:
    values = {"mrn": "P-1", "dob": "2000-07-21", "email": "a@b.c", "codes": codes}
    assert are_plain_codes(tuple(codes)) == patient_validator().accepts(values)


TEXT = st.text(max_size=6) | st.sampled_from(
    ["1", "v1", "us", "120s", "0012", "https://a.example.com", "a b", "x" * 1001, "\n", "a\n", "tab", "count"]
)
TREES: st.SearchStrategy[Any] = st.recursive(
    TEXT, lambda tree: st.lists(tree, max_size=3) | st.dictionaries(TEXT, tree, max_size=3), max_leaves=6
)
KEYS = [*build_schema()["properties"], "unknown"]
RIGHT: dict[str, Any] = {
    "version": "1",
    "api": {"dialect": "v1", "region": "eu"},
    "team": "t",
    "callback": {"url": "https://a.example.com"},
    "service_providers": ["a", "b"],
    "templates": {"one": "id", "two": {"name": "Two of them"}},
    "cohorts": {"spring": {"source": "a.csv", "columns": {"mrn": "No"}, "defaults": {"codes": ["one"]}}},
    "departures": [{"mrn": "A", "action": "delete", "reason": "moved"}],
    "include": ["patients/*.yaml"],
    "limits": {"create": "5", "cost": "10.50"},
    "settle": "2m",
    "callback_hosts": ["a.example.com"],
    "state": "sqlite:///x.db",
}
DOCUMENTS = st.builds(
    lambda dropped, added: {key: value for key, value in RIGHT.items() if key not in dropped} | added,
    st.sets(st.sampled_from(list(RIGHT)), max_size=4),
    st.dictionaries(st.sampled_from(KEYS), TREES, max_size=2),
)


@given(DOCUMENTS | TREES, st.booleans())
def test_both_validators_agree_about_every_document(document: Any, included: bool) -> None:
    agree(document_validator(included=included), document)


def test_a_right_file_is_valid() -> None:
    assert agree(document_validator(included=False), RIGHT)


@pytest.mark.parametrize("key", list(RIGHT))
def test_a_wrong_value_of_any_key_is_invalid(key: str) -> None:
    for wrong in ("", "\x07", ["\x07"], {"\x07": "\x07"}, "\ud800"):
        assert not agree(document_validator(included=False), {**RIGHT, key: wrong}), wrong


CASES = sorted(path for room in ("config/cases", "cases") for path in (ROOT / "tests" / room).rglob("*.yaml"))


def test_both_validators_agree_about_every_file_of_the_cases() -> None:
    verdicts = set()
    for path in CASES:
        try:
            tree = read_yaml(path.read_bytes(), path.name).tree
        except UnusableFile:
            continue
        verdicts.add(agree(document_validator(included="version" not in tree), tree))
        for node in tree.get("patients", ()) if isinstance(tree, dict) else ():
            verdicts |= {agree(patient_validator(dialect), node) for dialect in Dialect}
    assert len(CASES) > 100
    assert verdicts == {True, False}


def schemas_of_texts(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema that has a pattern."""
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node
        for value in node.values():
            yield from schemas_of_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas_of_texts(value)


PATTERNED = {
    schema["pattern"]: schema
    for root in (build_schema(), kind.SCHEMA, kind.PRO_SCHEMA)
    for schema in schemas_of_texts(root)
}
TRAPS = st.sampled_from(
    [*"\n\r\x1c\x85\u00a0\u0663\u2028\u3000\ufeff\u00e9\u0130\u017f\u212a\u2167", "\U0001d49c"]
)


@pytest.mark.parametrize("pattern", PATTERNED)
@given(data=st.data())
def test_a_pattern_means_the_same_in_both_dialects(pattern: str, data: st.DataObject) -> None:
    """Rust and Python differ about ``$``, ``\\s``, ``\\d`` and ``\\w``: all in texts that cannot be printed.

    So a pattern stands beside the format printable, and uses neither ``\\d`` nor ``\\w``.
    """
    schema = PATTERNED[pattern]
    assert schema["format"] == "printable"
    assert not re.search(r"\\[dDwWbB]|\(\?[a-z]", pattern)
    text = data.draw(st.from_regex(pattern) | ODD)
    at, trap = data.draw(st.integers(0, len(text))), data.draw(TRAPS | st.just(""))
    agree(Validator({**schema, "type": "string"}, "the text"), text[:at] + trap + text[at:])


@pytest.mark.parametrize("case", ["csv-rows-that-work", "texts-stay-texts", "usual-enough-mrns"])
def test_a_right_configuration_never_imports_jsonschema(case: str) -> None:
    path = ROOT / "tests" / "config" / "cases" / case
    text = (
        "import sys, pathlib; from kardia_ctl.config import load; "
        "load(pathlib.Path(sys.argv[1]), {}); sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", text, str(path)], check=False).returncode == 0


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_words_for_what_breaks_it(name: str) -> None:
    (finding,) = Validator({"type": "string", "format": name}, "the text").findings("\u200b")
    assert "is not valid" not in finding.message
