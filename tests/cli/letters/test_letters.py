"""``letters``: a document for each patient with a code: private, whole, and over nothing but its own."""

import csv
import io
import json
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from kardia_ctl.cli.letters.letter_directory import LIST, letter_names
from kardia_ctl.cli.main import run
from tests.paths import EXAMPLES

HEADER = "mrn,code,template,issued,status\n"
ROWS = (
    HEADER
    + "A-1,AAAA-1111,one-year,2026-03-02T10:00:00Z,pending\n"
    + "A-2,BBBB-2222,one-year,2026-03-02T10:00:01Z,pending\n"
)
YAML = """version: 1
templates: {one-year: t1, half-year: t2}
patients:
  - {mrn: A-1, dob: 1970-02-03, email: ann@example.com, firstname: Ann, lastname: O'Hara, codes: [one-year]}
  - {mrn: A-2, dob: 1971-02-03, email: zoe@example.com, firstname: Zoë, lastname: Łucja, codes: [one-year]}
"""
LETTER = "Dear {{ firstname }} {{ lastname }},\n\nyour code is **{{ code }}**.\n"


@dataclass
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Mail:
    """A configuration, a file of codes, a template, and the command."""

    path: Path
    capture: pytest.CaptureFixture[str]

    @property
    def out(self) -> Path:
        return self.path / "out"

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, *options: str) -> Ran:
        code = run(["letters", str(self.path), "--codes", str(self.path / "codes.csv"), *options])
        captured = self.capture.readouterr()
        return Ran(code, captured.out, captured.err)

    def letters(self, *options: str, template: str = "letter.md.j2") -> Ran:
        return self.run("--template", str(self.path / template), "--out", str(self.out), *options)

    def read(self) -> dict[str, str]:
        return (
            {file.name: file.read_text() for file in sorted(self.out.glob("[!.]*"))}
            if self.out.exists()
            else {}
        )


@pytest.fixture
def mail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Mail:
    found = Mail(tmp_path, capsys)
    found.write("kardia.yaml", YAML)
    found.write("codes.csv", ROWS)
    found.write("letter.md.j2", LETTER)
    return found


FONT = Path(find_spec("matplotlib").submodule_search_locations[0]) / "mpl-data/fonts/ttf/DejaVuSans.ttf"  # type: ignore[union-attr,index]


def test_each_patient_with_a_code_gets_a_letter_that_only_its_owner_reads(mail: Mail) -> None:
    ran = mail.letters()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Wrote 2 letters into {mail.out}.\n"
    assert mail.read() == {
        "A-1.md": "Dear Ann O'Hara,\n\nyour code is **AAAA-1111**.\n",
        "A-2.md": "Dear Zoë Łucja,\n\nyour code is **BBBB-2222**.\n",
    }
    assert stat.S_IMODE(mail.out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in mail.out.iterdir()} == {0o600}


def test_no_letter_state_or_request_comes_of_it(mail: Mail) -> None:
    before = {file.name for file in mail.path.iterdir()}
    assert mail.letters().code == 0
    assert {file.name for file in mail.path.iterdir()} == before | {"out"}


def test_a_second_run_replaces_its_own_letters_and_nothing_else(mail: Mail) -> None:
    mail.letters()
    mail.write("letter.md.j2", "New: {{ code }}\n")
    assert mail.letters().code == 0
    assert mail.read()["A-1.md"] == "New: AAAA-1111\n"
    (mail.out / "A-2.md").write_text("corrected by hand")
    mail.write("letter.md.j2", "Newer: {{ code }}\n")
    ran = mail.letters()
    assert ran.code == 1
    assert f"{mail.out / 'A-2.md'}: kardia-ctl did not write it, or it was changed since" in ran.err
    assert mail.read() == {"A-1.md": "New: AAAA-1111\n", "A-2.md": "corrected by hand"}


def test_git_ignores_a_directory_of_letters_alone(mail: Mail) -> None:
    subprocess.run(["git", "init", "-q", str(mail.path)], check=True)
    mail.letters()
    (mail.path / "mine").mkdir()
    (mail.path / "mine" / "a.txt").write_text("mine")
    assert mail.run("--template", str(mail.path / "letter.md.j2"), "--out", str(mail.path / "mine")).code == 0
    status = ["git", "status", "--short", "--untracked-files=all"]
    ran = subprocess.run(status, cwd=mail.path, check=True, capture_output=True, text=True)
    shown = {line.split()[-1] for line in ran.stdout.splitlines()}
    assert not any(name.startswith("out/") for name in shown)
    assert "mine/a.txt" in shown


