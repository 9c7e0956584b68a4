"""Onboarding: throughput ÷ that of bare sockets which send the same requests, and the connections opened.

The server is the light one: the sandbox would be what is measured. State is durable before each request that
may not be sent twice; the bare sockets keep none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.sandbox.data.invented import API_KEY
from tests.benchmarks.pairs import cpu_ratios, interleaved, noise, ratios, spread
from tests.benchmarks.parts.latency import SECONDS
from tests.benchmarks.processes import SCRIPT, BenchmarkError, Run, run, script
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import Counts, LightServer, light_server
from tests.benchmarks.table import Row
from tests.benchmarks.workload import newcomers

NAME: Final = "onboarding"
_GOALS: Final = ((0.05, 32, 0.8), (0.1, 32, 0.9), (0.05, 128, 0.6))
"""Seconds of latency, requests in flight, and the least throughput ÷ a raw-socket client's."""


def rows(scale: Scale) -> Iterator[Row]:
    """Throughput and connections at each latency and parallelism."""
    for latency, abreast, goal in _GOALS:
        ours = Subject(scale.onboarded, partial(apply, parallelism=abreast), latency=latency)
        bare = Subject(scale.onboarded, partial(_raw, parallelism=abreast), latency=latency)
        found = interleaved({"bare": bare, "ours": ours}, scale.once)
        what = (
            f"onboarding {scale.onboarded:,} patients with one code each, {latency * 1000:.0f} ms latency, "
            f"{abreast} in flight"
        )
        yield Row(
            NAME,
            f"{what}: throughput ÷ a raw-socket client's",
            spread(ratios(found["bare"], found["ours"])),
            goal=goal,
            at_least=True,
            cpu=spread(cpu_ratios(found["bare"], found["ours"])),
            noise=noise(found["bare"]),
        )
        opened = [counts.connections / abreast for counts in ours.seen[1:]]
        yield Row(NAME, f"{what}: connections opened ÷ {abreast}", spread(opened), goal=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that onboards so many patients on a new server, each time it is called.

    ``seen`` gets what the server saw; ``lost`` is the fraction of writes whose answer is lost.
    """

    patients: int
    onboard: Callable[[LightServer, int, Path], Run]
    lost: float = 0.0
    latency: float = SECONDS
    seen: list[Counts] = field(default_factory=list)

    def __call__(self) -> Run:
        with light_server(self.latency, self.lost) as server, TemporaryDirectory() as directory:
            found = self.onboard(server, self.patients, Path(directory))
            counts = server.counts()
        if not self.lost and (counts.missing(self.patients) or counts.without_code(self.patients)):
            raise BenchmarkError("not everybody was onboarded")
        self.seen.append(counts)
        return found


def apply(
    server: LightServer,
    patients: int,
    directory: Path,
    *,
    parallelism: int,
    settle: float | None = None,
    settings: str = "",
) -> Run:
    """kardia-ctl onboards from CSV; ``settle`` is the window in seconds, ``settings`` are lines of YAML."""
    newcomers(directory, patients)
    with (directory / "kardia.yaml").open("a", encoding="utf-8") as declared:
        declared.write(settings)
    command = [SCRIPT, "apply", str(directory), "--auto-approve", "--endpoint", server.url]
    command += ["--parallelism", str(parallelism)]
    command += [] if settle is None else ["--settle", str(settle)]
    return run(command, codes=(0,) if settle is None else (0, 1))


def _raw(server: LightServer, patients: int, _: Path, *, parallelism: int) -> Run:
    return run(script("raw_client.py", server.url, API_KEY, str(patients), str(parallelism)))
