"""Every regular expression of the program, those inside functions too, and what is ambiguous about one."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import kardia_ctl

codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")  # the one that re itself uses
compiler: Any = importlib.import_module("re._compiler")

PACKAGE: Final = Path(kardia_ctl.__file__).parent
WHOLE: Final = frozenset({"match", "fullmatch"})
"""The methods that begin at one place only; the others begin anew at each character."""

ALPHABET: Final = "".join(map(chr, range(0x300))) + "\u0660\u2003\u200b\u2028\u3000\uff1d"
UNBOUNDED: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT)
REPEATS: Final = (*UNBOUNDED, codes.POSSESSIVE_REPEAT)
BEGINNING: Final = (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING)
Items = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, where it stands, and whether it is searched for at each character of a text."""

    place: str
    pattern: str | bytes
    flags: int
    is_searched: bool

    @property
    def tree(self) -> Items:
        """What ``re`` parses it to."""
        return list(parser.parse(self.pattern, self.flags & ~re.UNICODE))


def expressions(locals_of: dict[str, dict[str, Any]]) -> Iterator[Expression]:
    """Every call of ``re`` in the program. ``locals_of`` has examples of what a function calls a local name.

    Raises:
        NameError: an expression is made of a local name without an example.
    """
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name, text = ".".join(parts).removesuffix(".__init__"), path.read_text(encoding="utf-8")
        if "re." not in text or parts[-1] == "__main__":
            continue
        known = {**vars(importlib.import_module(name)), **locals_of.get(name, {})}
        tree = ast.parse(text)
        names = _names(tree)
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and re.fullmatch(r"re\.(?!escape)[a-z]+", ast.unparse(call.func)):
                yield _expression(f"{name}:{call.lineno}", call, known, text, names.get(id(call), ""))


def _names(tree: ast.Module) -> dict[int, str]:
    """The name that each compiled expression is given."""
    assigned = (node for node in ast.walk(tree) if isinstance(node, (ast.AnnAssign, ast.Assign)))
    return {
        id(node.value): ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
        for node in assigned
    }


def _expression(place: str, call: ast.Call, known: dict[str, Any], text: str, name: str) -> Expression:
    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), place, "eval"), known)

    method = ast.unparse(call.func).removeprefix("re.")
    given = call.args[1:] if method == "compile" else call.args[4:]
    flags = [value(node) for node in given] + [
        value(word.value) for word in call.keywords if word.arg == "flags"
    ]
    used = set(re.findall(rf"\b{re.escape(name)}\.([a-z]+)", text)) if name else set()
    methods = (used or {"search"}) if method == "compile" else {method}
    return Expression(place, value(call.args[0]), int(sum(flags)), not methods <= WHOLE)


@cache
def _characters(item: Any) -> frozenset[str]:
    single = compiler.compile(parser.SubPattern(parser.State(), [item]), 0)
    return frozenset(filter(single.fullmatch, ALPHABET))


def first(items: Items) -> tuple[frozenset[str], bool]:
    """The characters that a sequence may begin with, and whether it may be empty."""
    found: frozenset[str] = frozenset()
    for code, argument in items:
        begins, may_be_empty = _first(code, argument)
        found |= begins
        if not may_be_empty:
            return found, False
    return found, True


def _first(code: Any, argument: Any) -> tuple[frozenset[str], bool]:
    if code in REPEATS:
        begins, may_be_empty = first(list(argument[2]))
        return begins, may_be_empty or argument[0] == 0
    if code is codes.SUBPATTERN:
        return first(list(argument[-1]))
    if code is codes.ATOMIC_GROUP:
        return first(list(argument))
    if code is codes.BRANCH:
        branches = [first(list(branch)) for branch in argument[1]]
        return frozenset().union(*(begins for begins, _ in branches)), any(empty for _, empty in branches)
    if code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
        return frozenset(), True
    item = (code, tuple(argument) if isinstance(argument, list) else argument)
    return _characters(item), False


def nested(items: Items, *, inside: bool = False) -> bool:
    """Whether an unbounded repeat that may give back stands in another one and begins as it could go on."""
    for code, argument in items:
        if code in UNBOUNDED:
            _, most, body = argument
            unbounded = most == codes.MAXREPEAT
            if unbounded and inside and len(items) == 1:
                return True  # (a+)+
            if nested(list(body), inside=unbounded):
                return True
        elif code is codes.SUBPATTERN:
            if nested(list(argument[-1]), inside=inside and len(items) == 1):
                return True
        elif code is codes.BRANCH and any(nested(list(branch)) for branch in argument[1]):
            return True
    return False


def neighbours(items: Items) -> bool:
    """Whether two unbounded repeats, the first of which may give back, can share characters: a*b?a*."""
    items = _flat(items)
    for place, (code, argument) in enumerate(items):
        if code in REPEATS and neighbours(list(argument[2])):
            return True
        if code is codes.BRANCH and any(neighbours(list(branch)) for branch in argument[1]):
            return True
        if code in UNBOUNDED and argument[1] == codes.MAXREPEAT:
            taken = first(list(argument[2]))[0]
            for later, what in items[place + 1 :]:
                begins, may_be_empty = _first(later, what)
                if later in REPEATS and what[1] == codes.MAXREPEAT and begins & taken:
                    return True
                if not may_be_empty and not begins & taken:
                    break
    return False


def restarts(items: Items) -> bool:
    """Whether a search that fails late begins anew within what it has read: a+b over aaa, <x.*y over <x<x."""
    items = _flat(items)
    branches = next((argument[1] for code, argument in items if code is codes.BRANCH), None)
    if branches is not None and len(items) == 1:
        return any(restarts(list(branch)) for branch in branches)
    if items and ((items[0][0] is codes.ASSERT_NOT and items[0][1][0] < 0) or items[0][1] in BEGINNING):
        return False
    beginning = first(items)[0]
    for place, (code, argument) in enumerate(items):
        if code in REPEATS and argument[1] == codes.MAXREPEAT and not first(items[place + 1 :])[1]:
            body = _flat(list(argument[2]))
            reads = _first(*body[0])[0] if len(body) == 1 and body[0][0] not in COMPOUND else frozenset()
            prefix = frozenset().union(*(first([item])[0] for item in items[:place]), beginning)
            if prefix and prefix <= reads:
                return True
    return False


COMPOUND: Final = (*REPEATS, codes.BRANCH, codes.SUBPATTERN, codes.ATOMIC_GROUP)


def _flat(items: Items) -> Items:
    """The items, those of groups among them."""
    flat: Items = []
    for code, argument in items:
        flat += _flat(list(argument[-1])) if code is codes.SUBPATTERN else [(code, argument)]
    return flat
