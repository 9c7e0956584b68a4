"""A desk whose every value is a mark that stands nowhere else, and a look at everything it leaves behind."""

import gc
import io
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from kardia_ctl.sandbox.data.invented import LOGIN_PASSWORD
from kardia_ctl.sandbox.data.values import PatientFields
from tests.canary.desk import InnerDesk, Ran, files_below, inner_desk
from tests.canary.scanner import Scanner

API_KEY: Final = "qz7key97-cd11-48c3-a0dd-62zqapikey8z"
TOKEN: Final = "qzhook/token+7781=="
PASSWORD: Final = "qzpassword & 4417"
ENVIRONMENT: Final = {
    "KARDIA_API_KEY": API_KEY,
    "HOOK_TOKEN": TOKEN,
    "JOE_PASSWORD": PASSWORD,
    "KARDIA_STATE_KEY": "qzstate key 5521",
    "KARDIA_PLAN_KEY": "qzplan key 99310",
}


@dataclass(frozen=True)
class Person:
    """Somebody all of whose values are marks."""

    mrn: str
    dob: str
    email: str
    firstname: str
    lastname: str

    def marks(self) -> Iterator[tuple[str, str]]:
        year, month, day = self.dob.split("-")
        for name in ("dob", "email", "firstname", "lastname"):
            yield f"{name} of {self.mrn}", getattr(self, name)
        yield f"dob of {self.mrn} in other words", f"{day}.{month}.{year}"
        yield f"dob of {self.mrn} in digits", f"{year}{month}{day}"
        for stem in ("mail", "first", "last"):
            yield f"part of the {stem} name of {self.mrn}", f"qz{stem}{self.mrn[-1]}"


def person(number: int, dob: str) -> Person:
    mail = f"qzmail{number}+tag@example.com"
    return Person(f"QZMRN-{number}", dob, mail, f"Qzfirst{number} 'ßé", f'Qzlast{number}/ "ána" & co')


OURS: Final = (person(1, "1931-05-17"), person(2, "1942-08-29"))
COHORT: Final = person(3, "1953-11-06")
THEIRS: Final = person(4, "1964-02-13")
"""What a live patient has instead, in the account."""

CONFIGURATION: Final = """\
version: 1
team: Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah
callback: {url: "https://hooks.example.com/kardia?token=${HOOK_TOKEN}"}
service_providers: [8sP3SiaFigYoGRKoc4kaf692hmwi]
templates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}
cohorts: {spring: {source: spring.csv}}
patients:
"""


def entry(one: Person, more: str = "") -> str:
    values = ("mrn", "dob", "email", "firstname", "lastname")
    texts = (f"{name}: '{getattr(one, name).replace(chr(39), 2 * chr(39))}'" for name in values)
    return f"  - {{{', '.join(texts)}, codes: [one-year]{more}}}\n"


def declared(*people: Person, more: str = "") -> str:
    return CONFIGURATION + "".join(entry(one, more) for one in people or OURS)


def fields(one: Person, mrn: str) -> PatientFields:
    return PatientFields(mrn, one.dob, one.email, one.firstname, one.lastname, 0)


Answer = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class Speaking(httpx.AsyncBaseTransport):
    """The account, but for the requests that ``answer`` answers. ``listen`` hears every request first."""

    account: httpx.AsyncBaseTransport
    answer: Answer = lambda _: None
    listen: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.listen()
        await request.aread()
        answer = self.answer(request)
        if answer is None:
            return await self.account.handle_async_request(request)
        # Read from a stream, as from a network: nothing is there before it is asked for.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=Chunks(answer.content))


