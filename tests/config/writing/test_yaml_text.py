"""What is written as YAML is read as the same text by every reader that people have."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some
from yamllint import linter
from yamllint.config import YamlLintConfig

from kardia_ctl.config.writing.yaml_text import commented, key, patient_entry, quoted
from kardia_ctl.config.yaml.parser import read_yaml
from tests.paths import ROOT

ODD: Final = (
    *(
        "0012345",
        "1e5",
        "123e4567",
        "0x1F",
        "0o17",
        "0b11",
        "+12",
        "-0042",
        ".5",
        "1_000",
        "1.0",
        "12:30",
        "1:2:3",
    ),
    *(
        "No",
        "no",
        "NO",
        "yes",
        "on",
        "Off",
        "y",
        "N",
        "true",
        "False",
        "~",
        "null",
        "Null",
        "NULL",
        ".inf",
        ".NaN",
    ),
    *(
        "2000-07-21",
        "2000-07-21T00:00:00Z",
        "2000-07-21 10:00:00",
        "<<",
        "=",
        "!",
        "!!str x",
        "&a",
        "*a",
        "%TAG",
    ),
    *(
        "- x",
        "-",
        "---",
        "...",
        "? x",
        ": x",
        "x: y",
        "x:",
        "# x",
        "x # y",
        "x #",
        "[x]",
        "{x: y}",
        "[",
        "]",
        "{",
        "}",
    ),
    *(
        ",",
        "a, b",
        "|",
        ">",
        ">-",
        "@x",
        "`x`",
        "'",
        "''",
        "'x'",
        '"',
        '""',
        '"x"',
        "O'Brien",
        'Ann "Nan" Lee',
        "\\",
    ),
    *(
        "\\n",
        "\\u0041",
        "C:\\x",
        'a\\"b',
        "x\\",
        'it\'s "x"',
        " ",
        "  x",
        "x  ",
        "\t",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\n",
    ),
    *(
        "\x85",
        "a\u2028b",
        "\u2029",
        "\ufeff",
        "x\ufeff",
        "\u00a0x",
        "x\u200b",
        "می‌خواهم",
        "\u0d23\u0d4d\u200d",
    ),
    *(
        "😀",
        "👩‍⚕️",
        "Zoë",
        "Zoe\u0308",
        "Ørsted",
        "李",
        "ﷺ",
        "\U0001f468\u200d\U0001f469",
        "\x00",
        "\x07",
        "\x1b[31m",
    ),
    *(
        "\x7f",
        "\x9b",
        "\ue000",
        "\U0010fffd",
        "\ufffd",
        "\uffff",
        "${HOME}",
        "$$",
        "%41",
        "&amp;",
        "x" * 1000,
    ),
)
"""Texts that some reader of plain YAML takes for something else, and whole alphabets of marks."""

_PARTS: Final = (*ODD, *"abzAZ019 -_.:#,'\"\\/%&*!|>@`?[]{}~=+éß中", "e", "x", "T", "Z", "\u200d", "\u0301")


def odd_texts(count: int) -> list[str]:
    """All of ``ODD``, and texts that are made of parts of it; always the same."""
    random = Random(13)
    made = {"".join(random.choices(_PARTS, k=random.randrange(1, 6)))[:1000] for _ in range(2 * count)}
    return [*ODD, *sorted(made - set(ODD))][:count]


def file_of(texts: Sequence[str]) -> str:
    """A file with every text as a value, in a list of patients, and as a key where it can be a label."""
    entries = (patient_entry({"mrn": text, "lastname": text}) for text in texts)
    labels = (f"  {key(text)}: {quoted(text)}\n" for text in filter(_is_label, texts))
    return "".join(("patients:\n", *entries, "keys:\n", *labels))


def _is_label(text: str) -> bool:
    """Whether our own reader takes a text as a key of this length at all."""
    return len(text) <= 100 and text != "<<"


def expected(texts: Sequence[str]) -> dict[str, Any]:
    return {
        "patients": [{"mrn": text, "lastname": text} for text in texts],
        "keys": {text: text for text in filter(_is_label, texts)},
    }


def node_modules() -> Path:
    """The directory with yaml and prettier of npm; without it a test is skipped, and fails in CI."""
    found = ROOT / "build" / "yaml" / "node_modules"
    if shutil.which("node") and (found / "yaml").is_dir() and (found / "prettier").is_dir():
        return found
    message = "no node, yaml or prettier: npm install --prefix build/yaml yaml prettier"
    if "TESTS_IN_CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_pyyaml_reads_ten_thousand_odd_texts_as_they_are(loader: Any) -> None:
    texts = odd_texts(10_000)
    assert len(texts) == 10_000
    assert yaml.load(file_of(texts), Loader=loader) == expected(texts)


def test_our_own_reader_does_too() -> None:
    texts = odd_texts(10_000)
    assert read_yaml(file_of(texts).encode(), "f").tree == expected(texts)


def test_yaml_of_npm_does_too_and_prettier_leaves_them_as_they_are(tmp_path: Path) -> None:
    texts, file = odd_texts(10_000), tmp_path / "odd.yaml"
    file.write_text(file_of(texts), encoding="utf-8", newline="")
    script = Path(__file__).with_name("read_with_npm.mjs")
    command = ["node", str(script), str(node_modules()), str(file)]
    ran = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    read = json.loads(ran.stdout)
    assert read["core"] == expected(texts)
    assert read["older"] == expected(texts)
    assert read["formatted"] == file_of(texts)


def test_yamllint_has_nothing_against_them() -> None:
    texts = [text for text in odd_texts(10_000) if len(text) < 60]
    settings = YamlLintConfig("{extends: default, rules: {document-start: disable, line-length: disable}}")
    found = [str(problem) for problem in linter.run(file_of(texts), settings)]
    assert found == []


@given(some.text(some.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_comes_back(text: str) -> None:
    written = f"{key(text)}: {quoted(text)}\n"
    assert written.count("\n") == 1
    for loader in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        assert yaml.load(written, Loader=loader) == {text: text}


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        quoted("a\ud800")


def test_comments_hold_no_line_of_their_own() -> None:
    entry = patient_entry({"mrn": "a\nb", "lastname": "c\u2028d"})
    assert all(line.startswith("# ") for line in commented(entry).splitlines())
    assert yaml.safe_load(commented(entry)) is None