def test_a_file_of_somebody_else_is_not_replaced(mail: Mail) -> None:
    mail.out.mkdir()
    (mail.out / "A-1.md").write_text("mine")
    assert mail.letters().code == 1
    assert mail.read() == {"A-1.md": "mine"}


def test_a_run_that_broke_off_is_taken_up(mail: Mail) -> None:
    mail.letters()
    (mail.out / "A-1.md").write_text("Dear An")
    listed = json.loads((mail.out / LIST).read_text())
    listed["letters"]["A-1.md"] = ""
    (mail.out / LIST).write_text(json.dumps(listed))
    assert mail.letters().code == 0
    assert mail.read()["A-1.md"].startswith("Dear Ann")


def test_a_name_that_a_patient_does_not_have_is_an_error_and_no_letter_is_written(mail: Mail) -> None:
    mail.write("kardia.yaml", YAML.replace("firstname: Zoë, ", ""))
    ran = mail.letters()
    assert ran.code == 1
    assert (
        f"Error: {mail.path}/letter.md.j2:1: firstname is not declared: {mail.path}/kardia.yaml:5" in ran.err
    )
    assert not mail.out.exists()


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("\n{{ firstnam }}", "letter.md.j2:2: there is no firstnam; a letter has "),
        ("{{ firstname", "letter.md.j2:1: "),
        ("{% include '/etc/passwd' %}", "letter.md.j2:1: "),
        ("\n{{ mrn.__class__.__mro__ }}", "letter.md.j2:2: it cannot be rendered (SecurityError)"),
        ("{{ password }}", "letter.md.j2:1: password is not in the file of codes"),
        ("\n\n{{ 1 // (mrn | length - 3) }}", "letter.md.j2:3: it cannot be rendered (ZeroDivisionError)"),
    ],
)
def test_a_template_that_is_wrong_is_named_with_its_line(mail: Mail, template: str, reason: str) -> None:
    mail.write("letter.md.j2", template)
    ran = mail.letters()
    assert ran.code == 1
    assert reason in ran.err
    assert not mail.out.exists()


def test_a_patient_with_several_codes_has_them_in_a_list(mail: Mail) -> None:
    mail.write("kardia.yaml", YAML.replace("codes: [one-year]}", "codes: [one-year, half-year]}", 1))
    mail.write("codes.csv", ROWS + "A-1,CCCC-3333,half-year,,pending\nA-1,DDDD-4444,half-year,,pending\n")
    ran = mail.letters()
    assert ran.code == 1
    assert "code is that of the only code, and there are 2: write {% for one in codes %}" in ran.err
    mail.write("letter.md.j2", "{% for one in codes %}\n{{ one.template }}: {{ one.code }}\n{% endfor %}")
    assert mail.letters().code == 0
    assert mail.read()["A-1.md"] == "one-year: AAAA-1111\nhalf-year: DDDD-4444\n"


def test_who_has_no_letter_is_said(mail: Mail) -> None:
    more = "  - {mrn: A-3, dob: 1970-02-03, email: eve@example.com, firstname: Eve, codes: [one-year]}\n"
    mail.write(
        "kardia.yaml",
        YAML + more + more.replace("A-3", "A-4").replace("eve", "eva").replace(", codes: [one-year]", ""),
    )
    mail.write(
        "codes.csv", ROWS + "X-1,XXXX-1111,one-year,,\nX-2,XXXX-2222,one-year,,\nA-1,YYYY-1111,gone,,\n"
    )
    ran = mail.letters()
    assert ran.code == 0
    assert "Warning: no code in the file for 1 patient:" in ran.err
    assert "kardia.yaml:6. kardia-ctl codes --missing fetches what was issued" in ran.err
    assert "Warning: the file has codes of 2 patients who are not declared here" in ran.err
    assert "Warning: no letter has the codes of templates that are not declared any more:" in ran.err
    assert set(mail.read()) == {"A-1.md", "A-2.md"}
    mail.write("codes.csv", HEADER)
    assert mail.letters().code == 1


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--mrn", "A-2"], {"A-2.md"}),
        (["--target", "connection_code/A-1/one-year"], {"A-1.md"}),
        (["--target", "patient/A-1", "--mrn", "A-2"], {"A-1.md", "A-2.md"}),
    ],
)
def test_letters_for_some_patients(mail: Mail, options: list[str], names: set[str]) -> None:
    assert mail.letters(*options).code == 0
    assert set(mail.read()) == names


