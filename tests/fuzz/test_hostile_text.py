"""Text of others that would move a cursor, start a CI command or turn words around does no harm."""

import json
import re
import unicodedata
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary.desk import InnerDesk, Ran
from tests.canary.watch import Chunks
from tests.fuzz.speech import Altering, bounded, is_clean, patiently
from tests.fuzz.test_answers import new_desk

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\r::set-env name=PATH::x",
    "\n::error file=a::gotcha",
    "::add-mask::a",
    "  ::stop-commands::x",
    "\u2028::warning::x",
    "\x85::notice::x",
    "##[error]x",
    "##vso[task.setvariable variable=a]x",
    "##teamcity[x]",
    "\u202egnp.exe\u2066",
    "\u200b\ufeff\U000e0041",
    "\x00",
    "\t\v\f",
)
TEXTS = st.builds("".join, st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4), min_size=1, max_size=3))
RANDOM = st.randoms(use_true_random=True)
"""Drawn whole: what hypothesis raises when an example becomes too long is lost in a task group."""
_BAD = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def is_harmless(text: str) -> None:
    """What a terminal and a CI runner see is lines of printable characters, and none is a command."""
    for line in text.split("\n"):
        assert not [char for char in line if unicodedata.category(char) in _BAD], ascii(line)
        assert not re.match(r"\s*::", line), line
        assert not re.search(r"##(\[|vso|teamcity)", line), line


def told(ran: Ran) -> None:
    is_clean(ran)
    is_harmless(ran.out)
    is_harmless(ran.err)


def poisoned(random: Random, tree: Any, share: float) -> Any:
    """A tree of the same shape, some of whose texts are hostile."""
    match tree:
        case dict():
            return {key: poisoned(random, value, 0 if key == "mrn" else share) for key, value in tree.items()}
        case list():
            return [poisoned(random, value, share) for value in tree]
        case str() if random.random() < share:
            return random.choice((tree, "", "x")) + random.choice(HOSTILE) + random.choice((tree, ""))
        case _:
            return tree


def every_command(desk: InnerDesk, place: Path) -> None:
    """Everything that shows something of the server's, with its answers as they are now."""
    path, plan, results = str(desk.path), place / "saved.plan", place / "results.csv"
    for arguments in (
        ("plan", path, "--show-phi", "--out", str(plan)),
        ("show", str(plan)),
        ("show", str(plan), "--json"),
        ("apply", path, "--auto-approve", "--show-phi", "--results", str(results)),
        ("apply", path, "--auto-approve", "--results", str(place / "results.ndjson")),
        ("plan", path, "--show-phi"),
        ("codes", path, "--auto-approve"),
        ("state", "list", path),
        ("state", "show", "patient/CL-0001042", path),
        ("state", "show", "connection_code/CL-0001042/one-year", path),
    ):
        with patiently():
            ran = desk.run(*arguments)
        told(ran)
    for file in (results, place / "results.ndjson"):
        if file.exists():
            is_harmless(file.read_text())


