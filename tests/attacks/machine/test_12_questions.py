"""Every question: Ctrl-C, Ctrl-D and signals are a no that leaves no trace; no terminal is an error."""

import re
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import pytest

from kardia_ctl.cli import commands, interrupts
from kardia_ctl.cli.main import COMMANDS
from kardia_ctl.cli.output import terminal
from kardia_ctl.model.errors import Interrupted
from tests.attacks.processes import Site, Terminal, in_terminal, site
from tests.attacks.safeguards import removed
from tests.config.encryption.sealing import OURS

TEMPLATE = "4qq0q0tSkSKziiUcyjOYbpi9whdo7403"
WITH_CODES = (
    f"version: 1\ntemplates: {{one-year: {TEMPLATE}}}\n"
    "cohorts: {c: {source: c.csv, defaults: {codes: [one-year]}}}\n"
)


def _applied(place: Site) -> None:
    code, out, err = place.run("apply", "--auto-approve")
    assert code == 0, out + err


def _leaving(place: Site) -> None:
    _applied(place)
    rows = (place.path / "c.csv").read_text().splitlines()
    (place.path / "c.csv").write_text("\n".join([rows[0], *rows[2:], ""]))
    with (place.path / "kardia.yaml").open("a") as opened:
        opened.write("departures:\n  - {mrn: S-0000, action: delete, reason: asked for it}\n")


def _drifted(place: Site) -> None:
    _applied(place)
    for patient in place.account.patients.all():
        place.account.patients.change(patient.id, firstname="Annabel")


def _sealed(place: Site) -> None:
    """An encrypted file, and an editor that leaves what is no YAML."""
    with (place.path / "kardia.yaml").open("a") as opened:
        opened.write(f"recipients: [{OURS.recipient}]\ninclude: [p.yaml.age]\n")
    entry = "patients:\n  - {mrn: P-1, dob: 1970-02-03, email: p@example.com}\n"
    (place.path / "p.yaml.age").write_bytes(OURS.sealed(entry))
    editor = place.path.parent / "editor.sh"
    editor.write_text("#!/bin/sh\necho 'patients: [' > \"$1\"\n")
    editor.chmod(0o700)
    place.environ |= {"KARDIA_AGE_IDENTITY": OURS.text, "EDITOR": str(editor), "VISUAL": ""}


def _none(_: Site) -> None:
    """No-op preparation."""


@dataclass(frozen=True)
class Question:
    """A command that asks, what has to be there before, and what its question ends with."""

    words: tuple[str, ...]
    prepare: Callable[[Site], None] = _none
    ends: str = "Enter a value"
    way_out: str = "--auto-approve"


QUESTIONS = {
    "apply": Question(("apply",)),
    "apply, a departure": Question(("apply",), _leaving),
    "apply again": Question(("apply", "--reissue", "connection_code/S-0001/one-year"), _leaving),
    "codes": Question(("codes", "--codes-out", "codes.csv"), _applied),
    "state forget": Question(("state", "forget", "patient/S-0000"), _applied),
    "rotate-key": Question(("rotate-key", "--out", "new.key")),
    "api": Question(("api", "POST", "/v1/patients", "-f", "mrn=S-1")),
    "get patients": Question(("get", "patients", "--name"), ends="Name: ", way_out="--name"),
    "encrypt --edit": Question(
        ("encrypt", "--edit", "p.yaml.age"), _sealed, ends="discards the text: ", way_out="to correct it on"
    ),
    "import --update": Question(("import", "--update"), _drifted, ends="[q]uit: ", way_out="--accept"),
    "recordings qt": Question(("recordings", "qt", "rec-1", "--qt", "400")),
    "login": Question(
        ("login", "--email", "doctor@example.com", "--print"), ends="Password", way_out="--password-stdin"
    ),
}
"""Every question, by the command that asks it."""

ANSWERS: dict[str, bytes | tuple[Signals, ...]] = {
    "^C": b"\x03",
    "^C^C": b"\x03\x03",
    "^D": b"\x04",
    "a word, ^C": b"yes\x03",
    "a word, ^D^D": b"yes\x04\x04",  # the end of the input after a line that Enter did not end
    "TERM": (SIGTERM,),
    "HUP": (SIGHUP,),
    "INT INT": (SIGINT, SIGINT),
    "HUP TERM": (SIGHUP, SIGTERM),
}


@contextmanager
def asked(tmp_path: Path, question: Question) -> Iterator[Site]:
    """A site on which a command is about to ask, and which nothing may have changed afterwards."""
    with site(tmp_path, count=3, yaml=WITH_CODES) as place:
        question.prepare(place)
        state, files, writes = place.store.load(), _files(place), _writes(place)
        yield place
        assert place.store.load() == state
        assert (place.store.activity(), place.intents()) == ("", [])
        assert _files(place) == files
        assert _writes(place) == writes


