"""Every command, in success, error and crash: no value is seen where it does not belong."""

import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest

from kardia_ctl.cli.main import COMMANDS
from kardia_ctl.sandbox.data.invented import API_KEY as SANDBOX_KEY
from kardia_ctl.sandbox.data.invented import LOGIN_PASSWORD
from kardia_ctl.sandbox.faults.faults import FaultKind, FaultRule, Faults, Moment
from kardia_ctl.state.open import open_store
from tests.canary.desk import files_below, in_memory
from tests.canary.scanner import Scanner
from tests.canary.watch import API_KEY, OURS, PASSWORD, THEIRS, TOKEN, Watch, declared, entry, fields, watched
from tests.paths import CASSETTES

ADDRESS = "patient/QZMRN-1"
CODE = "connection_code/QZMRN-1/one-year"


@pytest.fixture
def watch() -> Iterator[Watch]:
    with in_memory() as place, watched(place / "watched") as opened:
        yield opened


# Success


def test_a_life_of_every_command_shows_and_keeps_no_value(watch: Watch) -> None:
    desk, place = watch.desk, watch.place
    path, plan, codes = str(desk.path), str(place / "saved.plan"), place / "codes.csv"
    watch.allowed |= {codes, place / "more.csv", desk.path / ".kardia" / "key"}
    used = set()

    def good(*arguments: str, code: int = 0) -> str:
        used.add(arguments[0])
        ran = watch.run(*arguments)
        assert ran.code == code, ran.told
        return ran.out

    good("validate", path)
    good("validate", path, "--json")
    good("plan", path)
    good("plan", path, "--json", "--show-phi")
    good("plan", path, "--limit", "1")
    good("plan", path, "--out", plan, "--detailed-exitcode", code=2)
    good("show", plan)
    good("show", plan, "--json")
    good("show", plan, "--show-phi")
    watch.wire.listen = watch.look_around  # the lock, the log of the state, intents: while it runs
    good("apply", plan, "--codes-out", str(codes), "--results", str(place / "results.csv"))
    watch.wire.listen = lambda: None
    assert len(desk.account.connections.codes()) == 2
    good("apply", path, "--auto-approve", "--json", "--show-phi")
    good("apply", path, "--auto-approve", "--results", str(place / "results.ndjson"))
    good("codes", path, "--auto-approve", "--codes-out", str(place / "more.csv"))
    letters = place / "letters"
    template = place / "letter.md.j2"
    template.write_text("{{ firstname }} {{ lastname }} {% for one in codes %}{{ one.code }}{% endfor %}\n")
    watch.allowed.add(letters)
    good("letters", path, "--codes", str(codes), "--template", str(template), "--out", str(letters))
    good("letters", path, "--codes", str(codes), "--csv", str(letters / "mail.csv"))
    assert {file.suffix for file in letters.glob("[!.]*")} == {".md", ".csv"}
    good("status", path)
    good("status", path, "--json")
    good("status", path, "--html", str(place / "status.html"))
    assert ",spring," in good("status", path, "--list", "created")
    assert "QZMRN-3" in good("status", path, "--list", "created", "--show-phi")
    good("state", "list", path)
    good("state", "show", ADDRESS, path)
    good("state", "show", CODE, path)
    good("state", "forget", CODE, path, "--auto-approve")
    good("schema")
    good("schema", str(place / "schemas"))
    good("init", str(place / "new"))
    good("sandbox", "--help")
    good("completion", "bash")
    for name in COMMANDS:
        good(name, "--help")
    good("--help")
    good("--version")
    assert used >= set(COMMANDS)
    assert {row.code for row in desk.account.connections.codes()} <= set(
        codes.read_text().replace(",", " ").split()
    )


def test_what_differs_live_is_told_without_either_side(watch: Watch) -> None:
    watch.apply()
    account = watch.desk.account
    first = next(one for one in account.patients.all() if one.mrn == "QZMRN-1")
    account.patients.change(
        first.id, firstname=THEIRS.firstname, lastname=THEIRS.lastname, email=THEIRS.email
    )
    account.settings.set_callback(_hook(), "https://hooks.example.com/kardia?token=" + TOKEN[::-1])
    watch.scanner.add("another token", TOKEN[::-1])
    assert "drift" in watch.plan().out.lower() or "changed outside" in watch.plan().out
    path = str(watch.desk.path)
    assert watch.run("import", path, "--update").code == 1  # nobody can be asked
    assert watch.run("import", path, "--update", "--accept", ADDRESS, "--patch", "-").code == 1
    watch.write("kardia.yaml", declared(OURS[0], more=", sex: male").replace("1931-05-17", "1941-01-07"))
    assert watch.plan("--out", str(watch.place / "saved.plan")).code == 1
    assert watch.apply().code == 1


