"""A patch of edits is one that git applies, and it changes nothing else."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kardia_ctl.config.editing.encoded_text import ByteEdit, edited
from kardia_ctl.render.files.git_patch import file_patch


def git(folder: Path, *arguments: str) -> bytes:
    environ = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    ran = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, env=environ, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def applied(name: str, before: bytes, edits: list[ByteEdit], below: str = ".") -> bytes:
    with TemporaryDirectory() as place:
        top = Path(place)
        git(top, "init", "-q")
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(before)
        (top / "of.patch").write_bytes(file_patch(name, before, edits))
        git(top / below, "apply", "--check", "--whitespace=nowarn", str(top / "of.patch"))
        git(top / below, "apply", "--whitespace=nowarn", str(top / "of.patch"))
        return file.read_bytes()


def edits_of(data: bytes, cuts: list[int], new: list[bytes]) -> list[ByteEdit]:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    pairs = list(zip(places[::2], places[1::2], strict=False))
    return [
        ByteEdit(begin, end, text)
        for (begin, end), text in zip(pairs, new, strict=False)
        if data[begin:end] != text
    ]


lines = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"\n", b"c d\r\n", b"\xc3\xa9\n", b"x" * 9 + b"\n"]),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(
    lines,
    st.booleans(),
    st.lists(st.integers(0, 9999), min_size=2, max_size=8),
    st.lists(st.sampled_from([b"new", b"", b"n\nm"]), min_size=4, max_size=4),
)
def test_git_applies_what_the_edits_say(
    parts: list[bytes], ended: bool, cuts: list[int], new: list[bytes]
) -> None:
    before = b"".join(parts)
    before = before if ended else before.rstrip(b"\r\n") or b"a"
    edits = edits_of(before, cuts, new)
    if edits and edited(before, edits) not in (before, b""):
        assert applied("a.yaml", before, edits) == edited(before, edits)


@pytest.mark.parametrize(
    "name", ["kardia.yaml", "patients/a b.yaml", 'p/"q".yaml', "p/é.yaml", "p/\\.yaml", "p/a\tb"]
)
def test_a_file_of_any_name_is_found(name: str) -> None:
    assert applied(name, b"a: 1\nb: 2\n", [ByteEdit(3, 4, b"3")]) == b"a: 3\nb: 2\n"


def test_a_patch_is_applied_from_a_directory_below_the_top() -> None:
    assert applied("clinic/kardia.yaml", b"a: 1\n", [ByteEdit(3, 4, b"3")], "clinic") == b"a: 3\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "cp1252"])
def test_a_file_in_another_encoding_is_patched_too(encoding: str) -> None:
    text = "mrn,firstname\r\nA-1,Zoë\r\nA-2,Ann\r\n" * 5
    before = text.encode(encoding)
    old, new = (
        "Ann".encode(encoding.replace("utf-16", "utf-16-le") if encoding == "utf-16" else encoding),
        b"",
    )
    place = before.rfind(old[-2:]) if encoding.startswith("utf-32") else before.rfind(old)
    after = applied("c.csv", before, [ByteEdit(place, place + 2, new)])
    assert after == before[:place] + before[place + 2 :]


def test_a_patch_reads_as_git_writes_it() -> None:
    before = b"".join(b"%d\n" % number for number in range(1, 31))
    edits = [
        ByteEdit(before.index(b"\n5\n") + 1, before.index(b"\n5\n") + 2, b"five"),
        ByteEdit(len(before) - 3, len(before) - 1, b"x\ny"),
    ]
    assert file_patch("n.txt", before, edits).decode() == (
        "diff --git a/n.txt b/n.txt\n--- a/n.txt\n+++ b/n.txt\n"
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        "@@ -27,4 +27,5 @@\n 27\n 28\n 29\n-30\n+x\n+y\n"
    )
