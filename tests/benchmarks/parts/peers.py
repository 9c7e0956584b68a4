"""What people use instead, each as its own users would drive it, on the same server, 50 ms away.

Every peer looks who is there, creates the others and asks for a code for each; a call that fails is made
again, three times in all. Once all answers arrive, and once 5 % of the answers to writes are lost: the server
did what it was asked, and the connection was dropped. Ansible's packages are installed by the benchmark into
an environment that is removed afterwards.
"""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kardia_ctl.sandbox.data.invented import API_KEY
from tests.benchmarks.pairs import spread
from tests.benchmarks.parts.onboarding import Subject, apply
from tests.benchmarks.processes import PROGRAMS, Run, run, script
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import LightServer
from tests.benchmarks.table import Row, Standing, Unit
from tests.benchmarks.workload import newcomers

NAME: Final = "peers"
_ABREAST: Final = 32
_LOST: Final = 0.05
_SETTLE: Final = 3.0
"""Seconds for which a lost create may still appear: this server shows it at once."""
_ANSIBLE: Final = "ansible-core>=2.16,<2.20"

Onboard = Callable[[LightServer, int, Path], Run]


@dataclass(frozen=True, slots=True)
class _Peer:
    name: str
    patients: int
    onboard: Onboard


def rows(scale: Scale) -> Iterator[Row]:
    """Every peer once with every answer, and once without some."""
    with TemporaryDirectory() as directory:
        playbook = _ansible(Path(directory, "venv"))
        for peer in _peers(scale, playbook):
            subject = f"{peer.name}, {peer.patients:,} patients"
            whole = Subject(peer.patients, peer.onboard)
            yield from _cost(subject, peer.patients, whole(), whole.seen[0].requests)
            lossy = Subject(peer.patients, peer.onboard, lost=_LOST)
            found = lossy()
            yield from _harm(subject, peer.patients, found, lossy)


def _peers(scale: Scale, playbook: Onboard) -> Iterator[_Peer]:
    ours = partial(apply, parallelism=_ABREAST, settle=_SETTLE)
    yield _Peer(f"kardia-ctl, {_ABREAST} in flight", scale.peers, ours)
    yield _Peer("kardia-ctl, 1 in flight", scale.played, partial(apply, parallelism=1, settle=_SETTLE))
    yield _Peer("Ansible playbook, ansible.builtin.uri", scale.played, playbook)
    yield _Peer("script, httpx, one call after the other", scale.peers, _plain)
    yield _Peer(f"asyncio script, httpx, {_ABREAST} in flight", scale.peers, _abreast)


def _cost(subject: str, patients: int, found: Run, requests: int) -> Iterator[Row]:
    megabytes = found.peak_bytes / 1e6
    yield _row(subject, "time", found.seconds, Unit.SECONDS)
    yield _row(subject, "ms per patient", 1000 * found.seconds / patients, Unit.RATIO)
    yield _row(subject, "requests per patient", requests / patients, Unit.RATIO)
    yield _row(subject, "peak memory", megabytes, Unit.MEGABYTES)


def _harm(subject: str, patients: int, found: Run, lossy: Subject) -> Iterator[Row]:
    seen = lossy.seen[0]
    yield _row(subject, "5 % lost: duplicates left", seen.duplicates)
    yield _row(subject, "patients missing", seen.missing(patients))
    yield _row(subject, "without a code", seen.without_code(patients))
    yield _row(subject, "codes ordered twice", seen.ordered_again)
    yield _row(subject, "exit code", found.code)
    yield _row(subject, "time with losses", found.seconds, Unit.SECONDS)


def _row(subject: str, what: str, value: float, unit: Unit = Unit.COUNT) -> Row:
    return Row(NAME, what, spread([value]), unit, standing=Standing.ORIENTATION, subject=subject)


def _people(directory: Path, patients: int) -> str:
    """The same patients as JSON, which playbooks and scripts read most easily."""
    with newcomers(directory, patients).open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    target = directory / "people.json"
    target.write_text(json.dumps(found))
    return str(target)


def _plain(server: LightServer, patients: int, directory: Path) -> Run:
    command = script("plain.py", server.url, API_KEY, _people(directory, patients))
    return run(command, codes=(0, 1))


def _abreast(server: LightServer, patients: int, directory: Path) -> Run:
    people = _people(directory, patients)
    command = script("abreast.py", server.url, API_KEY, people, str(_ABREAST))
    return run(command, codes=(0, 1))


def _ansible(place: Path) -> Onboard:
    """Install Ansible, and how to play the playbook."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", _ANSIBLE], check=True, stderr=subprocess.DEVNULL)

    def play(server: LightServer, patients: int, directory: Path) -> Run:
        variables = {"url": server.url, "key": API_KEY, "people": _people(directory, patients)}
        pairs = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
        command = [str(place / "bin" / "ansible-playbook"), str(PROGRAMS / "playbook.yml"), *pairs]
        return run(command, codes=(0, 1, 2))

    return play
