"""The story of a seed: who is declared, how the server behaves, what fails."""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from random import Random
from typing import Final

import msgspec

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import (
    Desired,
    Dialect,
    MobileUser,
    Secret,
    SecretSource,
    Setting,
    Waves,
)
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.template import DeclaredTemplate
from kardia_ctl.sandbox.data.invented import TEMPLATES
from kardia_ctl.sandbox.quirks import CursorStyle, DuplicateMrn, DuplicateUser, Quirks, UnsetField
from tests.simulation.hazards import Hazards, hazards

SETTLE: Final = 60.0
"""The settle window of the simulated configurations, in seconds."""

_LABELS: Final = {"one-year": TEMPLATES[0].id, "ninety-days": TEMPLATES[1].id}
_CALLBACK: Final = Setting(Address(Kind.CALLBACK), {"url": "https://hooks.example.com/kardia"})
_NAMES: Final = ("Zorbavix", "Quirildra", "Mavloquin", "Trenerel", "Olvkunova", "Bexzask", "Junthimbe")


class Trouble(Enum):
    """What happens to a run besides the network's faults."""

    NONE = auto()
    CRASH = auto()
    """The process dies at one of its points: around a commit, a request, an effect, an answer."""
    KILL = auto()
    """The process dies at some moment, whatever it does."""
    BRAKE = auto()
    """Ctrl-C: it stops in order."""
    ABORT = auto()
    """Ctrl-C twice: it stops at once, but it still cleans up."""
    FULL_DISK = auto()
    """From some commit on, state cannot be written."""


class Pause(Enum):
    """What happens between a run and the next."""

    NONE = auto()
    SHORT = auto()
    LONG = auto()
    STATE_LOST = auto()
    """State is lost, and a person waits the settle window, as the documents say."""


@dataclass(frozen=True, slots=True)
class ScriptedRun:
    """One faulty run. ``when`` counts points or commits, or is in seconds, depending on the trouble."""

    trouble: Trouble
    when: float
    pause: Pause
    seconds: float
    ahead: float
    """Seconds by which this run's clock is ahead of the server's."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story. Times are in seconds.

    Attributes:
        seed: What it was drawn from, and what its chances are drawn from.
        desired: What is declared.
        quirks: How the server behaves.
        settle: The configured window.
        late: The most that passes from the end of a connection until its request has had its effect.
        skew: How far the clocks of two runs are apart at most.
        sizes: What a page holds when 500, 499 or 397 are asked for: a small account pages like a large one.
        writes: How probably a write goes wrong during the faulty runs.
        reads: The same for a read.
        slow: How probably a write takes long.
        visits: How probably a concurrent writer adds somebody before a page is read.
        rivals: Declared mrns that the concurrent writer uses too, each with the second at which it does.
        present: Declared mrns of patients who exist already.
        faulty_runs: The runs before the faults end.
        parallelism: Writes in flight.
        waves: How bulk is cut, None when it is not.
    """

    seed: int
    desired: Desired
    quirks: Quirks
    late: float
    skew: float
    sizes: dict[str, str]
    writes: float
    reads: float
    slow: float
    visits: float
    rivals: dict[str, float]
    present: tuple[str, ...]
    faulty_runs: tuple[ScriptedRun, ...]
    parallelism: int
    waves: Waves | None
    settle: float = SETTLE
    crowd: int = field(default=0)
    """How many others the account has at first."""
    dialect: Dialect = Dialect.V1
    leaving: tuple[str, ...] = ()
    """The mrns of patients who exist, and who are to be exported and then deleted."""
    hazards: Hazards = field(default_factory=Hazards)


def scenario(seed: int) -> Scenario:
    """The story of a seed: always the same."""
    rng = Random(f"scenario/{seed}")
    desired = _desired(rng)
    mrns = list(desired.patients)
    style = rng.choice((CursorStyle.EXACT, CursorStyle.EXACT, CursorStyle.OFFSET, CursorStyle.SECOND))
    skew = rng.choice((0.0, 0.0, 2.0))
    late, lag, latency = _shares(rng, SETTLE - skew)
    return Scenario(
        seed=seed,
        desired=desired,
        quirks=Quirks(
            cursor_style=style,
            list_lag=lag,
            commit_latency=latency,
            duplicate_mrn=DuplicateMrn.CONFLICT if rng.random() < 0.05 else DuplicateMrn.ACCEPTED,
            unset_field=rng.choice(tuple(UnsetField)),
        ),
        late=late,
        skew=skew,
        sizes=_sizes(rng, style),
        writes=rng.choice((0.1, 0.25, 0.25, 0.5)),
        reads=rng.choice((0.0, 0.03, 0.1)),
        slow=rng.choice((0.0, 0.0, 0.05)),
        visits=rng.choice((0.0, 0.0, 0.1, 0.3)),
        rivals={rng.choice(mrns): rng.uniform(0, 1.5 * SETTLE)} if rng.random() < 0.12 else {},
        present=tuple(rng.sample(mrns, rng.randrange(1, 3))) if rng.random() < 0.2 else (),
        faulty_runs=tuple(_scripted_run(rng, skew) for _ in range(rng.randrange(1, 5))),
        parallelism=rng.choice((1, 2) if style is CursorStyle.SECOND else (1, 2, 4, 16)),
        crowd=rng.choice((0, 3, 9)),
        waves=_waves(Random(f"waves/{seed}")),
        hazards=hazards(seed),
    )