class Chunks(httpx.AsyncByteStream):
    """A body in pieces as a socket gives them."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> Any:
        for start in range(0, len(self._content), 65_536):
            yield self._content[start : start + 65_536]


@dataclass
class Watch:
    """Runs commands, and after each (and, if asked to, in the middle) looks at everything there is.

    ``allowed`` may hold values: what a person wrote, the key's own file, the file of the codes, the directory
    of letters with what is temporary in it. So may what goes on its way to one of them: its name begins with
    a dot and the file's. State and results may hold mrns.
    """

    desk: InnerDesk
    wire: Speaking
    scanner: Scanner
    log: io.StringIO
    allowed: set[Path] = field(default_factory=set)
    mrns: Scanner = field(default_factory=lambda: Scanner({}))
    looks: int = 0
    _clean: set[tuple[int, bytes]] = field(default_factory=set)

    @property
    def place(self) -> Path:
        return self.desk.path.parent

    def run(self, *arguments: str) -> Ran:
        """Run a command; fails when a value is seen in what it printed, logged, kept or left behind."""
        ran = self.desk.run(*arguments)
        gc.collect(1)  # a task whose exception nobody took says so when it goes
        for issued in self.desk.account.connections.codes():
            self.scanner.add("a code", issued.code)
        for shown, where in ((ran.out, "stdout"), (ran.err, "stderr"), (self.log.getvalue(), "the log")):
            self.nothing_in(shown, where)
            if "--show-phi" not in arguments:
                self.no_mrn_in(shown, where)
        self.look_around()
        assert "Traceback" not in ran.told
        assert "never retrieved" not in self.log.getvalue()
        return ran

    def plan(self, *arguments: str) -> Ran:
        return self.run("plan", str(self.desk.path), *arguments)

    def apply(self, *arguments: str) -> Ran:
        return self.run("apply", str(self.desk.path), "--auto-approve", *arguments)

    def look_around(self) -> None:
        """Look at every file: state with its log, locks, plans, results, what is temporary."""
        self.looks += 1
        for file in files_below(self.place):
            if self.allowed.isdisjoint((file, file.parent)):
                self._look_at(file)
                self.nothing_in(file.name, "the name of a file")

    def _look_at(self, file: Path) -> None:
        """Look at a file, unless the same bytes were looked at for the same values."""
        content = file.read_bytes()
        self.nothing_in(content, str(file.relative_to(self.place)))
        if ".kardia" not in file.parts and not file.name.startswith(("results.", "kept-")):
            self.no_mrn_in(content, str(file.relative_to(self.place)))
        known = self.scanner.known, sha256(content).digest()
        if known not in self._clean:
            self.nothing_in(content, str(file.relative_to(self.place)))
            self._clean.add(known)

    def no_mrn_in(self, shown: str | bytes, where: str) -> None:
        hits = self.mrns.hits(shown)
        assert not hits, f"in {where}: {hits}"

    def nothing_in(self, shown: str | bytes, where: str) -> None:
        hits = self.scanner.hits(shown)
        assert not hits, f"in {where}: {hits}"

    def write(self, name: str, text: str) -> None:
        self.allowed.add(self.desk.path / name)
        (self.desk.path / name).write_text(text, encoding="utf-8")


class _Format(logging.Formatter):
    """Everything that a record may hold, with its traceback and the local variables' values left out."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's name)
        return "".join(traceback.format_exception(*ei))


@contextmanager
def watched(place: Path) -> Iterator[Watch]:
    """A desk below ``place``, with the marks in its configuration, its environment and its account."""
    temporary = place / "tmp"
    temporary.mkdir(parents=True)
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(_Format())
    root = logging.getLogger()
    with inner_desk(place / "clinic", declared()) as desk, pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "TMPDIR": str(temporary), "HOME": str(place)}.items():
            patch.setenv(name, value)
        desk.account.keys.add(API_KEY)
        wire = desk.wire = Speaking(desk.wire)
        scanner = Scanner({**ENVIRONMENT, "password": LOGIN_PASSWORD})
        mrns = Scanner({})
        scanner.add("token alone", "qzhook")
        for team in desk.account.settings.teams():
            scanner.add("secretKey", team.secret_key)
        for one in (*OURS, COHORT, THEIRS):
            for name, value in one.marks():
                scanner.add(name, value)
            mrns.add(f"mrn of {one.mrn}", one.mrn)
        watch = Watch(desk, wire, scanner, log, mrns=mrns)
        watch.write("kardia.yaml", declared())
        watch.write("spring.csv", "mrn,dob,email,firstname,lastname\n" + _row(COHORT))
        patch.setattr(root, "level", logging.DEBUG)
        root.addHandler(handler)
        _scan_what_goes(patch, watch)
        try:
            yield watch
        finally:
            root.removeHandler(handler)


def _row(one: Person) -> str:
    cells = (one.mrn, one.dob, one.email, one.firstname, one.lastname)
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def _scan_what_goes(patch: pytest.MonkeyPatch, watch: Watch) -> None:
    """Look at files of our own that are about to go, or to change their name."""
    for name in ("unlink", "remove", "replace", "rename"):
        patch.setattr(os, name, _looking_first(getattr(os, name), watch))


def _looking_first(call: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    def called(file: Any, *arguments: Any, **options: Any) -> Any:
        path = Path(os.fsdecode(file))
        becomes = {
            place for to in arguments for place in (Path(os.fsdecode(to)), Path(os.fsdecode(to)).parent)
        }
        on_its_way = any(path.name.startswith(f".{file.name}.") for file in watch.allowed)
        is_free = on_its_way or bool({path, *becomes} & watch.allowed)
        if path.is_relative_to(watch.place) and path.is_file() and not is_free:
            watch.nothing_in(path.read_bytes(), f"{path.name}, which went")
        return call(file, *arguments, **options)

    return called