def test_a_generated_password_is_in_the_letter(mail: Mail) -> None:
    user = "mobile_user: {country: us, password: {generate: true}}}"
    mail.write("kardia.yaml", YAML.replace("codes: [one-year]}", user))
    mail.write("codes.csv", HEADER.replace("\n", ",password\n") + "A-1,,,,,old\nA-1,,,,,=new'x\n")
    mail.write("letter.txt.j2", "{{ password }}\n")
    ran = mail.letters(template="letter.txt.j2")
    assert ran.code == 0
    assert mail.read() == {"A-1.txt": "=new'x\n"}


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        (".md", "O\\_Brien \\*x\\* \\& b"),
        (".html", "O_Brien *x* &amp; b"),
        (".txt", "O_Brien *x* & b"),
    ],
)
def test_a_value_is_no_markup(mail: Mail, suffix: str, written: str) -> None:
    mail.write("kardia.yaml", YAML.replace("firstname: Ann", 'firstname: "O_Brien *x* & b"'))
    mail.write(f"letter{suffix}.j2", "{{ firstname }}")
    assert mail.letters("--mrn", "A-1", template=f"letter{suffix}.j2").code == 0
    assert mail.read() == {f"A-1{suffix}": written}


def test_file_names_are_safe_and_each_its_own() -> None:
    mrns = ["a/b", "../x", ".", "A-1", "a-1", "é", "~x", "n" * 190, "n" * 191, "con:1", "a b"]
    names = letter_names(mrns, ".md")
    assert len({name.casefold() for name in names.values()}) == len(mrns)
    for name in names.values():
        assert len(name.encode()) <= 200
        assert not set(name) & set('/\\:*?"<>| ')
        assert not name.startswith(".")
    assert names["A-1"] == "A-1.md"


# The table


def test_the_table_has_the_names_beside_the_codes(mail: Mail) -> None:
    file = mail.path / "mail.csv"
    assert mail.run("--csv", str(file)).code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [(row["mrn"], row["firstname"], row["code"]) for row in rows] == [
        ("A-1", "Ann", "AAAA-1111"),
        ("A-2", "Zoë", "BBBB-2222"),
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert mail.run("--csv", str(file), "--delimiter", ";", "--bom").code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfmrn;firstname;lastname;")
    assert mail.run("--csv", str(file), "--delimiter", "tab").code == 0
    assert file.read_text().startswith("mrn\tfirstname\t")


def test_no_cell_of_the_table_is_a_formula(mail: Mail) -> None:
    mail.write("kardia.yaml", YAML.replace("email: ann@example.com", "email: +ann@example.com"))
    file = mail.path / "mail.csv"
    assert mail.run("--csv", str(file)).code == 0
    assert ",'+ann@example.com," in file.read_text()


def test_the_table_replaces_no_other_file_and_is_never_printed(mail: Mail) -> None:
    file = mail.write("mail.csv", "mine\n")
    for target in (
        file,
        mail.path / "codes.csv",
        mail.path / "kardia.yaml",
        Path("/dev/stdout"),
        Path("/dev/stderr"),
    ):
        ran = mail.run("--csv", str(target))
        assert ran.code == 1
        assert "AAAA-1111" not in ran.out + ran.err
    assert (file.read_text(), (mail.path / "codes.csv").read_text()) == ("mine\n", ROWS)


# Options

PDF = ("--template", "letter.md.j2", "--out", "o", "--pdf")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "name a template and a directory"),
        (["--template", "letter.md.j2"], "--template FILE and --out DIR belong together"),
        (["--csv", "x.csv", "--template", "letter.md.j2", "--out", "o"], "name a template and a directory"),
        (["--template", "letter.md.j2", "--out", "o", "--bom"], "--delimiter and --bom are for --csv FILE"),
        (["--template", "letter.md.j2", "--out", "o", "--font", "f.ttf"], "--font is for --pdf"),
        (["--csv", "x.csv", "--delimiter", "ab"], "--delimiter is one character"),
        (["--template", "gone.md.j2", "--out", "o"], "--template gone.md.j2:1: no such file"),
        (["--template", "letter.html.j2", "--out", "o", "--pdf"], "name the template NAME.md.j2"),
        ([*PDF, "--font", "gone.ttf"], "--font gone.ttf: there is no such file"),
        ([*PDF, "--font", "letter.md.j2"], "letter.md.j2 is no font that can be read"),
        (["--template", "letter.md.j2", "--out", ".kardia/o"], "which holds keys and state"),
        (["--template", "letter.md.j2", "--out", "letter.md.j2"], "is a file"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(
    mail: Mail, monkeypatch: pytest.MonkeyPatch, options: list[str], reason: str
) -> None:
    monkeypatch.chdir(mail.path)
    mail.write("letter.html.j2", "{{ code }}")
    code = run(["letters", "--codes", "codes.csv", *options])
    assert code == 1
    assert reason in mail.capture.readouterr().err
    assert not Path("o").exists()


def test_a_file_that_is_none_of_codes_is_refused(mail: Mail) -> None:
    mail.write("codes.csv", "mrn,name\nA-1,Ann\n")
    assert "codes.csv:1: this is not a row of codes, as apply --codes-out writes it" in mail.letters().err
    (mail.path / "codes.csv").unlink()
    assert "codes.csv, the file of codes, could not be read: No such file or directory" in mail.letters().err


# PDF


def text_of(file: Path) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(file).pages)


