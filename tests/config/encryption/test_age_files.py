"""Files of age: read as their plain text would be, or not at all."""

import json
import os
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook

from kardia_ctl.config import load
from kardia_ctl.config.encryption import age, age_header, plain_texts
from kardia_ctl.config.source_files import InvalidContent
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import ConfigurationError, RunStopped
from tests.config.encryption.sealing import OURS, THEIRS, loaded, new_keys

CSV = "mrn,dob,email,firstname\n0012345,2000-07-21,a@example.com,Ann\n-0042,1990-02-03,b@example.com,Bo\n"
MAIN = "version: 1\ninclude: [p.yaml.age]\ncohorts: {c: {source: c.csv.age}}\n"
ONE = "patients:\n  - {mrn: 0012345, dob: 2000-07-21, email: a@example.com}\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("kardia.yaml").write_text("version: 1\ninclude: [p.yaml.age]\n")
    return tmp_path


def problems(keys: tuple[Any, ...] = (OURS,)) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(Path(), keys)
    return str(caught.value)


def workbook() -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in (("mrn", "dob", "email"), ("0012345", "2000-07-21", "a@example.com")):
        book.active.append(row)
    held = BytesIO()
    book.save(held)
    return held.getvalue()


RESOURCE = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:mrn", "value": "0012345"}],
    "birthDate": "2000-07-21",
    "telecom": [{"system": "email", "value": "a@example.com"}],
}
ENTRY = {"fullUrl": "urn:1", "resource": RESOURCE}
FILES: dict[str, tuple[bytes, str]] = {
    "c.csv": (CSV.encode(), ""),
    "c.tsv": (CSV.replace(",", "\t").encode(), ""),
    "c.ndjson": (b'{"mrn": "0012345", "dob": "2000-07-21", "email": "a@example.com"}\n', ""),
    "c.xlsx": (workbook(), ""),
    "c.json": (
        json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [ENTRY]}).encode(),
        ", identifier: 'urn:mrn'",
    ),
    "fhir.ndjson": (json.dumps(RESOURCE).encode() + b"\n", ", format: fhir, identifier: 'urn:mrn'"),
    "utf16.csv": (CSV.encode("utf-16"), ", encoding: utf-16"),
}


@pytest.mark.parametrize("armored", [True, False], ids=["ascii", "binary"])
@pytest.mark.parametrize("name", FILES)
def test_a_cohort_of_every_format_is_read_as_its_plain_text_would_be(
    name: str, armored: bool, place: Path
) -> None:
    content, said = FILES[name]
    found = []
    for written, stored in ((name, content), (f"{name}.age", OURS.sealed(content, armored=armored))):
        Path("kardia.yaml").write_text(f"version: 1\ncohorts: {{c: {{source: {written}{said}}}}}\n")
        (place / written).write_bytes(stored)
        found.append(loaded(Path()))
    plain, sealed = found
    assert "0012345" in sealed.desired.patients
    assert _declared(sealed) == _declared(plain)
    assert _content(sealed) == _content(plain)
    assert plain.plain_people == (place / name,)
    assert sealed.plain_people == ()


def _content(found: Configuration) -> list[bytes]:
    """The digest of the cohort's content."""
    return [part.content for part in found.parts if part.name != "kardia.yaml"]


def _declared(found: Configuration) -> list[Any]:
    return [
        (one.mrn, one.dob, one.email, one.firstname, one.file.removesuffix(".age"), one.line)
        for one in found.desired.patients.values()
    ]


def test_a_yaml_file_is_read_and_its_places_are_those_of_the_plain_text(place: Path) -> None:
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE))
    patient = loaded(Path()).desired.patients["0012345"]
    assert (patient.file, patient.line) == ("p.yaml.age", 2)
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE.replace("2000-07-21", "2000-07-41")))
    assert problems().startswith("p.yaml.age:2:25: patient/0012345: dob is not a valid YYYY-MM-DD date")


ODD = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)