def peopled(seed: int) -> Scenario:
    """The story of a seed with mobile users and, in v1, patients who leave; every other one speaks pro.

    Nobody else uses an mrn of ours here. The server accepts a second user with the same e-mail address, so
    that one is detected.
    """
    story, rng = scenario(seed), Random(f"users/{seed}")
    dialect = Dialect.PRO if seed % 2 else Dialect.V1
    users = {
        mrn: MobileUser("us", Secret(SecretSource.GENERATE), redeem=_redeems(rng, dialect, want))
        for mrn, want in story.desired.patients.items()
        if rng.random() < 0.6
    }
    people = {
        mrn: msgspec.structs.replace(want, firstname=want.firstname or "Nameless")  # pro wants one
        for mrn, want in story.desired.patients.items()
    }
    desired = replace(story.desired, users=users, patients=people)
    quirks = replace(story.quirks, duplicate_user=DuplicateUser.ACCEPTED)
    leaving = tuple(f"L-{number}" for number in range(rng.randrange(1, 4))) if dialect is Dialect.V1 else ()
    return replace(
        story,
        desired=desired,
        quirks=quirks,
        rivals={},
        dialect=dialect,
        leaving=leaving,
        hazards=Hazards(busy=story.hazards.busy, saved=story.hazards.saved),
    )


def _redeems(rng: Random, dialect: Dialect, want: DesiredPatient) -> bool:
    return rng.random() < 0.7 and dialect is Dialect.PRO and bool(want.codes)


def _waves(rng: Random) -> Waves | None:
    """Drawn from a seed of their own, so that they change no other part of a story."""
    return Waves(rng.randrange(1, 5), rng.randrange(1, 4)) if rng.random() < 0.5 else None


def _desired(rng: Random) -> Desired:
    patients: dict[str, DesiredPatient] = {}
    for number in range(rng.randrange(5, 13)):
        mrn = f"S-{number}"
        codes = tuple(rng.sample(tuple(_LABELS), rng.choice((0, 0, 1, 2))))
        patients[mrn] = DesiredPatient(
            mrn,
            f"19{50 + number}-03-{1 + number:02}",
            f"{mrn}@example.com".lower(),
            rng.choice(_NAMES) if rng.random() < 0.8 else "",
            f"No{number}",
            rng.choice(("", "1", "2")),
            codes=codes,
        )
    templates = {label: DeclaredTemplate(label, template) for label, template in _LABELS.items()}
    settings = (_CALLBACK,) if rng.random() < 0.3 else ()
    return Desired(patients=patients, templates=templates, settings=settings)


def _shares(rng: Random, window: float) -> tuple[float, float, float]:
    """How late an effect, a listing and a patient's existence are: together just inside the window."""
    parts = [rng.choice((0.0, rng.random())), rng.choice((0.0, rng.random())), rng.choice((0.0, 0.0, 0.1))]
    whole = max(sum(parts), 1.0)
    late, lag, latency = (0.98 * window * part / whole for part in parts)
    return late, lag, latency


def _sizes(rng: Random, style: CursorStyle) -> dict[str, str]:
    """Patients of one second that a page's edge cuts are never listed by SECOND: pages are larger then."""
    size = rng.randrange(20, 30) if style is CursorStyle.SECOND else rng.randrange(3, 12)
    return {"500": str(size), "499": str(size - 1), "397": str(max(1, size * 397 // 500))}


def _scripted_run(rng: Random, skew: float) -> ScriptedRun:
    trouble = rng.choice(
        (Trouble.NONE, *3 * (Trouble.CRASH,), *(kind for kind in Trouble if kind is not Trouble.NONE))
    )
    when = {
        Trouble.NONE: 0.0,
        Trouble.CRASH: float(rng.randrange(1, 80)),
        Trouble.KILL: rng.choice((rng.uniform(0, 5), rng.uniform(0, 2 * SETTLE))),
        Trouble.BRAKE: rng.choice((rng.uniform(0, 5), rng.uniform(0, SETTLE))),
        Trouble.ABORT: rng.choice((rng.uniform(0, 5), rng.uniform(0, 2 * SETTLE))),
        Trouble.FULL_DISK: float(rng.randrange(2, 20)),
    }[trouble]
    pause = rng.choice((Pause.NONE, Pause.SHORT, Pause.SHORT, Pause.LONG, Pause.STATE_LOST))
    seconds = {
        Pause.NONE: 0.0,
        Pause.SHORT: rng.uniform(0, 20),
        Pause.LONG: rng.uniform(0, 3 * SETTLE),
        Pause.STATE_LOST: SETTLE + 0.001,
    }[pause]
    return ScriptedRun(trouble, when, pause, seconds, rng.uniform(-skew / 2, skew / 2))
