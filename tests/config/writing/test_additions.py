"""kardia.yaml gets further keys, and every byte that was there stays in its order; or nothing changes."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from kardia_ctl.config.writing.additions import Additions, keys_below, lines_to_add, with_additions

ALL = Additions(
    {"callback": "https://hooks.example.com/a$b"},
    {"one-year": "4qq0", "no": "1e5"},
    ("patients/a.yaml",),
    {"spring": "cohorts/spring.csv"},
)
READ: dict[str, Any] = {
    "callback": {"url": "https://hooks.example.com/a$$b"},
    "templates": {"one-year": "4qq0", "no": "1e5"},
    "include": ["patients/a.yaml"],
    "cohorts": {"spring": {"source": "cohorts/spring.csv"}},
}

EDITED: Sequence[str] = (
    "version: 1\n",
    "version: 1",
    "# a comment\nversion: 1\n\n# patients: []\n",
    "version: 1\r\nlimits:\r\n  create: 5\r\n",
    "\ufeffversion: 1\n",
    "---\nversion: 1\n",
    "version: 1\ntemplates:\n  own: x # why\n  # and below\n\nlimits: {create: 5}\n",
    "version: 1\ntemplates: {own: x}\ninclude: [a.yaml, 'b.yaml' ] # all\ncohorts: {}\n",
    "version: 1\ninclude: []\ntemplates: {\n  own: x,\n  other: {name: y}\n}\n",
    "version: 1\ninclude:\n- a.yaml\n-   'b.yaml'",
    "version: 1\ncohorts:\n    autumn:\n        source: x\n        defaults:\n            codes: [own]\n",
    "version: 1\ntemplates:\n  own:\n    name: >-\n      a long\n      name\n  last: y\n",
    'version: 1\n"include":\n  - "a.yaml"   \n',
    "version: 1\ninclude: [a.yaml, ]\n",
    "version: 1\ntemplates:\n  own: |\n    text\n",
    "version: 1\nteam: Zoë😀\ninclude: [ä😀.yaml]\n",
)
REFUSED: Sequence[str] = (
    "{version: 1}\n",
    "version: 1\ncallback: {url: x}\n",
    "version: 1\ntemplates: {one-year: x}\n",
    "version: 1\ncohorts:\n  spring: {source: x.csv}\n",
    "version: 1\n...\n",
    "  version: 1\n  team: x\n",
    "version: 1\ntemplates:\n  own: |+\n    text\n",
    "",
    "- a\n",
    "version: [1\n",
    "version: 1\ntemplates: text\n",
)


def is_kept(before: bytes, after: bytes) -> bool:
    """Whether every byte of the earlier file is there, in its order, with whole insertions between."""
    rest = iter(after)
    return all(byte in rest for byte in before)


def merged(before: str) -> dict[str, object]:
    tree = yaml.load(before, Loader=yaml.BaseLoader)
    for name, value in READ.items():
        there = tree.get(name, type(value)())
        tree[name] = [*there, *value] if isinstance(value, list) else {**there, **value}
    return dict(tree)


@pytest.mark.parametrize("before", EDITED)
def test_keys_are_added_where_they_belong(before: str) -> None:
    after = with_additions(before.encode(), ALL)
    assert after is not None
    assert is_kept(before.encode(), after)
    assert yaml.load(after, Loader=yaml.BaseLoader) == merged(before)
    assert (b"\r\n" in after) == ("\r\n" in before)
    assert b"\n" not in after.replace(b"\r\n", b"") or "\r\n" not in before


@pytest.mark.parametrize("before", REFUSED)
def test_what_is_not_plain_stays_as_it_is(before: str) -> None:
    assert with_additions(before.encode(), ALL) is None


def test_a_block_ends_before_the_blank_line_behind_it() -> None:
    before = "version: 1\ntemplates:\n  own: x  # mine\n\nlimits: {create: 5}\n"
    after = with_additions(before.encode(), Additions(templates={"one-year": "4qq0"}))
    assert after == before.replace("# mine\n", '# mine\n  one-year: "4qq0"\n').encode()


def test_the_lines_to_add_are_the_same_keys() -> None:
    assert yaml.load(lines_to_add(ALL), Loader=yaml.BaseLoader) == READ
    assert lines_to_add(Additions()) == ""
    assert not Additions()


def test_what_stands_below_a_key_is_read() -> None:
    assert keys_below(b"version: 1\ninclude: [a, b]\ncohorts: {x: {}}\n", "include") == ("a", "b")
    assert keys_below(b"version: 1\ncohorts: {x: {}}\n", "cohorts") == ("x",)
    assert keys_below(b"version: 1\n", "cohorts") == ()
    assert keys_below(b"version: [", "cohorts") == ()


_WORDS = some.text("ab-:#'\" \u00e9", min_size=1, max_size=5)
_TREES = some.fixed_dictionaries(
    {"version": some.just("1")},
    optional={
        "team": _WORDS,
        "include": some.lists(_WORDS, max_size=3),
        "templates": some.dictionaries(
            _WORDS, _WORDS | some.dictionaries(some.just("name"), _WORDS), max_size=3
        ),
        "cohorts": some.dictionaries(_WORDS, some.fixed_dictionaries({"source": _WORDS}), max_size=2),
    },
)


@settings(max_examples=300)
@given(
    tree=_TREES,
    flow=some.sampled_from([None, False]),
    indent=some.sampled_from([2, 4, 8]),
    width=some.sampled_from([5, 80]),
    end=some.sampled_from(["\n", "\r\n"]),
)
def test_however_a_file_is_written_the_rest_stays(
    tree: dict[str, object], flow: bool | None, indent: int, width: int, end: str
) -> None:
    before = yaml.dump(
        tree, default_flow_style=flow, indent=indent, width=width, line_break=end, allow_unicode=True
    )
    after = with_additions(before.encode(), ALL)
    if after is not None:
        assert is_kept(before.encode(), after)
        assert yaml.load(after, Loader=yaml.BaseLoader) == merged(before)
    else:  # PyYAML writes {} and [] for what is empty, and wraps long texts
        assert width == 5 or flow is None
