"""The messages that docs/troubleshooting.md explains are the program's."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import kardia_ctl
from tests.paths import ROOT

_PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
_MESSAGES = re.findall(r"^\| `([^`]+)` \|", _PAGE, re.MULTILINE)


def _texts() -> Iterator[str]:
    """Every text in the product's source; what an f-string fills in is an ellipsis."""
    for file in Path(kardia_ctl.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(_part(part) for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _part(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "…"


def _is_said(message: str, texts: list[str]) -> bool:
    parts = [part.strip() for part in message.split("…") if part.strip()]
    return any(all(part in text for part in parts) for text in texts)


def test_every_message_of_the_page_is_one_of_the_program() -> None:
    texts = list(_texts())
    assert len(_MESSAGES) > 10
    assert [message for message in _MESSAGES if not _is_said(message, texts)] == []


def test_a_message_that_the_program_does_not_have_is_found() -> None:
    assert not _is_said("the moon … is full", list(_texts()))
