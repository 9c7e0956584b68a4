"""README and docs/ as programs: their blocks, and what a comment before a block says about it.

A page's ``sh`` blocks run in their order, in one directory and one shell. A comment right before a block
changes that:

- ``<!-- not run: REASON -->``: the block is only shown (it installs, asks for a password, or never ends).
- ``<!-- file: PATH -->``: the block's text is written to this file.
- ``<!-- output -->``: what the ``sh`` block before it printed; ``…`` stands for lines that were left out.

``<!-- setup`` starts a hidden ``sh`` block that ends with ``-->``. A line that ends with ``# exit N`` must
exit with that code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.paths import ROOT

PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK: Final = re.compile(
    r"(?:<!-- (?P<note>[^\n]*?) -->\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$"
    r"|<!-- setup\n(?P<setup>.*?)^-->$",
    re.MULTILINE | re.DOTALL,
)
_EXIT: Final = re.compile(r"^(?P<command>.*?)\s+# .*\bexit (?P<code>\d)\b.*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, or a hidden one, with the comment before it and its first line's number."""

    language: str
    text: str
    note: str
    line: int

    @property
    def runs(self) -> bool:
        return self.language == "sh" and not self.note.startswith("not run: ")

    @property
    def file(self) -> str:
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else ""


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["setup"] is not None:
            yield Block("sh", found["setup"], "", line)
        else:
            yield Block(found["language"], found["text"], found["note"] or "", line)


def script(page: Path) -> str:
    """The page as one bash script. Block N's standard output goes to the file ``.output-N``."""
    parts = ["set -euo pipefail"]
    for number, block in enumerate(blocks(page)):
        if block.file:
            parts.append(f"mkdir -p \"$(dirname '{block.file}')\"")
            parts.append(f"cat > '{block.file}' <<'END OF FILE'\n{block.text}END OF FILE")
        elif block.runs:
            parts.append(f"echo 'block at line {block.line}' >&2")
            parts.append(
                "{\n" + "\n".join(map(_checked, block.text.splitlines())) + f"\n}} > .output-{number}"
            )
    return "\n".join(parts) + "\n"


def _checked(line: str) -> str:
    found = _EXIT.match(line)
    if found is None:
        return line
    return f"code=0; {found['command']} || code=$?; [ $code = {found['code']} ]"


def outputs(page: Path) -> Iterator[tuple[int, Block]]:
    """Each block that shows output, with the number of the block that printed it."""
    printed = -1
    for number, block in enumerate(blocks(page)):
        if block.runs:
            printed = number
        elif block.note == "output":
            yield printed, block
