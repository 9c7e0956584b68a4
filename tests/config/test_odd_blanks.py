"""A blank that people cannot see is named where it makes a word or an indentation another one."""

from pathlib import Path

import pytest

from kardia_ctl.config import load
from kardia_ctl.model.errors import ConfigurationError

PATIENT = "  - mrn: A-1\n    dob: 1970-02-03\n    email: a1@example.com\n"


def refused(folder: Path, text: str) -> list[str]:
    (folder / "kardia.yaml").write_text(f"version: 1\npatients:\n{text}", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(folder, {})
    return [f"{found.source.line}:{found.source.column}: {found.message}" for found in caught.value.problems]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("    dob", "   \u00a0dob", "4:4: U+00A0 NO-BREAK SPACE stands in the indentation"),
        ("  - mrn", "  -\u00a0mrn", "3:4: U+00A0 NO-BREAK SPACE stands in the indentation"),
        ("    email", "\u3000email", "5:1: U+3000 IDEOGRAPHIC SPACE stands in the indentation"),
        ("    email", "    \u200bemail", "5:5: U+200B ZERO WIDTH SPACE stands in the indentation"),
        ("dob: ", "dob:\u00a0", "4:9: U+00A0 NO-BREAK SPACE stands after a colon"),
        ("email:", "email\u00a0:", "5:5: unknown key: it is email with U+00A0 NO-BREAK SPACE at character 6"),
        (
            "dob: ",
            "dob: \u00a0",
            "4:10: dob has a character that cannot be printed: U+00A0 NO-BREAK SPACE at",
        ),
    ],
    ids=ascii,
)
def test_yaml_names_the_blank_and_its_place(tmp_path: Path, before: str, after: str, message: str) -> None:
    found = refused(tmp_path, PATIENT.replace(before, after))
    assert any(line.startswith(message) for line in found), found


def test_a_blank_of_another_script_is_taken_where_it_is_no_structure(tmp_path: Path) -> None:
    text = f"version: 1\n# Stand:\u00a029.\u00a0Mai\npatients:\n{PATIENT}  # \u00a0\n"
    (tmp_path / "kardia.yaml").write_text(text, encoding="utf-8")
    assert list(load(tmp_path, {}).desired.patients) == ["A-1"]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("lastname\u00a0", "U+00A0 NO-BREAK SPACE at character 9"),
        ("\u200blastname", "U+200B ZERO WIDTH SPACE at character 1"),
        (" lastname", "U+0020 SPACE at character 1"),
    ],
    ids=ascii,
)
def test_a_header_that_is_not_read_for_a_blank_is_a_warning(tmp_path: Path, header: str, words: str) -> None:
    (tmp_path / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.csv}}\n", encoding="utf-8")
    row = f"mrn,dob,email,{header}\nA-1,1970-02-03,a1@example.com,Lee\n"
    (tmp_path / "c.csv").write_text(row, encoding="utf-8")
    (warning,) = load(tmp_path, {}).warnings
    assert words in warning
    (tmp_path / "c.csv").write_text(
        row.replace("mrn,", f"{header.replace('lastname', 'mrn')},"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match="one that looks like it has U"):
        load(tmp_path, {})
