"""Which output shows an mrn, and which a pseudonym."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.cli import naming
from kardia_ctl.cli.account.key_at_hand import key_at_hand
from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.cli.output.console import print_json_line, print_line, print_message, print_notice
from kardia_ctl.model.address import Address, code_address, patient_address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.render.names import MRNS, named_value
from kardia_ctl.render.pseudonyms import Pseudonyms, pseudonym

KEY = b"a review key of this test"
NAMES = Pseudonyms(KEY)
JOE = pseudonym(KEY, "JS-1")


@pytest.fixture(autouse=True)
def addresses_as_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This test decides itself what is a terminal."""
    monkeypatch.delenv("CI", raising=False)
    naming.begin()
    naming.key_from(lambda: KEY)
    yield
    naming.begin()


def test_what_needs_no_key_takes_the_one_that_a_plan_takes(tmp_path: Path) -> None:
    """Without state and review key, validate and diff name patients as a plan with that API key does."""
    secret = "an-invented-api-key"
    with_it = key_at_hand(tmp_path, {"KARDIA_API_KEY": secret})
    assert with_it == Keys(tmp_path / ".kardia", {}, secret).review(b"") != b""
    assert key_at_hand(tmp_path, {}) == b""
    (tmp_path / ".kardia").mkdir()
    (tmp_path / ".kardia" / "key").write_bytes(b"k" * 32)
    assert key_at_hand(tmp_path, {"KARDIA_API_KEY": secret}) not in (with_it, b"")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_each_stream_is_decided_by_itself() -> None:
    assert naming.names_on(Terminal()) is MRNS
    assert naming.names_on(io.StringIO()).mrn("JS-1") == JOE


def test_a_terminal_in_ci_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert naming.names_on(Terminal()).mrn("JS-1") == JOE


def test_show_phi_shows_mrns_in_a_pipe_but_not_where_everybody_reads() -> None:
    naming.show_mrns()
    assert naming.names_on(io.StringIO()) is MRNS
    assert naming.names_for_everybody().mrn("JS-1") == JOE
    naming.mrns_are_public()
    assert naming.names_for_everybody() is MRNS


def test_whatever_is_printed_off_the_terminal_has_pseudonyms(capsys: pytest.CaptureFixture[str]) -> None:
    text = "patient/JS-1: see connection_code/JS-1/one-year"
    for put in (print_line, print_message, lambda text: print_notice(f"{text}\n")):
        put(text)
    print_json_line({"a": [text], text: {"b": (text,)}})
    shown = "".join(capsys.readouterr())
    assert "JS-1" not in shown
    assert shown.count(f"patient/{JOE}") == 6
    assert shown.count(f"connection_code/{JOE}/one-year") == 6


def test_without_a_key_pseudonyms_are_of_this_output_and_the_output_says_so_once() -> None:
    naming.begin()
    assert not naming.note()
    assert naming.names_on(io.StringIO()).text("patient/JS-1").startswith("patient/~")
    assert "KARDIA_REVIEW_KEY" in naming.note()
    assert not naming.note()


def test_a_key_that_is_known_later_replaces_a_guess_and_never_the_other_way_round() -> None:
    naming.begin()
    naming.key_from(lambda: b"guess", is_guess=True)
    naming.key_from(lambda: KEY)
    naming.key_from(lambda: b"guess", is_guess=True)
    assert naming.names_on(io.StringIO()).mrn("JS-1") == JOE