def test_patients_that_look_alike_are_told_without_their_values(watch: Watch) -> None:
    watch.desk.account.patients.add(fields(OURS[0], "ANOTHER-MRN"))
    watch.desk.account.patients.add(fields(THEIRS, "QZMRN-2"))
    watch.desk.account.patients.add(fields(THEIRS, "QZMRN-2"))
    ran = watch.plan()
    assert ran.code == 1
    assert "the same person" in ran.out
    assert watch.apply().code == 1


def test_values_are_seen_where_they_were_asked_for_and_secrets_never(watch: Watch) -> None:
    """The control: the scanner does find what is there, and --show-phi shows no key, password or code."""
    watch.desk.lose_state()
    shown = watch.desk.plan("--show-phi")
    hits = {hit.partition(" (")[0] for hit in watch.scanner.hits(shown.out)}
    assert hits >= {"lastname of QZMRN-1", "dob of QZMRN-2", "email of QZMRN-3"}
    assert not hits & {"KARDIA_API_KEY", "JOE_PASSWORD", "KARDIA_STATE_KEY", "KARDIA_PLAN_KEY", "secretKey"}


def _hook() -> Any:
    from kardia_ctl.sandbox.data.values import Hook

    return Hook.CALLBACK


# Errors in the configuration

BROKEN: dict[str, Callable[[str], str]] = {
    "a day that does not exist": lambda text: text.replace("1931-05-17", "1931-05-17-1942"),
    "an address without an @": lambda text: text.replace("+tag@example", "+tag example"),
    "a line break in a name": lambda text: text.replace("'Qzfirst1 ''ßé'", '"Qzfirst1\\nßé"'),
    "two patients with one mrn": lambda text: text + entry(OURS[0]),
    "an unknown key": lambda text: text.replace("mrn: 'QZMRN-1'", "mrn: 'QZMRN-1', odd-qz: 'x'"),
    "a value for a key": lambda text: text.replace("codes:", "'Qzlast1/ ána': x, codes:", 1),
    "a literal password": lambda text: text.replace(
        "codes:", f"mobile_user: {{password: '{PASSWORD}'}}, codes:", 1
    ),
    "a password alone": lambda text: text.replace("codes:", f"password: '{PASSWORD}', codes:", 1),
    "a key in the file": lambda text: text + f"api_key: {API_KEY}\n",
    "a tag on a name": lambda text: text.replace("firstname: ", "firstname: !Qzfirst1 ", 1),
    "an anchor on a name": lambda text: text.replace("firstname: ", "firstname: &qzfirst1 ", 1),
    "a quote that is not closed": lambda text: text.replace("'ßé'", "ßé", 1),
    "a bracket that is not closed": lambda text: text.rstrip().removesuffix("}"),
    "a name in place of the version": lambda text: text.replace("version: 1", "version: Qzfirst1"),
    "a name in place of a template": lambda text: text.replace("codes: [one-year]", "codes: [Qzfirst1]", 1),
    "a token in an unusable URL": lambda text: text.replace("https://hooks", "http://hooks"),
    "a token in no URL": lambda text: text.replace("https://hooks.example.com/kardia?token=", "no url "),
    "a host that is not allowed": lambda text: text + "callback_hosts: [other.example.com]\n",
    "a state URL with a password": lambda text: text + f"state: 'postgresql://u:{PASSWORD}@db/x'\n",
    "a state URL with a token": lambda text: text + "state: 'sqlite:///x?key=${HOOK_TOKEN}'\n",
    "a cohort without its columns": lambda text: text.replace("source: spring.csv", "source: broken.csv"),
    "a file that is not text": lambda text: text.replace("source: spring.csv", "source: bytes.csv"),
    "a departure that is also declared": lambda text: (
        text + ("departures: [{mrn: QZMRN-1, action: delete, reason: 'Qzlast1/ ána'}]\n")
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_an_error_in_the_configuration_names_no_value(watch: Watch, how: str) -> None:
    watch.write("broken.csv", f"{OURS[0].firstname},{OURS[0].dob}\n{OURS[1].lastname}\n")
    watch.write("bytes.csv", "")
    (watch.desk.path / "bytes.csv").write_bytes(
        f"mrn,dob,email\nA,{OURS[0].firstname},\xff\n".encode("latin-1")
    )
    text = BROKEN[how](declared())
    assert text != declared()
    watch.write("kardia.yaml", text)
    path = str(watch.desk.path)
    for arguments in (
        ("validate", path),
        ("validate", path, "--json"),
        ("plan", path),
        ("apply", path, "--auto-approve"),
        ("codes", path, "--auto-approve"),
        ("status", path),
        ("state", "list", path),
    ):
        ran = watch.run(*arguments)
        assert "Internal error" not in ran.err
    assert watch.plan().code == 1
    assert not watch.desk.account.requests.all()


# Errors of the server


def sent(request: httpx.Request) -> str:
    """All that a request held, in the ways in which a server may repeat it."""
    body = request.content.decode()
    values = [value for _, value in parse_qsl(body)]
    return " | ".join(
        (
            *values,
            body,
            json.dumps(dict(parse_qsl(body))),
            "_".join(values),
            b64encode(body.encode()).decode(),
            str(request.url),
            request.headers["authorization"],
            API_KEY,
        )
    )


def errors(status: int) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        told = sent(request)
        one = {
            "status": str(status),
            "code": "E-1",
            "title": f"Wrong: {told}",
            "detail": told,
            "source": told,
        }
        return httpx.Response(status, json={"errors": [one, told, [told]]})

    return answer


def text(status: int, content_type: str, form: str) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        body = form.replace("{}", sent(request)).encode()
        return httpx.Response(status, content=body, headers={"content-type": content_type})

    return answer


def redirect(request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"location": "https://a:b@x.example.com/" + quote(sent(request))})


def lost(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(sent(request), request=request)


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(sent(request), request=request)


def of_another(request: httpx.Request) -> httpx.Response:
    facts = {"id": "id-1", "mrn": "QZMRN-9", "dob": THEIRS.dob, "firstname": THEIRS.firstname}
    return httpx.Response(200, json=facts | {"lastname": THEIRS.lastname, "email": THEIRS.email})


def misshapen(request: httpx.Request) -> httpx.Response:
    wrong = {OURS[0].lastname: {THEIRS.firstname: [API_KEY]}, "id": {THEIRS.lastname: 1}, "code": [TOKEN]}
    return httpx.Response(200, json=wrong | {"url": [TOKEN], "patients": [{THEIRS.email: 1, "dob": {}}]})


ANSWERS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "400 that repeats what was sent": errors(400),
    "422 that repeats what was sent": errors(422),
    "409 that repeats what was sent": errors(409),
    "403 that repeats what was sent": errors(403),
    "404 that repeats what was sent": errors(404),
    "401 that repeats the key": errors(401),
    "429 that repeats what was sent": errors(429),
    "500 that repeats what was sent": errors(500),
    "418 that repeats what was sent": errors(418),
    "200 with errors": errors(200),
    "400 in plain text": text(400, "text/plain", "{}"),
    "400 in odd JSON": text(400, "application/json", '"{}"'),
    "500 with a page": text(500, "text/html", "<html><title>Oops</title><body>{}</body></html>"),
    "500 with a page about it": text(500, "text/html", "<html><title>{}</title></html>"),
    "200 with a page": text(200, "text/html", "<html><body>{}</body></html>"),
    "200 with text": text(200, "text/plain", "{}"),
    "200 with half of JSON": text(200, "application/json", '{"id": "{}'),
    "an odd content type": text(400, f"text/{OURS[0].email};{API_KEY}", "x"),
    "a redirect": redirect,
    "a lost answer": lost,
    "no connection": refused,
    "another patient": of_another,
    "another shape": misshapen,
}


@pytest.mark.parametrize("how", ANSWERS)
def test_no_answer_of_the_server_is_repeated_with_values(watch: Watch, how: str) -> None:
    """First to the writes alone, then to everything; every command that asks the server."""
    path, plan = str(watch.desk.path), watch.place / "saved.plan"
    watch.allowed.add(watch.place / "codes.csv")
    assert watch.plan("--out", str(plan)).code == 0
    watch.wire.answer = lambda request: ANSWERS[how](request) if _writes(request) else None
    results, codes = str(watch.place / "results.csv"), str(watch.place / "codes.csv")
    ran = watch.run("apply", str(plan), "--results", results, "--codes-out", codes)
    assert ran.code == 1
    assert "Internal error" not in ran.err
    assert watch.run("state", "list", path).code == 0
    watch.wire.answer = ANSWERS[how]
    for arguments in (
        ("plan", path),
        ("apply", path, "--auto-approve"),
        ("codes", path, "--auto-approve"),
        ("status", path, "--html", str(watch.place / "status.html")),
    ):
        assert "Internal error" not in watch.run(*arguments).err
    watch.wire.answer = lambda _: None
    assert "Internal error" not in watch.apply("--results", results).err


def _writes(request: httpx.Request) -> bool:
    return request.method != "GET" or request.url.path.endswith("/code")


@pytest.mark.parametrize("kind", FaultKind)
def test_what_is_in_doubt_is_told_and_recorded_without_values(watch: Watch, kind: FaultKind) -> None:
    watch.desk.serve(Faults((FaultRule(kind, Moment.AFTER, methods=frozenset({"POST", "PUT"}), times=4),)))
    watch.apply("--results", str(watch.place / "results.ndjson"))
    watch.run("state", "list", str(watch.desk.path))
    watch.run("state", "show", ADDRESS, str(watch.desk.path))
    assert watch.plan().code in (0, 1)


# Errors of the machine


def test_a_plan_that_is_refused_names_no_value(watch: Watch) -> None:
    plan = watch.place / "saved.plan"
    watch.plan("--out", str(plan))
    watch.write("kardia.yaml", declared(*OURS, more=", sex: male"))
    assert "configuration changed" in watch.run("apply", str(plan)).err
    watch.write("kardia.yaml", declared())
    watch.desk.account.settings.set_callback(_hook(), "https://hooks.example.com/other?token=" + TOKEN)
    assert "changed since" in watch.run("apply", str(plan)).err
    plan.write_bytes(plan.read_bytes().replace(b"create", b"delete", 1))
    for arguments in (("apply", str(plan)), ("show", str(plan)), ("show", str(plan), "--json")):
        ran = watch.run(*arguments)
        assert (ran.code, "altered" in ran.err) == (1, True)


def test_a_lock_that_is_held_names_no_value(watch: Watch) -> None:
    with open_store("sqlite:///.kardia/state.db", watch.desk.path, "default").lock("apply"):
        assert "is locked" in watch.apply().err
        assert "is locked" in watch.run("codes", str(watch.desk.path), "--auto-approve").err
        assert watch.plan().code == 0


@pytest.mark.parametrize("option", ["--codes-out", "--results"])
def test_a_file_that_cannot_be_written_is_named_without_values(watch: Watch, option: str) -> None:
    for place in (watch.place / "nowhere" / "file.csv", watch.place):
        assert watch.apply(option, str(place)).code != 0
    assert watch.plan("--out", str(watch.place / "nowhere" / "plan")).code == 1


def test_a_state_that_cannot_be_written_is_named_without_values(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError(f"full: {OURS[0].lastname}")

    monkeypatch.setattr("kardia_ctl.state.sqlite.sqlite_store.write", full)
    assert "SQLite answered" in watch.apply().err


# Crashes

CRASHES = {
    "while reading the configuration": "kardia_ctl.cli.account.workspace.read_configuration",
    "while opening the state": "kardia_ctl.state.sqlite.database.open_writable",
    "while reading the state": "kardia_ctl.state.sqlite.sqlite_store.read_state",
    "while writing the state": "kardia_ctl.state.sqlite.sqlite_store.write",
    "while observing": "kardia_ctl.operations.plan.observe",
    "while planning": "kardia_ctl.operations.plan.make_plan",
    "while understanding an answer": "kardia_ctl.api.decode.patient",
    "while sending": "kardia_ctl.api.http.transport.Transport.send",
    "while creating": "kardia_ctl.api.v1.V1Writer.create_patient",
    "while issuing": "kardia_ctl.api.v1.V1Writer.issue_code",
    "while setting a callback": "kardia_ctl.api.v1.V1Writer.set_setting",
    "while printing the plan": "kardia_ctl.cli.output.reporter.plan_text",
    "while reporting": "kardia_ctl.cli.output.reporter.report_text",
    "while recording": "kardia_ctl.applying.requests.record_of",
    "while writing the results": "kardia_ctl.cli.commands.apply.finish.results_file",
    "while writing a code": "kardia_ctl.cli.files.code_file.code_line",
}


class CrashError(RuntimeError):
    """Something that nobody has thought of, with everything in its text."""


def crash(*arguments: object, **_: object) -> None:
    one, two = OURS
    told = (one.firstname, one.lastname, one.dob, two.email, API_KEY, TOKEN, PASSWORD, *map(repr, arguments))
    raise CrashError(*told) from KeyError(told)


@pytest.mark.parametrize("where", CRASHES)
def test_a_crash_is_one_line_without_values(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    watch.allowed.add(watch.place / "codes.csv")
    with monkeypatch.context() as patch:
        patch.setattr(CRASHES[where], crash)
        ran = watch.apply(
            "--results", str(watch.place / "results.csv"), "--codes-out", str(watch.place / "codes.csv")
        )
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("Internal error (CrashError at test_commands.py")
    after = watch.apply("--reissue", CODE) if where == "while writing a code" else watch.apply()
    assert after.code == 0, after.told
    assert sorted(one.mrn for one in watch.desk.account.patients.all()) == ["QZMRN-1", "QZMRN-2", "QZMRN-3"]


# Cassettes


def test_no_cassette_holds_a_key_a_password_or_a_code() -> None:
    scanner = Scanner({"key": SANDBOX_KEY, "password": LOGIN_PASSWORD, "secretKey": "invented-secret-key"})
    files = [file for file in files_below(CASSETTES) if "documents" not in file.parts]
    assert len(files) > 5
    for file in files:
        raw = file.read_bytes()
        assert not scanner.hits(raw), file.name
        assert b"uthorization" not in raw, file.name
