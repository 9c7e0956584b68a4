"""What README and docs/ show is what the program does."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kardia_ctl.cli.main import root
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.app import create_app
from kardia_ctl.sandbox.data.invented import API_KEY
from kardia_ctl.sandbox.server import serving
from kardia_ctl.sandbox.webhook_sender import delivering
from tests.docs.pages import PAGES, blocks, outputs, script
from tests.paths import EXAMPLES, ROOT

_IDS = [page.name for page in PAGES]
_RUNNING = [page for page in PAGES if any(block.runs for block in blocks(page))]


@pytest.fixture
def endpoint() -> Iterator[str]:
    with Account(seed=7) as account, serving(create_app(account)) as url, delivering(account):
        yield url


@pytest.mark.parametrize("page", _RUNNING, ids=[page.name for page in _RUNNING])
def test_every_command_of_a_page_works(page: Path, tmp_path: Path, endpoint: str) -> None:
    text = script(page)
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns(".kardia"))
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=tmp_path,
        env=_environment(tmp_path, endpoint),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{page.name}:\n{done.stdout}\n{done.stderr}"
    for number, block in outputs(page):
        printed = (tmp_path / f".output-{number}").read_text(encoding="utf-8")
        assert _shown(block.text, printed), (
            f"{page.name}:{block.line} does not show what is printed:\n{printed}"
        )


def _environment(home: Path, endpoint: str) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "KARDIA_ENDPOINT": endpoint,
        "KARDIA_API_KEY": API_KEY,
    }


def _shown(text: str, printed: str) -> bool:
    """Whether a block's lines were printed in this order; only a line of an ellipsis leaves lines out."""
    parts = [part.strip("\n") for part in re.split(r"^\s*…$", text, flags=re.MULTILINE)]
    place = 0
    for part in filter(None, parts):
        place = printed.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def test_output_that_was_not_printed_is_found() -> None:
    assert _shown("one\n…\nthree", "one\ntwo\nthree\n")
    assert not _shown("one\n…\nfour", "one\ntwo\nthree\n")
    assert not _shown("three\n…\none", "one\ntwo\nthree\n")


@pytest.mark.parametrize("page", PAGES, ids=_IDS)
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    for words in _commands(page):
        command: click.Command = root
        context = click.Context(root)
        rest = words[1:]
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            found = command.get_command(context, rest[0])
            assert found is not None, f"{page.name}: {shlex.join(words)}"
            command, rest = found, rest[1:]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {
            "--help",
            "-h",
        }
        used = {word.partition("=")[0] for word in rest if re.match(r"-[a-zA-Z-]", word)}
        assert used <= known, f"{page.name}: {shlex.join(words)}"


def _commands(page: Path) -> Iterator[list[str]]:
    text = page.read_text(encoding="utf-8")
    inline = re.findall(r"`(kardia-ctl [^`\n]+)`", text)
    shown = [line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    for line in (*inline, *shown):
        start = line.find("kardia-ctl ")
        if start >= 0 and "#" not in line[:start] and "'kardia-ctl" not in line[:start]:
            words = re.split(r" [|&<>;]|&&|\|\|| #|[()]", line[start:])[0].replace("[", "").replace("]", "")
            yield words.replace("'", "").replace('"', "").split()


@pytest.mark.parametrize("page", PAGES, ids=_IDS)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in text] == []