def test_letters_are_printed_as_pdf(mail: Mail) -> None:
    shutil.copy(EXAMPLES / "letters" / "letter.md.j2", mail.path)
    ran = mail.letters("--pdf", "--font", str(FONT))
    assert (ran.code, ran.err) == (0, "")
    assert sorted(file.name for file in mail.out.glob("*.pdf")) == ["A-1.pdf", "A-2.pdf"]
    text = text_of(mail.out / "A-2.pdf")
    assert "Dear Zoë Łucja" in text
    assert "BBBB-2222" in text
    assert "**" not in text
    assert mail.letters("--pdf", "--font", str(FONT), "--paper", "letter").code == 0


def test_a_character_that_no_font_has_is_an_error_that_shows_nothing_of_the_name(mail: Mail) -> None:
    mail.write("kardia.yaml", YAML.replace("lastname: Łucja", "lastname: 漢字"))
    ran = mail.letters("--pdf", "--font", str(FONT))
    assert ran.code == 1
    assert (
        "no font here has 2 characters of the letter. Name one that has, beside others, with --font FILE: "
        f"{mail.path}/kardia.yaml:5" in ran.err
    )
    assert not {"漢", "字", "Zoë"} & set(ran.out + ran.err)
    assert not mail.out.exists()


@pytest.mark.parametrize("piece", ["![x](y.png)"])
def test_what_no_letter_can_have_is_an_error(mail: Mail, piece: str) -> None:
    mail.write("letter.md.j2", f"{LETTER}\n{piece}\n")
    ran = mail.letters("--pdf", "--font", str(FONT))
    assert ran.code == 1
    assert "a letter in PDF cannot have this: image" in ran.err
    assert not mail.out.exists()


# Nothing of it is seen elsewhere


def test_names_and_codes_are_in_the_letters_alone(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        "Ann",
        "O'Hara",
        "Zoë",
        "AAAA-1111",
        "BBBB-2222",
        "ann@example.com",
        "A-1",
        "A-2",
        "1970-02-03",
    )
    monkeypatch.setenv("KARDIA_LOG", "debug")
    shown = ""
    for options in ([], ["--pdf", "--font", str(FONT)]):
        ran = mail.letters(*options)
        shown += ran.out + ran.err
    ran = mail.run("--csv", str(mail.path / "mail.csv"))
    shown += ran.out + ran.err
    mail.write("letter.md.j2", "{{ codes[7].code }} {{ firstname }}")
    ran = mail.letters()
    shown += ran.out + ran.err
    mail.write("codes.csv", ROWS + "Z-9,ZZZZ-9999,one-year,,\nA-1,AAAA-1111\n")
    ran = mail.letters()
    shown += ran.out + ran.err
    assert "this is not a row of codes" in shown
    assert not [secret for secret in (*secrets, "Z-9", "ZZZZ-9999") if secret in shown]
