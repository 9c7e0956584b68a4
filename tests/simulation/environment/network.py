"""The network between the runs and the server. Its faults are drawn from the seed."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from random import Random
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode

import httpx

from tests.simulation.environment.elsewhere import Elsewhere
from tests.simulation.environment.outside import Outside
from tests.simulation.environment.process import Process
from tests.simulation.environment.server import Answer, Server
from tests.simulation.hazards import ALTERATIONS
from tests.simulation.scenario import Scenario


class Ending(Enum):
    """How a request ends for the client."""

    ANSWER = auto()
    RESET = auto()
    UNAVAILABLE = auto()
    GATEWAY_PAGE = auto()
    TRUNCATED = auto()
    SILENCE = auto()
    THROTTLED = auto()
    NEVER_CONNECTED = auto()


class Effect(Enum):
    """Whether and when the server executes the request."""

    DONE = auto()
    NEVER = auto()
    LATE = auto()
    """After the connection has ended."""


CERTAIN: Final = (Ending.THROTTLED, Ending.NEVER_CONNECTED)
"""Endings that say that there was no effect."""

_READ_TIMEOUT: Final = 30.0
_WRITES_ENDING: Final = (
    (3, Ending.RESET),
    (2, Ending.UNAVAILABLE),
    (1, Ending.GATEWAY_PAGE),
    (1, Ending.TRUNCATED),
    (1, Ending.SILENCE),
    (2, Ending.THROTTLED),
    (1, Ending.NEVER_CONNECTED),
)
_READS_ENDING: Final = tuple(
    (weight, ending) for weight, ending in _WRITES_ENDING if ending is not Ending.SILENCE
)
_CAN_BE_LATE: Final = (Ending.RESET, Ending.UNAVAILABLE, Ending.GATEWAY_PAGE, Ending.SILENCE)


@dataclass(frozen=True, slots=True)
class Fate:
    """How one request ends. Times in seconds: ``out`` until its effect, ``back`` until its response, ``late``
    from the end of the connection until a late effect."""

    ending: Ending
    effect: Effect
    out: float
    back: float
    late: float = 0.0
    retry_after: str = ""


@dataclass(slots=True, eq=False)
class Sending:
    """One POST of a patient, and its result. Times are the server's seconds; ``ended`` None: not yet."""

    run: int
    mrn: str
    left: float
    machine: int = 0
    certain: bool = False
    is_lost: bool = False
    is_known: bool = False
    """Whether its answer told the id."""
    ended: float | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list that a run was given: when it was asked for, and its totalCount."""

    run: int
    left: float
    total: int


class Network:
    """Between all runs and the server. ``calm`` is set after the faulty runs: nothing goes wrong any more."""

    def __init__(self, story: Scenario, server: Server, outside: Outside, log: Callable[[str], None]) -> None:
        self._story = story
        self._server = server
        self._outside = outside
        self._time = outside.time
        self._log = log
        self._rng = Random(f"network/{story.seed}")
        self._busy = Random(f"busy/{story.seed}")
        self._growth = Random(f"growth/{story.seed}")
        self._reused = Random(f"reused ids/{story.seed}")
        wrong = story.hazards.wrong_key
        self.elsewhere = None if wrong is None else Elsewhere(wrong, story, outside.time)
        self.calm = False
        self.growing = 0
        """The most strangers who come before a page of the list that is read now: at least one."""
        self.arrivals: Counter[int] = Counter()
        """By run, the requests that arrived."""
        self.listings: list[Listing] = []
        self.wrote: dict[int, float] = {}
        """By run, when its last request left that is no read."""
        self.sendings: list[Sending] = []
        self.orders: set[tuple[int, str, str]] = set()
        """Run, mrn and template of each participant (no template) and code that pro was asked for."""
        self.guesses: list[str] = []
        """Creates that were sent although an earlier one might have had its effect, or somebody was there."""
        self.looks: Counter[int] = Counter()
        """By run, the reads of the list and of created ids that arrived after its first create."""
        self._last_scan: dict[int, float] = {}
        """By machine, when its last scan began."""

    def close(self) -> None:
        if self.elsewhere is not None:
            self.elsewhere.account.close()

    async def carry(self, request: httpx.Request, process: Process) -> httpx.Response:
        """Take a request to the server, and bring the answer back.

        Raises:
            httpx.TransportError: there is no answer.
        """
        method, path = request.method, request.url.raw_path.partition(b"?")[0].decode()
        elsewhere = self._elsewhere_of(process)
        name = f"{'elsewhere: ' if elsewhere else ''}{method} {path}"
        process.passes(f"{name} is about to leave")
        scan_began = self._begins_scan(request, name)
        is_read = method == "GET" and not path.endswith(("/code", "/export"))
        fate = self._fate(is_read=is_read)
        left = self._leaves(process, is_read=is_read)
        sending = None
        if name == "POST /v1/patients":
            sending = self._note_create(request, process, fate)
            name = f"POST {sending.mrn}"
        self._note_order(name, request, process)
        if self._server.leaver is not None:  # of whom a request elsewhere has another name
            self._server.leaver.leaves(name)
        self._log(f"{name} leaves: {fate.ending.name}, effect {fate.effect.name}")
        answers: list[Answer] = []

        def take_effect() -> None:
            self._log(f"{name} takes effect")
            answers.append(
                elsewhere.answer(request, path) if elsewhere else self._served(request, path, sending)
            )
            process.meets(f"{name} had its effect")

        arriving = self._outside.call_later(fate.out, take_effect) if fate.effect is Effect.DONE else None
        try:
            await asyncio.sleep(fate.out)
            await asyncio.sleep(fate.back)
        except asyncio.CancelledError:
            if arriving and not answers:
                arriving.cancel()
            fate = self._cut_off(fate, answered=bool(answers))
            raise
        finally:
            if sending:
                sending.ended = self._time()
            if fate.effect is Effect.LATE:
                self._outside.call_later(fate.late, take_effect)
        if fate.ending is not Ending.NEVER_CONNECTED:
            self.arrivals[process.number] += 1
            self.looks[process.number] += self._is_look(process.number, name)
        process.passes(f"the answer of {name} arrives")
        response = self._answered(_response(fate, answers, request), sending)
        if fate.ending is Ending.ANSWER:
            self._note_answer(name, process, left, scan_began, response)
        return response

    def _leaves(self, process: Process, *, is_read: bool) -> float:
        """The time, when a request leaves."""
        if not is_read:
            self.wrote[process.number] = self._time()
        return self._time()

    def _note_answer(
        self, name: str, process: Process, left: float, scan_began: float | None, response: httpx.Response
    ) -> None:
        if scan_began is not None:
            self._last_scan[process.machine] = scan_began
        if name == "GET /v1/patients" and response.is_success:
            self.listings.append(Listing(process.number, left, response.json()["totalCount"]))

    def _note_order(self, name: str, request: httpx.Request, process: Process) -> None:
        if name in ("POST /e/v1/participants", "POST /e/v1/code"):
            body = json.loads(request.content)
            self.orders.add((process.number, body["customParticipantID"], body.get("templateID", "")))

    def _elsewhere_of(self, process: Process) -> Elsewhere | None:
        """The other account, when a run has its key."""
        elsewhere = self.elsewhere
        return elsewhere if elsewhere is not None and elsewhere.run == process.number else None

    def _begins_scan(self, request: httpx.Request, name: str) -> float | None:
        """The time, when a request is the first of a scan."""
        first = name == "GET /v1/patients" and b"start=" not in request.url.query
        return self._time() if first else None

    def _is_look(self, run: int, name: str) -> bool:
        """Whether a request of a run looks at what that run created."""
        created = {sending.id for sending in self.sendings if sending.run == run}
        return bool(created) and (
            name == "GET /v1/patients" or name.removeprefix("GET /v1/patients/") in created - {""}
        )

    def _fate(self, *, is_read: bool) -> Fate:
        rng, story = self._rng, self._story
        out, back = rng.uniform(0.01, 0.4), rng.uniform(0.01, 0.4)
        if rng.random() < 0.02:
            out += rng.uniform(0, 5)
        if self.calm:
            return Fate(Ending.ANSWER, Effect.DONE, out, back)
        if is_read:
            if rng.random() >= story.reads:
                return Fate(Ending.ANSWER, Effect.DONE, out, back)
            ending = _drawn(rng, _READS_ENDING)
            effect = Effect.DONE if ending is Ending.TRUNCATED else Effect.NEVER
            return Fate(ending, effect, out, back, retry_after=_retry_after(rng))
        if rng.random() < story.slow:
            out += rng.uniform(5, 140)
        if rng.random() >= story.writes:
            return Fate(Ending.ANSWER, Effect.DONE, out, back)
        ending = _drawn(rng, _WRITES_ENDING)
        if ending is Ending.SILENCE:
            back = _READ_TIMEOUT
        effect = _effect(rng, ending)
        return Fate(ending, effect, out, back, self._lateness(), _retry_after(rng))

    def _lateness(self) -> float:
        """Most often the latest moment that the story allows: the hardest case."""
        return self._story.late * self._rng.choice((1.0, 1.0, self._rng.random()))

    def _cut_off(self, fate: Fate, *, answered: bool) -> Fate:
        """The client closed the connection. A request in flight may still have its effect, or not."""
        if answered:
            return fate
        if fate.effect is Effect.NEVER or self._rng.random() < 0.3:
            return replace(fate, effect=Effect.NEVER)
        return replace(fate, effect=Effect.LATE, late=self._lateness())

    def _note_create(self, request: httpx.Request, process: Process, fate: Fate) -> Sending:
        """Note a create, and whether it was a guess to send it."""
        mrn = parse_qs(request.content.decode())["mrn"][0]
        sending = Sending(process.number, mrn, self._time(), process.machine, certain=fate.ending in CERTAIN)
        sending.is_lost = fate.ending is not Ending.ANSWER
        last_scan = self._last_scan.get(process.machine, -1.0)
        for earlier in self.sendings:
            if earlier.mrn != mrn or earlier.certain or earlier.machine != process.machine:
                continue
            decidable = None if earlier.ended is None else earlier.ended + self._story.settle
            if decidable is None or last_scan < decidable - self._story.skew - 0.001:
                self.guesses.append(
                    f"{mrn} is sent at {sending.left:.2f} although the one of {earlier.left:.2f} may still "
                    f"appear until {decidable}; the last scan began at {last_scan:.2f}"
                )
        since = (
            self._server.listed_since(mrn) if mrn in {*self._story.rivals, *self._server.snatched} else None
        )
        if since is not None and since < last_scan:
            self.guesses.append(f"{mrn} is sent although somebody else's was in the list at {since:.2f}")
        self.sendings.append(sending)
        return sending

    def _served(self, request: httpx.Request, path: str, sending: Sending | None) -> Answer:
        query = request.url.query
        if path == "/v1/patients" and request.method == "GET":
            if not self.calm and self._rng.random() < self._story.visits:
                self._server.visit()
            for _ in range(0 if self.calm else self._busy.randint(0, self._story.hazards.busy)):
                self._server.visit()
            if self.growing:
                for _ in range(self._growth.randint(1, self.growing)):
                    self._server.arrive()
            head, mark, limit = query.partition(b"limit=")
            limit_sent, more, rest = limit.partition(b"&")
            size = self._story.sizes.get(limit_sent.decode(), limit_sent.decode())
            query = head + mark + size.encode() + more + rest
        self._snatch(sending)
        content = self._stored(request.content, sending)
        answer = self._server.answer(request.method, path, query, request.headers.raw, content)
        if sending and 400 <= answer.status < 500:
            sending.certain = True
        if sending and answer.status < 300:
            sending.id = answer.body.partition(b'"id": "')[2].partition(b'"')[0].decode()
        return answer

    def _snatch(self, sending: Sending | None) -> None:
        """Right before one create somebody else creates that patient."""
        number = self._story.hazards.snatched
        if sending is None or sending.is_lost or not number or self._server.snatched:
            return
        if sum(not one.is_lost for one in self.sendings) >= number:
            self._server.snatch(self._story.desired.patients[sending.mrn], sending.run)

    def _stored(self, content: bytes, sending: Sending | None) -> bytes:
        """What the server takes for the body: of a create whose answer is lost it may alter mrn and names."""
        alter = ALTERATIONS.get(self._story.hazards.altered)
        if sending is None or alter is None or not sending.is_lost:
            return content
        self._log(f"the server stores {sending.mrn} as {alter(sending.mrn)}")
        self._server.altered.add(sending.mrn)
        form = dict(parse_qsl(content.decode()))
        names = {name: f"{form[name]} (cut)" for name in ("firstname", "lastname") if name in form}
        return urlencode(form | names | {"mrn": alter(sending.mrn)}).encode()

    def _answered(self, response: httpx.Response, sending: Sending | None) -> httpx.Response:
        """What a create is answered with: rarely with the id of somebody else, whom the run can know."""
        if sending is None or sending.is_lost or self.calm or not sending.id:
            return response
        if self._reused.random() >= self._story.hazards.reused:
            sending.is_known = True
            return response
        ours = [
            one.id for one in self.sendings if one.run == sending.run and one is not sending and one.is_known
        ]
        others = [*self._server.initial, *ours]
        if not others:
            return response
        other = self._reused.choice(others)
        self._log(f"the answer of {sending.mrn} has the id {other}, which is somebody else's")
        return httpx.Response(response.status_code, json=response.json() | {"id": other})


class Wire(httpx.AsyncBaseTransport):
    """The httpx transport of one run."""

    def __init__(self, network: Network, process: Process) -> None:
        self._network = network
        self._process = process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._network.carry(request, self._process)


def _drawn(rng: Random, choices: tuple[tuple[int, Ending], ...]) -> Ending:
    return rng.choices([ending for _, ending in choices], [weight for weight, _ in choices])[0]


def _effect(rng: Random, ending: Ending) -> Effect:
    if ending in CERTAIN:
        return Effect.NEVER
    if ending is Ending.TRUNCATED:
        return Effect.DONE
    return rng.choice((Effect.DONE, Effect.NEVER, Effect.LATE))


def _retry_after(rng: Random) -> str:
    return rng.choice(("", "", "1", "7", "90"))


def _response(fate: Fate, answers: list[Answer], request: httpx.Request) -> httpx.Response:
    wait = {"retry-after": fate.retry_after} if fate.retry_after else {}
    match fate.ending:
        case Ending.ANSWER:
            return httpx.Response(answers[0].status, headers=answers[0].headers, content=answers[0].body)
        case Ending.TRUNCATED:
            half = answers[0].body[: len(answers[0].body) // 2]
            return httpx.Response(
                answers[0].status, headers={"content-type": "application/json"}, content=half
            )
        case Ending.UNAVAILABLE:
            return httpx.Response(503, headers=wait)
        case Ending.THROTTLED:
            return httpx.Response(429, headers=wait)
        case Ending.GATEWAY_PAGE:
            return httpx.Response(502, html="<!doctype html><h1>Bad Gateway</h1>")
        case Ending.RESET:
            raise httpx.ReadError("the connection was reset", request=request)
        case Ending.SILENCE:
            raise httpx.ReadTimeout("no byte for 30 s", request=request)
        case Ending.NEVER_CONNECTED:
            raise httpx.ConnectError("nobody listens", request=request)
