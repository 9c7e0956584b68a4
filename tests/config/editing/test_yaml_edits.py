"""YAML: one scalar gets another value, whatever its style, and no other byte changes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kardia_ctl.config.editing.yaml_values import quoted_as
from tests.config.editing.worlds import World, facts, live, set_live, texts

BLOCK = (
    ("plain", "Ann", ""),
    ("plain, folded", "Ann\n      Mary", ""),
    ("single", "'Ann'", ""),
    ("single, with quotes", "'Ann O''Hara'", ""),
    ("double", '"Ann"', ""),
    ("double, escaped", '"\\u0041nn \\\n      Mary"', ""),
    ("literal", "|-\n      Ann", ""),
    ("literal, with a comment", "|-   # of her mother\n      Ann", "   # of her mother"),
    ("literal, indented", "|2-\n      Ann", ""),
    ("folded", ">-\n      Ann\n      Mary\n\n\n", "\n\n\n"),
)
"""Each style of a scalar in a block: its text, and what of it stays behind the new value."""

HEAD = (
    "version: 1  # the only one\npatients:\n  # Ann's sister\n  - {mrn: A-0, dob: '1970-02-03', "
    'email: "a0@example.com"}\n  - mrn: A-1\n    # as on her card:\n    firstname: '
)
TAIL = "  # checked\n    dob:   1970-02-03\n\n    email: a1@example.com   \n    sex: 2\n"
FLOW = "version: 1\npatients: [{mrn: A-1, dob: 1970-02-03, firstname: "
FLOW_TAIL = " , email: a1@example.com}, {mrn: A-2, dob: 1970-02-04, email: a2@example.com}] # end\n"


def check(head: str, old: str, kept: str, tail: str, new: str, *, crlf: bool, mark: bool) -> None:
    """Replace the first name in head + old + tail, if the rules for names allow the new one."""
    parts = [part.replace("\n", "\r\n") if crlf else part for part in (head, old, kept, tail)]
    head, old, kept, tail = parts
    before = (b"\xef\xbb\xbf" if mark else b"") + (head + old + tail).encode()
    with TemporaryDirectory() as folder:
        world = World(Path(folder), {"kardia.yaml": before})
        declared = world.load().desired.patients
        found = world.take(live("A-1", "firstname", new))
        if found.not_taken:
            assert not found.files
            return
        (file,) = found.files
        after = file.after.removeprefix(b"\xef\xbb\xbf" if mark else b"").decode()
        assert after.startswith(head)
        assert after.endswith(kept + tail)
        written = after[len(head) : len(after) - len(kept + tail)]
        (wanted,) = found.taken
        assert yaml.safe_load(written) == wanted.written
        file.path.write_bytes(file.after)
        read = world.load().desired.patients
        assert read["A-1"].firstname == wanted.written
        assert [facts(patient) for patient in read.values()] == [
            facts(patient) for patient in declared.values()
        ]


@given(st.sampled_from(BLOCK), texts, st.booleans(), st.booleans())
@example(BLOCK[0], "No", False, False)
def test_a_scalar_of_any_style_in_a_block_is_replaced_alone(
    style: tuple[str, str, str], new: str, crlf: bool, mark: bool
) -> None:
    _, old, kept = style
    tail = TAIL if "\n" not in old or old.startswith(("Ann", '"')) else "\n" + TAIL.partition("\n")[2]
    check(HEAD, old, kept, tail, new, crlf=crlf, mark=mark)


@given(st.sampled_from(["Ann", "'Ann'", '"Ann"', "Ann Mary"]), texts, st.booleans())
def test_a_scalar_in_a_flow_mapping_is_replaced_alone(old: str, new: str, crlf: bool) -> None:
    check(FLOW, old, "", FLOW_TAIL, new, crlf=crlf, mark=False)


@pytest.mark.parametrize(
    "new", ["Zoë", "O'Hara", "No", "null", "~", "yes", "Anne-Marie de la Cruz", "\U0001d518nn"]
)
@pytest.mark.parametrize("style", BLOCK, ids=lambda style: style[0])
def test_what_a_name_may_be_is_taken(tmp_path: Path, style: tuple[str, str, str], new: str) -> None:
    text = HEAD + style[1] + "\n" + TAIL.partition("\n")[2]
    world = World(tmp_path, {"kardia.yaml": text.encode()})
    world.taken(live("A-1", "firstname", new))
    assert world.load().desired.patients["A-1"].firstname == new


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_read_as_itself(text: str) -> None:
    for quoted in (quoted_as(text, style) for style in ("", '"', "'")):
        assert yaml.safe_load(quoted) == text
        assert "\n" not in quoted
        for loader in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            assert yaml.load(f"[{quoted}, {{a: {quoted}}}] # end\n", loader) == [text, {"a": text}]


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("2", "1", "1"),
        ("'2'", "1", "'1'"),
        ("female", "1", '"male"'),
        ('"female"', "9", '"not-applicable"'),
        ("2", "0", "0"),
    ],
)
def test_a_sex_keeps_the_words_of_its_file(tmp_path: Path, old: str, new: str, written: str) -> None:
    text = f"version: 1\npatients:\n  - {{mrn: A-1, dob: 1970-02-03, email: a@example.com, sex: {old}}}\n"
    world = World(tmp_path, {"kardia.yaml": text.encode()})
    after = world.taken(live("A-1", "sex", new))["kardia.yaml"].decode()
    assert after == text.replace(f"sex: {old}", f"sex: {written}")
    assert world.load().desired.patients["A-1"].sex == new


def test_several_values_of_several_files_are_taken_at_once(tmp_path: Path) -> None:
    (tmp_path / "patients").mkdir()
    entry = "  - {{mrn: A-{0}, dob: 1970-02-03, email: a{0}@example.com, lastname: Old{0}}}\n"
    files = {
        "kardia.yaml": b"version: 1\ninclude: [patients/*.yaml]\n",
        "patients/a.yaml": ("patients:\n" + entry.format(1) + entry.format(2)).encode(),
        "patients/b.yaml": ("patients:\n" + entry.format(3)).encode(),
    }
    world = World(tmp_path, files)
    after = world.taken(
        live("A-1", "lastname", "New"),
        live("A-3", "lastname", "New"),
        live("A-1", "email", "new@example.com"),
    )
    assert after["patients/a.yaml"] == files["patients/a.yaml"].replace(b"Old1", b'"New"').replace(
        b"a1@example.com", b'"new@example.com"'
    )
    assert after["patients/b.yaml"] == files["patients/b.yaml"].replace(b"Old3", b'"New"')


@pytest.mark.parametrize("end", ["\r", "\r\n"])
@pytest.mark.parametrize("old", ["Ann", "'Ann'", "|-\n      Ann", "\n      Ann"])
def test_line_ends_of_every_kind_stay(tmp_path: Path, end: str, old: str) -> None:
    text = HEAD + old + "\n" + TAIL.partition("\n")[2]
    world = World(tmp_path, {"kardia.yaml": text.replace("\n", end).encode()})
    after = world.taken(live("A-1", "firstname", "Zoë"))["kardia.yaml"].decode()
    assert world.load().desired.patients["A-1"].firstname == "Zoë"
    assert after.count(end) == text.count("\n") - old.lstrip("\n").count("\n")
    assert "\n" not in after.replace(end, "")


URL = "https://hooks.example.com/kardia"


def test_the_url_of_a_callback_is_taken(tmp_path: Path) -> None:
    text = f"version: 1\ncallback: {{url: {URL}}} # ours\nqt_callback:\n  url: {URL}-qt\n"
    world = World(tmp_path, {"kardia.yaml": text.encode()})
    after = world.taken(
        set_live("callback", "url", "https://new.example.com/?a=1&b=#{x}".replace("#", "")),
        set_live("qt_callback", "url", "https://new.example.com/$${a}$b"),
    )["kardia.yaml"].decode()
    assert after.startswith('version: 1\ncallback: {url: "https://new.example.com/?a=1&b={x}"} # ours\n')
    urls = [setting.attributes["url"] for setting in world.load().desired.settings]
    assert urls == ["https://new.example.com/?a=1&b={x}", "https://new.example.com/$${a}$b"]


def test_a_url_that_the_environment_fills_is_refused(tmp_path: Path) -> None:
    text = b"version: 1\ncallback: {url: 'https://${HOST}/kardia'}\n"
    world = World(tmp_path, {"kardia.yaml": text}, {"HOST": "hooks.example.com"})
    (reason,) = world.refused(set_live("callback", "url", "https://new.example.com/"))
    assert "kardia.yaml:2:17: callback: url was not taken: the declared url has ${…} in it" in reason
    assert reason.endswith("Change the variable, or write the value there by hand")


def test_a_live_value_that_the_rules_refuse_is_refused_with_their_reason(tmp_path: Path) -> None:
    text = HEAD.encode() + b"Ann" + TAIL.encode()
    world = World(tmp_path, {"kardia.yaml": text})
    values = live("A-1", "email", "nobody"), live("A-1", "firstname", "Eve"), live("A-1", "sex", None)
    found = world.take(*values)
    reasons = [one.text() for one in found.not_taken]
    assert "patient/A-1: sex was not taken: it is not set in Kardia" in reasons[0]
    assert "email was not taken: the live value would be refused: email" in reasons[1]
    assert all("nobody" not in reason for reason in reasons)
    assert found.taken == values[1:2], "what the rules allow is taken, whatever stands beside it"


def test_a_file_that_changed_since_it_was_read_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, {"kardia.yaml": (HEAD + "Ann" + TAIL).encode()})
    before = world.load()
    (tmp_path / "kardia.yaml").write_text(HEAD + "Eve" + TAIL, encoding="utf-8")
    found = world.take(live("A-1", "firstname", "Anna"), configuration=before)
    assert not found.files
    assert "the file changed while it was being read. Run the command again" in found.not_taken[0].text()