def _files(place: Site) -> dict[str, bytes]:
    """What lies in the configuration's directory; of .kardia the names alone, without what SQLite adds."""
    return {
        str(file.relative_to(place.path)): file.read_bytes()
        for file in place.path.rglob("*")
        if file.is_file() and ".kardia" not in file.parts
    }


def _writes(place: Site) -> int:
    """Requests that have an effect."""
    return sum(
        one.method != "GET" or one.route.endswith(("/code", "/export"))
        for one in place.account.requests.all()
    )


def _answered(place: Site, question: Question, answer: bytes | tuple[Signals, ...]) -> Terminal:
    terminal = in_terminal(place, *question.words)
    before = termios.tcgetattr(terminal.master)
    terminal.read_until(question.ends)
    time.sleep(0.3)  # until it waits for the answer
    if isinstance(answer, bytes):
        for key in (answer[n : n + 1] for n in range(len(answer))):
            terminal.type(key)
            time.sleep(0.05)
    else:
        for number in answer:
            terminal.process.send_signal(number)
            time.sleep(0.05)
    assert terminal.end() == 1, terminal.text
    assert termios.tcgetattr(terminal.master) == before
    return terminal


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_signal_or_the_end_of_the_input_is_a_no(tmp_path: Path, name: str) -> None:
    question = QUESTIONS[name]
    with asked(tmp_path, question) as place:
        for answer in ANSWERS.values():
            text = _answered(place, question, answer).text
            assert b"interrupted. Nothing more was sent." in text
            assert b"Traceback" not in text
            assert b"aborted" not in text


@pytest.mark.parametrize("name", QUESTIONS)
def test_without_a_terminal_it_is_an_error_that_names_the_way_out(tmp_path: Path, name: str) -> None:
    question = QUESTIONS[name]
    with asked(tmp_path, question) as place:
        for stdin in ("<&-", "</dev/null", "<c.csv"):
            code, _, err = place.run(*question.words, shell=f'"$@" {stdin}')
            assert (code, question.way_out in err, "Traceback" in err) == (1, True, False), err


@pytest.mark.parametrize("name", ["apply", "login"])
def test_what_is_no_text_is_no_answer(tmp_path: Path, name: str) -> None:
    question = QUESTIONS[name]
    with asked(tmp_path, question) as place:
        text = _answered(place, question, b"\xff\n").text
        assert b"Internal error" not in text
        assert b"Nothing was done." in text or b"the password is not UTF-8" in text


def test_with_the_end_of_the_input_for_enter_the_attack_succeeds(tmp_path: Path) -> None:
    """The mutant: a line counts however it ended."""
    script = tmp_path / "mutant.py"
    script.write_text(ANY_END)
    with site(tmp_path, count=1) as place:
        terminal = in_terminal(place, "apply", command=(sys.executable, str(script)))
        terminal.read_until("Enter a value")
        terminal.type(b"yes\x04\x04")
        terminal.end()
        assert place.posts() == 1


ANY_END = """
import sys
from types import SimpleNamespace
from kardia_ctl.cli.main import main
from kardia_ctl.cli.output import terminal
typed = sys.stdin.buffer
reader = SimpleNamespace(readline=lambda: typed.readline() + b"\\n")
terminal.sys = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True, buffer=reader), stdout=sys.stdout)
main()
"""


def test_every_question_of_the_program_is_here() -> None:
    """Each place that asks stands in one of the commands above."""
    folder = Path(commands.__file__).parent
    asking = {
        file.relative_to(folder).parts[0].removesuffix(".py")
        for file in folder.rglob("*.py")
        if re.search(r"\bconfirm\(|\bread_answer\(|\bprompt\(|\binput\(|getpass", file.read_text())
    }
    assert asking == {COMMANDS[question.words[0]][0].partition(".")[0] for question in QUESTIONS.values()}


class _NeverRead:
    """A terminal whose input nobody may wait for."""

    def __init__(self) -> None:
        self.buffer = self

    def readline(self) -> bytes:
        raise AssertionError("it waits for an answer")


@pytest.mark.parametrize("when", ["before the question", "while it is printed"])
def test_a_signal_before_the_answer_is_waited_for_is_not_lost(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reaction in force then stops the event loop, which would come to it only after the answer."""

    def interrupted(_: str) -> None:
        signal.raise_signal(SIGINT)

    monkeypatch.setattr(sys, "stdin", _NeverRead())
    with interrupts.reacting(lambda *_: None):
        if when == "before the question":
            interrupted("")
        else:
            monkeypatch.setattr(terminal, "print_notice", interrupted)
        with pytest.raises(Interrupted):
            terminal.read_answer("Enter a value: ")


def test_without_the_look_back_a_signal_before_the_question_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with removed(terminal, "has_come", lambda: False), pytest.raises(AssertionError, match="it waits"):
        test_a_signal_before_the_answer_is_waited_for_is_not_lost("before the question", monkeypatch)
