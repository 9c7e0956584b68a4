"""Files that nobody wrote on purpose: configurations, cohorts, saved plans, keys, states."""

import json
import random as chance
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.planning.saved.file import _mac
from tests.canary.desk import InnerDesk
from tests.fuzz.speech import altered, bounded, is_clean, patiently
from tests.fuzz.test_answers import new_desk
from tests.paths import DATA

RANDOM = st.randoms(use_true_random=False)
CLINIC = (DATA / "clinic" / "kardia.yaml").read_bytes()
COHORT = (DATA / "cohort" / "cohorts" / "spring-2026.csv").read_bytes()
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\t",
    b"\n---\n",
    b"*a ",
    b"&a ",
    b"!!python/object/apply:os.system ",
    b"<<: ",
    b"{{{{",
    b"[" * 50,
    b"- " * 30,
    b"? ",
    b"'",
    b'"',
    b"|\n",
    b"%YAML 9.9\n",
    b"${HOME}",
    b"${",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80",
    b"0" * 400,
    b",",
    b";",
    b"..",
    b"/etc/passwd",
    b"~",
)


def worn(random: Random, content: bytes) -> bytes:
    """A file of which a few pieces were lost, doubled, exchanged or overwritten."""
    for _ in range(random.randint(1, 4)):
        first, last = sorted((random.randint(0, len(content)), random.randint(0, len(content))))
        last = min(last, first + 40)
        content = random.choice(
            (
                content[:first] + content[last:],
                content[:last] + content[first:],
                content[:first] + random.choice(PIECES) + content[first:],
                content[:first] + random.choice(PIECES) + content[last:],
                content[:first] + random.randbytes(3) + content[last:],
                b"\n".join(random.sample(lines := content.split(b"\n"), len(lines))),
                content[:first],
            )
        )
    return content


def try_all(desk: InnerDesk) -> None:
    path = str(desk.path)
    for arguments in (
        ("validate", path),
        ("validate", path, "--json"),
        ("plan", path),
        ("state", "list", path),
    ):
        with patiently():
            is_clean(desk.run(*arguments))


@bounded(200)
@given(RANDOM)
def test_a_worn_configuration_is_an_error_or_a_plan(random: Random) -> None:
    with new_desk() as desk:
        (desk.path / "kardia.yaml").write_bytes(worn(random, CLINIC))
        try_all(desk)


@bounded(150)
@given(RANDOM)
def test_a_worn_cohort_is_an_error_or_a_plan(random: Random) -> None:
    with new_desk() as desk:
        (desk.path / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.csv}}\n")
        (desk.path / "c.csv").write_bytes(worn(random, COHORT))
        try_all(desk)


LARGE = {
    "one endless line": b"version: 1\nteam: " + b"a" * 5_000_000,
    "endless nesting": b"version: 1\npatients: " + b"[" * 2_000_000,
    "nesting by dashes": b"version: 1\npatients:\n" + b"- " * 1_000_000,
    "endless keys": b"version: 1\n" + b"".join(b"k%d: 1\n" % number for number in range(10_000)),
    "anchors in anchors": b"a: &a [x]\n"
    + b"".join(b"b%d: &b%d [*a, *a]\n" % (one, one) for one in range(9999)),
    "endless quotes": b'version: 1\nteam: "' + b"\\n" * 1_000_000,
    "a million blanks": b"version: 1" + b" \n" * 1_000_000,
}


@pytest.mark.parametrize("how", LARGE)
def test_a_large_file_is_refused_in_little_time_and_memory(how: str) -> None:
    with new_desk() as desk:
        (desk.path / "kardia.yaml").write_bytes(LARGE[how])
        tracemalloc.start()
        with patiently(60):
            ran = desk.run("validate", str(desk.path))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    is_clean(ran)
    assert peak < 150_000_000


@pytest.mark.parametrize(
    "cell", [b"a" * 5_000_000, b'"' * 1_000_001, b'"' + b"\n" * 2_000_000, b"," * 2_000_000]
)
def test_a_large_cell_is_refused_in_little_time(cell: bytes) -> None:
    with new_desk() as desk:
        (desk.path / "kardia.yaml").write_text("version: 1\ncohorts: {c: {source: c.csv}}\n")
        (desk.path / "c.csv").write_bytes(b"mrn,dob,email\nA,2000-07-21," + cell)
        with patiently(30):
            ran = desk.run("validate", str(desk.path))
    is_clean(ran)
    assert ran.code == 1


def saved(desk: InnerDesk) -> tuple[Path, bytes]:
    file = desk.path.parent / "saved.plan"
    assert desk.plan("--out", str(file)).code == 0
    return file, file.read_bytes()


@bounded(100)
@given(RANDOM)
def test_a_worn_plan_is_refused_and_nothing_is_sent(random: Random) -> None:
    with new_desk() as desk:
        file, right = saved(desk)
        before = len(desk.account.requests.all())
        wrong = worn(random, right)
        if random.random() < 0.5:
            head, _, body = right.partition(b"\n")
            wrong = head + b"\n" + altered(random, body)
        file.write_bytes(wrong)
        for arguments in (
            ("show", str(file)),
            ("show", str(file), "--json"),
            ("apply", str(file), "--auto-approve"),
        ):
            with patiently():
                ran = desk.run(*arguments)
            is_clean(ran)
            assert wrong == right or ran.code == 1
        assert wrong == right or len(desk.account.requests.all()) == before


@bounded(250)
@given(RANDOM)
def test_a_sealed_plan_of_another_shape_is_refused(random: Random) -> None:
    """Sealed with the right key: as another version, or whoever holds the key, may have written it."""
    with new_desk() as desk, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARDIA_PLAN_KEY", "ours alone, and long")
        file, right = saved(desk)
        head, _, body = right.partition(b"\n")
        start = b" ".join(head.split(b" ")[:3])
        wrong = altered(random, body)
        key = desk_key()
        file.write_bytes(start + b" " + _mac(key, start.decode(), wrong).encode() + b"\n" + wrong)
        for arguments in (("show", str(file)), ("show", str(file), "--json"), ("apply", str(file))):
            with patiently():
                is_clean(desk.run(*arguments))


def desk_key() -> bytes:
    from kardia_ctl.cli.account.keys import Keys

    return Keys(Path(), {"KARDIA_PLAN_KEY": "ours alone, and long"}).plans("plan-key")[0]


@bounded(50)
@given(st.binary(max_size=60), st.sampled_from(["key", "state.db", "state.db.lock", "state.db-wal"]))
def test_any_file_in_place_of_ours_is_an_error_or_a_plan(content: bytes, name: str) -> None:
    with new_desk(applied=True) as desk:
        (desk.path / ".kardia" / name).write_bytes(content)
        for ran in (desk.plan(), desk.apply(), desk.run("state", "list", str(desk.path))):
            is_clean(ran)


@bounded(100)
@given(st.binary(max_size=80))
def test_any_file_in_place_of_the_api_key_is_an_error_or_a_key(content: bytes) -> None:
    with new_desk() as desk:
        file = desk.path / "api.key"
        file.write_bytes(content)
        ran = desk.plan("--api-key-file", str(file))
    is_clean(ran)
    assert ran.code == 1


def test_the_alterations_alter() -> None:
    """Otherwise the fuzzers prove nothing."""
    random = chance.Random(1)
    body = json.dumps({"id": "x", "patients": [{"id": "y"}]}).encode()
    assert len({altered(random, body) for _ in range(200)}) > 100
    assert len({worn(random, CLINIC) for _ in range(200)}) > 150
