"""The screen in front of the whole file's schema accepts nothing that jsonschema refuses, and is not idle."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.config.schema.build import build_schema, document_schema, document_validator
from kardia_ctl.config.schema.fast_check import accepts
from tests.paths import EXAMPLES

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
def test_what_the_screen_accepts_jsonschema_accepts(document: Any, included: bool) -> None:
    if accepts(document_schema(included=included), document):
        assert list(document_validator(included=included).iter_errors(document)) == []


def test_a_right_file_passes_the_screen() -> None:
    assert accepts(document_schema(included=False), RIGHT)


@pytest.mark.parametrize("key", list(RIGHT))
def test_a_wrong_value_of_any_key_does_not_pass(key: str) -> None:
    for wrong in ("", "\x07", ["\x07"], {"\x07": "\x07"}):
        assert not accepts(document_schema(included=False), {**RIGHT, key: wrong}), wrong


def test_a_keyword_that_is_not_known_is_left_to_jsonschema() -> None:
    assert not accepts({"type": "string", "contentEncoding": "base64"}, "x")


@pytest.mark.parametrize("example", ["clinic", "cohort", "formats", "minimal"])
def test_a_right_configuration_never_imports_jsonschema(example: str) -> None:
    path = EXAMPLES / example
    text = (
        "import sys, pathlib; from kardia_ctl.config import load; "
        "load(pathlib.Path(sys.argv[1]), {}); sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", text, str(path)], check=False).returncode == 0