@given(mrn=ODD)
@example(mrn="0012345")
@example(mrn="1e5")
@example(mrn="-0042")
def test_an_odd_mrn_comes_back_byte_for_byte(mrn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Or is refused at its place, where its plain text is refused too."""
    folder = tmp_path_factory.mktemp("odd")
    quoted = json.dumps(mrn, ensure_ascii=False)
    text = f"patients:\n  - {{mrn: {quoted}, dob: 2000-07-21, email: a@example.com}}\n"
    (folder / "p.yaml.age").write_bytes(OURS.sealed(text))
    (folder / "p.yaml").write_text(text, encoding="utf-8")
    found = []
    for name in ("p.yaml", "p.yaml.age"):
        (folder / "kardia.yaml").write_text(f"version: 1\ninclude: [{name}]\n")
        try:
            found.append([*loaded(folder).desired.patients])
        except ConfigurationError as error:
            found.append([str(error).replace("p.yaml.age", "p.yaml")])
    assert found[0] == found[1]
    assert found[0] == [mrn] or ": mrn " in found[0][0]


def test_encrypting_the_same_text_again_keeps_the_digest(place: Path) -> None:
    """Saved plans hold keyed digests alone, so that of a plain text tells nobody what it is."""
    digests = set()
    for sealed in (OURS.sealed(ONE), OURS.sealed(ONE), OURS.sealed(ONE, armored=False)):
        Path("p.yaml.age").write_bytes(sealed)
        digests.add(loaded(Path()).digest)
    assert len(digests) == 1
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE.replace("a@", "b@")))
    assert loaded(Path()).digest not in digests


def test_any_identity_that_fits_opens_the_file(place: Path) -> None:
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE))
    assert loaded(Path(), (THEIRS, OURS)).desired.patients


def test_without_an_identity_the_file_and_what_to_do_are_named(place: Path) -> None:
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE))
    with pytest.raises(
        ConfigurationError, match=r"^p\.yaml\.age:1:1: .*no age identity.*KARDIA_AGE_IDENTITY_FILE"
    ):
        load(Path(), {})


def test_with_another_identity_it_says_that_it_is_for_others(place: Path) -> None:
    Path("p.yaml.age").write_bytes(OURS.sealed(ONE))
    assert "p.yaml.age:1:1: the age identity here does not open the file" in problems((THEIRS,))
    assert "no age identity here opens the file" in problems((THEIRS, new_keys()))


def test_a_file_for_a_passphrase_is_refused_before_anything_is_computed(place: Path) -> None:
    Path("p.yaml.age").write_bytes(pyrage.passphrase.encrypt(ONE.encode(), "open"))
    assert "p.yaml.age:1:1: the file is encrypted with a passphrase" in problems()


@pytest.mark.parametrize("content", [b"", b"patients: []\n", b"age-encryption.org/v2\nx"])
def test_a_file_that_is_not_of_age_is_told_so(content: bytes, place: Path) -> None:
    Path("p.yaml.age").write_bytes(content)
    assert "p.yaml.age:1:1: the file is not encrypted with age, as its name says" in problems()


LONG = ONE + "".join(
    f"  - {{mrn: N-{n:06}, dob: 2000-07-21, email: n{n}@example.com}}\n" for n in range(3000)
)
STORED = {True: OURS.sealed(LONG), False: OURS.sealed(LONG, armored=False)}


@given(armored=st.booleans(), data=st.data())
def test_a_file_that_was_altered_or_cut_off_gives_an_error_and_nobody(
    armored: bool, data: st.DataObject
) -> None:
    """One byte that differs, a missing end, something after the end: wherever it is."""
    sealed = STORED[armored]
    at = data.draw(st.integers(0, len(sealed) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "longer"]))
    flipped = bytes([sealed[at] ^ data.draw(st.integers(1, 255))])
    spoiled = {
        "flip": sealed[:at] + flipped + sealed[at + 1 :],
        "cut": sealed[:at],
        "longer": sealed + flipped,
    }[how]
    found = outcome(spoiled)
    if found is not None:  # blanks after the ASCII form carry nothing
        assert armored
        assert spoiled.rstrip() == sealed.rstrip()
        assert found == LONG.encode()


def outcome(sealed: bytes) -> bytes | None:
    """The plain text of a file; None when it is refused."""
    try:
        return b"".join(age.decrypted([sealed], OURS.unlocking.keys, 1 << 30))
    except InvalidContent:
        return None


def test_a_cohort_that_is_cut_off_after_good_rows_declares_nobody(place: Path) -> None:
    Path("kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.csv.age}}\n")
    rows = "".join(f"N-{n:06},2000-07-21,n{n}@example.com,Ann\n" for n in range(20_000))
    sealed = OURS.sealed("mrn,dob,email,firstname\n" + rows, armored=False)
    Path("c.csv.age").write_bytes(sealed[: len(sealed) - 70_000])
    assert problems() == (
        "c.csv.age:1:1: the file was altered or cut off: nothing of it was used. Restore it, e.g. with git "
        "checkout, or encrypt it again"
    )


def test_a_header_without_end_is_refused_without_reading_on() -> None:
    read = []

    def chunks() -> Iterator[bytes]:
        yield age_header.BINARY
        for number in range(10_000):
            read.append(number)
            yield b"-> X25519 " + b"A" * 1000 + b"\n"

    with pytest.raises(InvalidContent, match="altered or cut off"):
        list(age.decrypted(chunks(), OURS.unlocking.keys, 1 << 30))
    assert len(read) < 100


def test_a_text_that_is_too_large_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kardia_ctl.config.document.YAML_LIMIT", 1 << 20)
    Path("p.yaml.age").write_bytes(OURS.sealed(b"#" * ((1 << 20) + 1)))
    assert "p.yaml.age:1:1: the file is larger than 1 MiB. Split it into several files" in problems()


def test_a_workbook_that_is_too_large_for_memory_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kardia_ctl.config.encryption.plain_texts.IN_MEMORY", 100)
    Path("kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.xlsx.age}}\n")
    Path("c.xlsx.age").write_bytes(OURS.sealed(workbook()))
    assert "an encrypted file of this format may have 0 MiB at most. Export it as CSV" in problems()


def test_only_a_few_pieces_are_decrypted_before_they_are_asked_for() -> None:
    sealed = OURS.sealed(b"x" * 20_000_000, armored=False)
    given_out = 0

    def chunks() -> Iterator[bytes]:
        nonlocal given_out
        for start in range(0, len(sealed), 65_536):
            given_out = start
            yield sealed[start : start + 65_536]

    pieces = age.decrypted(chunks(), OURS.unlocking.keys, 1 << 30)
    assert len(next(pieces)) < 200_000
    assert given_out < 2_000_000
    assert sum(map(len, pieces)) > 19_000_000


def test_a_reader_that_stops_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    pieces = age.decrypted([OURS.sealed(b"x" * 5_000_000)], OURS.unlocking.keys, 1 << 30)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_an_error_of_reading_the_file_is_told_as_it_is() -> None:
    sealed = OURS.sealed(b"x" * 500_000)

    def chunks() -> Iterator[bytes]:
        yield sealed[:300_000]
        raise InvalidContent("the disk is gone")

    with pytest.raises(InvalidContent, match="the disk is gone"):
        list(age.decrypted(chunks(), OURS.unlocking.keys, 1 << 30))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no age identity"),
        ("# only a comment", "holds no age identity"),
        (OURS.recipient, "the public half"),
        (
            OURS.identity[:-1] + ("Q" if OURS.identity[-1] != "Q" else "P"),
            "is no age identity. Copy it again",
        ),
        ("AGE-PLUGIN-YUBIKEY-1QQQQ", "an age plugin"),
        ("AGE-SECRET-KEY-PQ-1QQQ", "a post-quantum identity"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx", "another kind of key, such as SSH's"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nx", "encrypted with a passphrase"),
        ("age-encryption.org/v1\n-> scrypt x", 'export KARDIA_AGE_IDENTITY="$(age -d FILE)"'),
    ],
    ids=["empty", "comment", "recipient", "misspelt", "plugin", "post-quantum", "ssh", "armored", "binary"],
)
def test_what_is_no_identity_is_named_without_its_text(text: str, said: str) -> None:
    with pytest.raises(RunStopped) as caught:
        age.identities_of(text, "id.txt")
    assert said in str(caught.value)
    assert str(caught.value).startswith("id.txt ")
    assert OURS.identity[20:60] not in str(caught.value)


def test_a_recipient_with_a_wrong_character_is_reported_at_its_place(place: Path) -> None:
    swapped = OURS.recipient[:-1] + ("q" if OURS.recipient[-1] != "q" else "p")
    Path("kardia.yaml").write_text(f"version: 1\nrecipients: [{OURS.recipient}, {swapped}]\n")
    assert problems().startswith("kardia.yaml:2:78: the recipient has a character that is wrong")
    Path("kardia.yaml").write_text("version: 1\nrecipients: [age1yubikey1qq]\n")
    assert "kardia.yaml:2:14" in problems()


def test_the_library_is_named_when_it_is_missing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
    Path("p.yaml.age").write_bytes(STORED[True])
    assert "pip install 'kardia-ctl[age]'" in problems()
    with pytest.raises(RunStopped, match="pip install"):
        age.encrypted(b"x", [OURS.recipient])


def test_a_file_of_age_under_another_name_is_told_so(place: Path) -> None:
    Path("kardia.yaml").write_text("version: 1\ninclude: [p.yaml]\n")
    Path("p.yaml").write_bytes(STORED[True])
    assert "p.yaml:1:1: the file is encrypted with age, and its name does not say so. Rename it" in problems()


def test_nothing_is_written_while_a_file_is_read(place: Path) -> None:
    Path("p.yaml.age").write_bytes(STORED[True])
    os.chmod(place, 0o500)  # noqa: PTH101
    before = sorted(place.iterdir())
    assert len(loaded(Path()).desired.patients) == 3001
    assert sorted(place.iterdir()) == before


def test_plain_names_say_the_format() -> None:
    from pathlib import PurePosixPath

    assert plain_texts.plain_name(PurePosixPath("a/c.csv.AGE")) == PurePosixPath("a/c.csv")
    assert plain_texts.plain_name(PurePosixPath("a/c.csv")) == PurePosixPath("a/c.csv")


@given(
    head=st.sampled_from(
        [b"", age_header.BINARY, age_header.ARMOR, age_header.ARMOR + b"\n", STORED[True][:400]]
    ),
    rest=st.binary(max_size=300),
)
def test_no_bytes_are_anything_but_a_text_or_an_error_at_the_file(head: bytes, rest: bytes) -> None:
    with pytest.raises(InvalidContent):
        list(age.decrypted([head + rest], OURS.unlocking.keys, 1 << 20))


@given(st.text(max_size=120))
def test_no_text_for_an_identity_is_anything_but_refused(text: str) -> None:
    with pytest.raises(RunStopped, match=r"^id\.txt "):
        age.identities_of(text, "id.txt")