@pytest.mark.parametrize("applied", [False, True])
def test_text_in_an_answer_is_harmless_wherever_it_is_shown(applied: bool) -> None:
    @bounded(20)
    @given(RANDOM, st.sampled_from([0.05, 0.3, 1.0]))
    def story(random: Random, share: float) -> None:
        def alter(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
            try:
                tree = json.loads(answer.content)
            except ValueError:
                return answer
            return httpx.Response(answer.status_code, json=poisoned(random, tree, share))

        with new_desk(applied=applied) as desk:
            desk.wire = Altering(desk, alter)
            every_command(desk, desk.path.parent)

    story()


STATUSES = st.sampled_from([200, 302, 400, 401, 403, 404, 409, 422, 500, 599])


@bounded(80)
@given(STATUSES, TEXTS, st.sampled_from(["errors", "page", "plain", "header"]), st.booleans())
def test_text_in_an_error_is_harmless_wherever_it_is_shown(
    status: int, text: str, form: str, reads: bool
) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    headers = {"content-type": "text/html" if form == "page" else "text/plain"}
    if form == "header":
        shown = re.sub(rb"[\x00\r\n]", b"", raw)
        pairs = [(b"content-type", b"text/" + shown), (b"location", b"https://a" + shown + b".example.com/")]
    else:
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    one = {"title": text, "detail": text, "code": text, "status": text}
    body = {
        "errors": json.dumps({"errors": [one, one]}).encode(),
        "page": b"<html><title>" + raw + b"</title></html>",
    }.get(form, raw)

    def alter(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method == "GET" and not reads:
            return answer
        return httpx.Response(status, headers=pairs, stream=Chunks(body))

    with new_desk() as desk:
        desk.wire = Altering(desk, alter)
        for ran in (desk.plan(), desk.apply("--results", str(desk.path / "results.csv")), desk.plan()):
            told(ran)
        if (desk.path / "results.csv").exists():
            is_harmless((desk.path / "results.csv").read_text())


PLACES = {
    "a name": "    firstname: {}\n",
    "a template": "    codes: [{}]\n",
    "an unknown key": "    {}: x\n",
    "a note on leaving": "departures: [{{mrn: AC-77, action: delete, id: {}, reason: {}}}]\n",
    "an mrn": "  - {{mrn: {}, dob: 2000-07-21, email: a@example.com}}\n",
    "a team": "team: {}\n",
    "a URL": "callback: {{url: {}}}\n",
    "a provider": "service_providers: [{}]\n",
    "an include": "include: [{}]\n",
    "a cohort": "cohorts: {{{}: {{source: {}}}}}\n",
    "a workspace": "workspace: {}\n",
    "a state": "state: {}\n",
    "a reference": "team: ${{{}}}\n",
}


@pytest.mark.parametrize("where", PLACES)
def test_text_in_the_configuration_is_harmless_wherever_it_is_shown(where: str) -> None:
    """In CI it is written by whoever opens a pull request."""

    @bounded(8)
    @given(TEXTS)
    def story(text: str) -> None:
        spelled = json.dumps(text)
        if where == "a reference":
            spelled = text
        with new_desk() as desk:
            before = "version: 1\ntemplates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"
            patients = "patients:\n  - mrn: P-1\n    dob: 2000-07-21\n    email: joe@example.com\n"
            added = PLACES[where].replace("{}", spelled).replace("{{", "{").replace("}}", "}")
            text_of = before + patients + added if added.startswith(" ") else before + added + patients
            (desk.path / "kardia.yaml").write_bytes(text_of.encode("utf-8", "replace"))
            path = str(desk.path)
            for arguments in (
                ("validate", path),
                ("validate", path, "--json"),
                ("plan", path, "--show-phi"),
                ("apply", path, "--auto-approve", "--show-phi"),
                ("state", "list", path),
            ):
                with patiently():
                    told(desk.run(*arguments))

    story()


@bounded(30)
@given(TEXTS)
def test_the_name_of_a_file_is_harmless_wherever_it_is_shown(text: str) -> None:
    name = re.sub(r"[\x00/]", "", text)[:40] or "x"
    with new_desk() as desk:
        try:
            (desk.path / f"{name}.yaml").write_text("patients: [{mrn: 1}]\n")
            (desk.path / f"{name}.csv").write_text("mrn\n1\n")
        except (OSError, UnicodeError):
            return
        (desk.path / "kardia.yaml").write_text("version: 1\ninclude: ['*.yaml']\n")
        for ran in (
            desk.run("validate", str(desk.path)),
            desk.plan(),
            desk.run("validate", f"{desk.path}/{name}"),
        ):
            told(ran)
        told(desk.run("show", str(desk.path / f"{name}.csv")))
        told(desk.plan("--api-key-file", str(desk.path / name)))
        told(desk.plan("--ca-file", str(desk.path / name)))
        told(desk.plan("--out", str(desk.path / name / "x")))
        told(desk.apply("--codes-out", str(desk.path / name / "x")))
