"""No regular expression takes more than time in proportion to its text: kind 17."""

import importlib
import pkgutil
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kardia_ctl

codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")  # the one that re itself uses

PACKAGE = Path(kardia_ctl.__file__).parent


def expressions() -> Iterator[tuple[str, "re.Pattern[Any]"]]:
    for module in pkgutil.walk_packages([str(PACKAGE)], "kardia_ctl."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            found = value if isinstance(value, (list, tuple)) else [value]
            for each in found:
                for pattern in each if isinstance(each, tuple) else [each]:
                    if isinstance(pattern, re.Pattern):
                        yield f"{module.name}.{name}", pattern


def nested(tree: Any, *, inside: bool = False) -> bool:
    """Whether an unbounded repeat that may give back stands in another one and begins as it could go on."""
    for code, argument in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _, most, body = argument
            unbounded = most == codes.MAXREPEAT
            if unbounded and inside and len(tree) == 1:
                return True  # (a+)+
            if nested(body, inside=unbounded):
                return True
        elif code is codes.SUBPATTERN:
            if nested(argument[-1], inside=inside and len(tree) == 1):
                return True
        elif code is codes.BRANCH and any(nested(branch) for branch in argument[1]):
            return True
    return False


@pytest.mark.parametrize(("name", "pattern"), list(expressions()), ids=lambda value: str(value)[:60])
def test_no_expression_repeats_what_is_repeated(name: str, pattern: "re.Pattern[Any]") -> None:
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    assert not nested(parser.parse(pattern.pattern, flags)), name


SEARCHED = {
    "kardia_ctl.api.error_body._TITLE": "<title",
    "kardia_ctl.csv_guard._UNSAFE": "' \"",
    "kardia_ctl.csv_guard._GUARDED": "' \"",
    "kardia_ctl.render.escape._ANYWHERE": "#",
    "kardia_ctl.render.problems._PLACE": "at a",
}


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
    (pattern,) = {pattern for found, pattern in expressions() if found == name}
    assert searches(pattern, SEARCHED[name], seconds=60)


def test_a_search_that_reads_on_from_each_beginning_does_not_end() -> None:
    """Mutant: an expression that looks for the end anew at each of many beginnings."""
    assert not searches(re.compile("<title.*</title>"), "<title", seconds=1)


def test_the_check_of_expressions_sees_a_nested_repeat() -> None:
    """Mutant: an expression that repeats what is repeated."""
    for bad in ("(a+)+", "(?:a*)*b", "((?:x)+)*", "(a|b+)*|(c+)+"):
        assert nested(parser.parse(bad)), bad
    for good in ("(?:a+,)+", "(a{1,3}b)*", "[ab]+c*", "(?:[^a]++|b)*+"):
        assert not nested(parser.parse(good)), good
