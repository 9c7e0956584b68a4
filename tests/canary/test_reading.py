"""Reading, keys and hand-written requests: no value is seen where it does not belong."""

import io
import sys
from collections.abc import Iterator

import httpx
import keyring
import pytest
from keyring.backends.null import Keyring as NullKeyring

from kardia_ctl.sandbox.data.invented import LOGIN_EMAIL, LOGIN_PASSWORD, TEAM_ID
from kardia_ctl.sandbox.data.values import RecordingFields
from tests.canary.desk import Ran, in_memory
from tests.canary.test_commands import ANSWERS, crash
from tests.canary.watch import API_KEY, THEIRS, Watch, fields, watched
from tests.cli.account.test_keys import MemoryKeyring

NOTE = "qznote after the stairs"
FIELD = "qzfield nobody's number"


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened, pytest.MonkeyPatch.context() as patch:
        patch.chdir(opened.place)
        account = opened.desk.account
        whose = account.patients.add(fields(THEIRS, "QZMRN-4"))
        custom = {"id": "f", "fieldName": "contact", "displayName": "CONTACT", "fieldValue": FIELD}
        account.patients.set_custom_fields(whose, [custom])
        account.recordings.add(RecordingFields(whose, duration=500, note=NOTE, tags=(NOTE,)))
        account.recordings.add(RecordingFields(whose, duration=500, note=NOTE, screening=True))
        opened.scanner.add("a note", NOTE)
        opened.scanner.add("a custom field", FIELD)
        yield opened


def reads(watch: Watch) -> list[tuple[str, ...]]:
    """Every read there is, in every form."""
    account = watch.desk.account
    recording, whose = account.recordings.all()[0].id, account.patients.all()[0].id
    lists = [
        ("patients",),
        ("patients", "--custom-fields"),
        ("recordings",),
        ("recordings", "QZMRN-4"),
        ("recordings", "--since", "2020-01-01"),
        ("screening",),
        ("logs",),
        ("templates",),
        ("teams",),
        ("fields", TEAM_ID),
        ("symptoms", recording),
        ("activity", recording),
    ]
    ones = [
        ("patient", "QZMRN-4"),
        ("patient", "--id", whose, "--custom-fields"),
        ("recording", recording),
        ("recording", recording, "--dialect", "pro"),
    ]
    forms: tuple[tuple[str, ...], ...] = ((), ("--json",), ("--csv",))
    found = [("get", *words, *form) for words in lists for form in forms]
    found += [("get", *words, *form) for words in ones for form in forms[:2]]
    asked = enumerate([*lists, *ones])
    found += [("get", *words, "--out", f"kept-{number}.txt") for number, words in asked]
    samples = ("--csv", "samples.csv", "--plot", "strip.svg")
    return [*found, ("get", "recording", recording, *samples)]


def documents(watch: Watch) -> list[tuple[str, ...]]:
    """What is written into files that name the patient."""
    recording = watch.desk.account.recordings.all()[0].id
    return [
        ("get", "pdf", recording, "--out", "document.pdf"),
        ("get", "report", "QZMRN-4", "--out", "report.pdf"),
    ]


def by_hand(watch: Watch) -> list[tuple[str, ...]]:
    recording = watch.desk.account.recordings.all()[0].id
    form = ("-f", "mrn=QZMRN-5", "-f", f"email={THEIRS.email}", "-f", f"dob={THEIRS.dob}")
    return [
        ("api", "GET", "/v1/patients"),
        ("api", "GET", "/v1/patients", "--paginate"),
        ("api", "GET", "/partner/v1/teams"),
        ("api", "POST", "/v1/patients", *form, "--auto-approve"),
        ("recordings", "qt", recording, "--qt", "1.5", "--auto-approve"),
    ]


def secrets_in(watch: Watch, ran: Ran) -> set[str]:
    """What nobody may see, whatever was asked for."""
    hits = {hit.partition(" (")[0] for hit in watch.scanner.hits(ran.told)}
    return hits & {
        "KARDIA_API_KEY",
        "JOE_PASSWORD",
        "KARDIA_STATE_KEY",
        "KARDIA_PLAN_KEY",
        "password",
        "secretKey",
    }


def test_every_read_shows_and_keeps_no_value(watch: Watch) -> None:
    for words in reads(watch):
        ran = watch.run(*words)
        assert ran.code == 0, (words, ran.told)
    watch.allowed |= {watch.place / "document.pdf", watch.place / "report.pdf"}
    for words in documents(watch):
        ran = watch.run(*words)
        assert ran.code == 0, (words, ran.told)


def test_values_are_seen_where_they_were_asked_for_and_secrets_never(watch: Watch) -> None:
    """The control: the scanner does find what is there."""
    seen = set()
    for words in reads(watch):
        ran = watch.desk.run(*words, *(() if "--plot" in words else ("--show-phi",)))
        seen |= {hit.partition(" (")[0] for hit in watch.scanner.hits(ran.out)}
        assert not secrets_in(watch, ran), words
    assert seen >= {"lastname of QZMRN-4", "email of QZMRN-4", "a note", "a custom field"}


def test_a_body_as_it_came_holds_no_secret_and_stderr_no_value(watch: Watch) -> None:
    for words in by_hand(watch):
        ran = watch.desk.run(*words)
        assert ran.code == 0, (words, ran.told)
        assert not secrets_in(watch, ran), words
        watch.nothing_in(ran.err, "stderr")


@pytest.mark.parametrize("how", ANSWERS)
def test_no_answer_of_the_server_is_repeated_with_values(watch: Watch, how: str) -> None:
    words_of = [words for words in (*reads(watch), *documents(watch)) if len(words) < 4 or "--json" in words]
    watch.wire.answer = ANSWERS[how]
    for words in words_of:
        if how == "another patient" and words[1] == "patient":
            continue  # that is whom it shows, hidden as ever
        assert "Internal error" not in watch.run(*words).err, words
    for words in by_hand(watch):
        ran = watch.desk.run(*words)
        watch.nothing_in(ran.err, f"stderr of {words}")
        assert "Internal error" not in ran.err, words


def test_a_crash_while_reading_is_one_line_without_values(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kardia_ctl.cli.commands.get.list_output.visible_record", crash)
    ran = watch.run("get", "patients")
    assert ran.code == 1
    assert "Internal error (CrashError" in ran.err


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    made = MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(NullKeyring())  # type: ignore[no-untyped-call]  # the library's


def test_keys_and_passwords_are_told_to_nobody(
    watch: Watch, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.allowed.add(watch.place / "new.key")
    told = ""
    for password in (LOGIN_PASSWORD, f"{LOGIN_PASSWORD} and more"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        told += watch.run("login", "--email", LOGIN_EMAIL, "--password-stdin").told
    for words in (("--out", "new.key"), ()):
        ran = watch.run("rotate-key", "--auto-approve", *words)
        told += ran.told
        key = (watch.place / "new.key").read_text().strip()
        assert key not in told
        monkeypatch.setenv("KARDIA_API_KEY", key)
    watch.run("logout")
    assert all(key not in told for key in (*ring.kept.values(), API_KEY))


def test_a_lost_answer_of_a_key_tells_no_key(watch: Watch, ring: MemoryKeyring) -> None:
    def lost(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            raise httpx.ReadError(API_KEY, request=request)
        return None

    watch.wire.answer = lost
    ran = watch.run("rotate-key", "--auto-approve")
    assert ran.code == 1
    assert "The old key still works" in ran.err
