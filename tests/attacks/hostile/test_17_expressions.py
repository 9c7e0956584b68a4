"""No regular expression takes more than time in proportion to its text: kind 17."""

import importlib
import re
import resource
import signal
import subprocess
import sys
from typing import Any, Final

import pytest

from kardia_ctl.kinds.texts.damages import DAMAGES
from tests.attacks.hostile.expressions import Expression, expressions, neighbours, nested, parser, restarts

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "kardia_ctl.config.cohorts.dates": {"pattern": "(?P<year>[0-9]{4})-(?P<day>[0-9]{1,2})"},
    "kardia_ctl.config.cohorts.formats.ndjson": {"key": "mrn"},
    "kardia_ctl.api.scrubbing.sent_values": {"whole": r"(?<![^\W_])ab(?![^\W_])"},
    "kardia_ctl.sandbox.endpoints.callbacks": {"host": "hooks.example.com"},
    "kardia_ctl.render.reports.rules": {"words": ["duplicate key", "unknown key '[^']*'"]},
    "kardia_ctl.kinds.texts.damages": {"pattern": "NULL|None", "flags": re.IGNORECASE},
}
"""What the expressions that are made while the program runs are made of."""

SHAPES: Final = [
    Expression(f"kardia_ctl.kinds.texts.damages:{number}", shape.pattern.pattern, shape.pattern.flags, True)
    for number, shape in enumerate(DAMAGES)
]
"""What a spoiled value looks like, as it is searched for in every value."""

ALL: Final = [*expressions(EXAMPLES), *SHAPES]
SEARCHED: Final = {
    "kardia_ctl.api.error_body._TITLE": "<title",
    "kardia_ctl.api.scrubbing.layers._CODE_POINT": "\\",
    "kardia_ctl.api.scrubbing.layers._ESCAPED": "\\",
    "kardia_ctl.api.scrubbing.layers._SPACE": "\\",
    "kardia_ctl.csv_guard._UNSAFE": "' \"",
    "kardia_ctl.csv_guard._GUARDED": "' \"",
    "kardia_ctl.render.escape._ANYWHERE": "#",
    "kardia_ctl.render.problems._PLACE": "at a",
}
"""Measured with repeated beginnings."""

GIVES_BACK_A_NUMBER: Final = r"\bat \S+:\d+(:\d+)?|\d+"
"""The one whose repeats overlap: it gives back the digits after one colon, in a word that it began once."""


@pytest.mark.parametrize("found", ALL, ids=lambda found: f"{found.place} {found.pattern!s:.30}")
def test_no_expression_reads_its_text_again_and_again(found: Expression) -> None:
    assert not nested(found.tree)
    assert not neighbours(found.tree) or found.pattern == GIVES_BACK_A_NUMBER
    assert not (found.is_searched and restarts(found.tree))


def test_expressions_inside_functions_and_lists_are_among_them() -> None:
    places = {found.place.partition(":")[0] for found in ALL}
    assert {"kardia_ctl.kinds.likeness", *EXAMPLES} <= places
    assert len([found for found in ALL if found.place.startswith("kardia_ctl.api.scrubbing.scrub:")]) > 10


def searches(pattern: "re.Pattern[str]", beginning: str, seconds: int) -> bool:
    """Whether a search over a million characters of one beginning ends within so much processor time."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    program = "import re, sys; re.compile(sys.argv[1], int(sys.argv[2])).sub('', sys.stdin.read())"
    command = [sys.executable, "-c", program, pattern.pattern, str(pattern.flags)]
    text = beginning * (1_000_000 // len(beginning)) + "!"
    ran = subprocess.run(command, input=text, text=True, check=False, preexec_fn=bounded, timeout=600)
    assert ran.returncode in (0, -signal.SIGXCPU, -signal.SIGKILL), ran
    return ran.returncode == 0


@pytest.mark.parametrize("name", SEARCHED)
def test_a_search_over_repeated_beginnings_ends(name: str) -> None:
    """Quadratic, each would take an hour."""
    module, _, attribute = name.rpartition(".")
    assert searches(getattr(importlib.import_module(module), attribute), SEARCHED[name], seconds=60)


def test_a_search_that_reads_on_from_each_beginning_does_not_end() -> None:
    """Mutant: an expression that looks for the end anew at each of many beginnings."""
    assert not searches(re.compile("<title.*</title>"), "<title", seconds=1)


def test_the_check_of_expressions_sees_a_nested_repeat() -> None:
    """Mutant: an expression that repeats what is repeated."""
    for bad in ("(a+)+", "(?:a*)*b", "((?:x)+)*", "(a|b+)*|(c+)+"):
        assert nested(list(parser.parse(bad))), bad
    for good in ("(?:a+,)+", "(a{1,3}b)*", "[ab]+c*", "(?:[^a]++|b)*+"):
        assert not nested(list(parser.parse(good))), good


def test_the_check_of_expressions_sees_neighbours_that_overlap() -> None:
    """Mutant: two repeats that can divide a run of characters in many ways."""
    for bad in (r"\s*,?\s*$", r"\d+[.]?\d*x", "a*b?a*", "(?:x|[ab]+a+c)", "([a-z]+)([a-z0-9]+)@", "a+aa+b"):
        assert neighbours(list(parser.parse(bad))), bad
    for good in (r"\s*,\s*$", r"\d+[.]\d*x", "a*+b?a*", "a{1,9}a*", "[a-y]+z[a-y]+", r"\s*[+-]?\d+"):
        assert not neighbours(list(parser.parse(good))), good


def test_the_check_of_expressions_sees_a_search_that_begins_again() -> None:
    """Mutant: an expression that fails late, and is tried again within what it has read."""
    for bad in (r"\\+n", r"\s+$x", "<x.*y", "(a+)b", "x|a+b"):
        assert restarts(list(parser.parse(bad))), bad
    for good in (r"(?<!\\)\\+n", r"\s+", "^a+b", "<x[^<]*y", "a{1,9}b", "a+b?"):
        assert not restarts(list(parser.parse(good))), good
