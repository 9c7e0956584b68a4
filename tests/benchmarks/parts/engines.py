"""Engines of the state side by side: commits, loading, and onboarding, each ÷ the same with SQLite.

The servers are those that tests start, on loopback; PostgreSQL writes through to the disk as it is delivered.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import PatientRecord, Remember
from kardia_ctl.state.open import open_store
from kardia_ctl.state.state_store import StateStore
from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.parts.onboarding import Subject, apply
from tests.benchmarks.processes import Run
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import LightServer
from tests.benchmarks.table import Row, Standing
from tests.state.object_servers import environment, s3_server
from tests.state.postgres_server import postgres_server

NAME: Final = "engines"
_ABREAST: Final = 32
_BATCHES: Final = (1, 8, 64)
_ENTRIES: Final = 1_920
_STEP: Final = 1_000
_BUCKET: Final = "s3://clinic-state/state"
_LATENCY: Final = 0.05
"""Seconds that an object store takes to answer."""


def rows(scale: Scale) -> Iterator[Row]:
    """A commit by the size of its batch, loading, and onboarding."""
    with postgres_server(settings={}) as server:
        with TemporaryDirectory() as directory:
            urls = "sqlite:///state.db", f"{server.url()}?schema=rows"
            ours, theirs = (open_store(url, Path(directory), "default") for url in urls)
            yield from _commits(ours, theirs, scale.least)
            yield _loads("PostgreSQL", ours, theirs, scale)
        yield _onboards("PostgreSQL", lambda: server.url(server.database()), 0.85, scale)
    with s3_server() as variables, environment(variables), TemporaryDirectory() as directory:
        urls = "sqlite:///state.db", _BUCKET
        ours, theirs = (open_store(url, Path(directory), "default") for url in urls)
        yield _loads("S3", ours, theirs, scale)
    with s3_server(latency=_LATENCY) as variables, environment(variables):
        yield _onboards("S3, which answers in 50 ms,", lambda: f"{_BUCKET}-{time.monotonic_ns()}", 0.6, scale)


def _commits(ours: StateStore, theirs: StateStore, rounds: int) -> Iterator[Row]:
    for size in _BATCHES:
        found = [
            [_seconds(partial(_commit, store, f"{number}-{size}", size)) for store in (ours, theirs)]
            for number in range(rounds)
        ]
        yield Row(
            NAME,
            f"an entry in a durable commit of {size}: PostgreSQL ÷ SQLite",
            spread([other / own for own, other in found]),
            standing=Standing.ORIENTATION,
        )


def _commit(store: StateStore, prefix: str, size: int) -> None:
    with store.lock("apply"):
        for part in range(_ENTRIES // size):
            store.commit(_records(f"{prefix}-{part}", size))


def _loads(engine: str, ours: StateStore, theirs: StateStore, scale: Scale) -> Row:
    for store in (ours, theirs):
        with store.lock("apply"):
            for part in range(scale.most // _STEP):
                store.commit(_records(f"{part}", _STEP))
    found = [[_seconds(store.load) for store in (ours, theirs)] for _ in range(scale.least)]
    return Row(
        NAME,
        f"loading a state of {scale.most:,} records: {engine} ÷ SQLite",
        spread([other / own for own, other in found]),
        goal=2,
    )


def _onboards(engine: str, place: Callable[[], str], goal: float, scale: Scale) -> Row:
    ours = Subject(scale.onboarded, partial(apply, parallelism=_ABREAST))
    theirs = Subject(scale.onboarded, partial(_apply, place))
    found = interleaved({"ours": ours, "theirs": theirs}, scale.once)
    return Row(
        NAME,
        f"onboarding {scale.onboarded:,} patients with one code each, {_ABREAST} in flight: throughput with "
        f"{engine} ÷ with SQLite",
        spread(ratios(found["ours"], found["theirs"])),
        goal=goal,
        at_least=True,
        cpu=spread(cpu_ratios(found["ours"], found["theirs"])),
        noise=noise(found["ours"]),
    )


def _apply(place: Callable[[], str], server: LightServer, patients: int, directory: Path) -> Run:
    return apply(server, patients, directory, parallelism=_ABREAST, settings=f"state: {place()}\n")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _records(prefix: str, count: int) -> Iterator[Remember]:
    for number in range(count):
        record = PatientRecord(f"{prefix}{number:030}", b"\0" * 20, 1_700_000_000)
        yield Remember(Kind.PATIENT, f"{prefix}-{number:07}", "", record)