TEXTS = {
    "patient/JS-1": f"patient/{JOE}",
    "apply with --reissue 'connection_code/JS-1/one-year'.": f"apply with --reissue 'connection_code/{JOE}/"
    "one-year'.",
    "(patient/JS-1), patient/JS-1.": f"(patient/{JOE}), patient/{JOE}.",
    "patient/JS%2D1": f"patient/{JOE}",
    "patient/JS-1: blocked": f"patient/{JOE}: blocked",
    "{from: patient/JS-1, to: patient/~k3v9q2m7ab}": f"{{from: patient/{JOE}, to: patient/~k3v9q2m7ab}}",
    "patient/a.yaml:3:1: wrong": "patient/a.yaml:3:1: wrong",
    "patient/a.yaml:3: wrong": "patient/a.yaml:3: wrong",
    "Wrote patient/JS-1.yaml: 3": "Wrote patient/" + pseudonym(KEY, "JS-1.yaml") + ": 3",
    "\x1b[31mpatient/JS-1\x1b[0m \x1b[1mpatient/JS-1\x1b[0m": f"\x1b[31mpatient/{JOE}\x1b[0m "
    f"\x1b[1mpatient/{JOE}\x1b[0m",
    "in /srv/patient/JS-1 and ./patient/JS-1": "in /srv/patient/JS-1 and ./patient/JS-1",
    "xpatient/a~patient/JS-1 and a~patient/JS-1": f"xpatient/a~patient/{JOE} and a~patient/{JOE}",
    "xpatient/patient/JS-1": "xpatient/patient/JS-1",
    "write patient/MRN or connection_code/MRN/TEMPLATE": "write patient/MRN or connection_code/MRN/TEMPLATE",
    "patient/JS/1 is no address": "patient/… is no address",
    "patient/%ff": "patient/…",
    "service_provider/8sP3": "service_provider/8sP3",
}


@pytest.mark.parametrize("text", TEXTS)
def test_each_address_in_a_text_is_found_and_nothing_else(text: str) -> None:
    assert NAMES.text(text) == TEXTS[text]
    assert NAMES.text(TEXTS[text]) == TEXTS[text], "a text may pass twice"


MRN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda mrn: not mrn.endswith(".") and mrn != "MRN" and not mrn.startswith("~")
)


@given(MRN, st.sampled_from(["{}", "'{}'", "({}).", "{}: x", "see {}, and", "--target {}"]))
def test_any_mrn_in_any_text_is_as_its_address_is_shown(mrn: str, form: str) -> None:
    for address in (patient_address(mrn), code_address(mrn, "one"), Address(Kind.MOBILE_USER, (mrn,))):
        assert NAMES.text(form.format(address)) == form.format(NAMES.shown(address))


def test_an_mrn_that_ends_as_a_file_does_is_an_mrn_unless_there_is_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = naming.names_on(io.StringIO())
    assert names.text("Wrote patient/JS-1.yaml") == f"Wrote {names.shown(patient_address('JS-1.yaml'))}"
    (tmp_path / "patient").mkdir()
    (tmp_path / "patient" / "JS-1.yaml").touch()
    assert names.text("Wrote patient/JS-1.yaml") == "Wrote patient/JS-1.yaml"


def test_an_address_after_a_line_end_is_found_too(capsys: pytest.CaptureFixture[str]) -> None:
    for put in (print_line, print_message, print_notice):
        put("two\npatient/JS-1\tpatient/JS-1")
    shown = "".join(capsys.readouterr())
    assert "JS-1" not in shown
    assert shown.count(JOE) == 6


def test_json_keeps_its_other_values() -> None:
    value = {"n": 1, "none": None, "ok": True, "t": ["x", 2.5]}
    assert json.loads(json.dumps(named_value(value, NAMES))) == value


def test_a_wrong_address_is_not_repeated_off_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from kardia_ctl.cli.main import run

    assert run(["plan", "--target", "JS-20000721"]) == 1
    assert "JS-20000721" not in "".join(capsys.readouterr())


def test_a_document_in_which_nothing_is_renamed_is_not_copied() -> None:
    value = {"counts": [1, {"kind": "callback"}], "of": ("a", None)}
    assert named_value(value, NAMES) is value
    renamed = {"of": value, "address": "patient/P-1"}
    assert named_value(renamed, NAMES)["of"] is value
