"""What else goes wrong in a story: each hazard is drawn by itself, so that a new one changes no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Final

from tests.simulation.clock_hazards import Clocks, clocks

ALTERATIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "lower case": str.lower,
    "without its hyphen": lambda mrn: mrn.replace("-", ""),
    "full width": lambda mrn: "".join(chr(ord(mark) + 0xFEE0) for mark in mrn),
}
"""What a server makes of an mrn."""


class Meanwhile(Enum):
    """What happens to a patient who is to be deleted."""

    NOTHING = auto()
    CONNECTS = auto()
    IS_RECORDED = auto()
    """A recording comes."""
    SEEMS_GONE = auto()
    """The list does not show the patient until the second, and the first read by id answers 404."""
    DELETED_ELSEWHERE = auto()
    ODD_STATUS = auto()
    """Connected from the start, which the server spells CONNECTED."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """A recorded patient whom a departure deletes unconfirmed, and what happens in that second."""

    mrn: str
    meanwhile: Meanwhile
    second: float


class Templates(Enum):
    """Which teams the connection templates of another account name."""

    ANOTHER = auto()
    SEVERAL = auto()
    OURS_AMONG_SEVERAL = auto()
    NO_TEAM = auto()
    NONE = auto()
    """There are no templates."""


class People(Enum):
    """Who the patients of another account are."""

    NOBODY = auto()
    STRANGERS = auto()
    NAMESAKES = auto()
    """Each has mrn and fields of somebody who is declared."""


@dataclass(frozen=True, slots=True)
class WrongKey:
    """A faulty run has the key of another account.

    Attributes:
        templates: Which teams that account's templates name.
        people: Who its patients are.
        declared: Whether the configuration declares the team; otherwise state has to be bound to it.
        first: The first run that may have the key: the first from it on in which a team is expected.
    """

    templates: Templates
    people: People
    declared: bool
    first: int


class Job(Enum):
    """Whether two runners are jobs of a CI system, and what the configuration says of their state."""

    NONE = auto()
    """They are no jobs."""
    DECLARED = auto()
    NEW_STATE = auto()
    """Nothing, until their runs were refused."""


@dataclass(frozen=True, slots=True)
class Runners:
    """Two runners without a shared state; the second one starts ``later`` by so many seconds."""

    later: float
    job: Job


class Copied(Enum):
    """What somebody copies, and where the runs go on."""

    WHOLE = auto()
    """The file, the log of a killed run, and the key; on another machine."""
    FILE_ALONE = auto()
    """The file and the key."""
    WITHOUT_KEY = auto()
    EARLIER = auto()
    """A backup, which is restored after the last faulty run."""
    BOTH = auto()
    """All of it, and both machines go on, in turn."""


@dataclass(frozen=True, slots=True)
class Copying:
    """Somebody copies the state.

    Attributes:
        what: What is copied.
        after: The number of the faulty run after which it is copied.
        found: Whether the log that was not copied is found; otherwise it is lost.
    """

    what: Copied
    after: int
    found: bool


@dataclass(frozen=True, slots=True)
class Hazards:
    """The hazards of a story; without one, all are absent.

    Attributes:
        leaver: A patient who is to be deleted, and what happens to that patient meanwhile.
        busy: The most strangers who come or leave before a page of the list is read.
        saved: Whether the faulty runs apply saved plans, which send each write once.
        altered: How the server stores the mrn of a create whose answer is lost, a key of ``ALTERATIONS``.
        reused: How probably a create is answered with the id of somebody else, in the faulty runs.
        renamed: After which faulty run the workspace is renamed; 0 for none.
        wrong_key: A faulty run with the key of another account.
        limit: ``--limit`` of the faulty runs; 0 for none.
        limits: Whether ``limits.create`` is what is declared, in the faulty runs: nothing may be sent twice.
        snatched: Right before which create with an answer, of all runs, somebody else creates that patient;
            0 for none.
        growing: The most strangers who come before each page of the list that is read, for whatever it is
            read; at least one comes. 0 for nobody.
        runners: Two runners that share no state.
        copying: Somebody copies the state.
        twin: The mrn of somebody declared who exists twice at first; one of the two is to leave.
        clocks: What the clocks of the machine do; None when they are right and each run is on another boot.
    """

    leaver: Leaver | None = None
    busy: int = 0
    saved: bool = False
    altered: str = ""
    reused: float = 0.0
    renamed: int = 0
    wrong_key: WrongKey | None = None
    limit: int = 0
    limits: bool = False
    snatched: int = 0
    growing: int = 0
    runners: Runners | None = None
    copying: Copying | None = None
    twin: str = ""
    clocks: Clocks | None = None


def hazards(seed: int) -> Hazards:
    """The hazards of a seed. Each is drawn from a ``Random`` of its own: ``Random(f"NAME/{seed}")``."""
    busy, altered, reused, renamed = (
        Random(f"{name}/{seed}") for name in ("busy", "altered", "reused", "renamed")
    )
    limit, snatched = Random(f"limit/{seed}"), Random(f"snatched/{seed}")
    return Hazards(
        leaver=_leaver(Random(f"leaver/{seed}")),
        busy=busy.randrange(2, 6) if busy.random() < 0.1 else 0,
        saved=Random(f"saved/{seed}").random() < 0.2,
        altered=altered.choice(tuple(ALTERATIONS)) if altered.random() < 0.06 else "",
        reused=0.15 if reused.random() < 0.06 else 0.0,
        renamed=1 if renamed.random() < 0.06 else 0,
        wrong_key=_wrong_key(Random(f"wrong key/{seed}")),
        limit=limit.randrange(1, 8) if limit.random() < 0.1 else 0,
        limits=Random(f"limits/{seed}").random() < 0.1,
        snatched=snatched.randrange(1, 6) if snatched.random() < 0.06 else 0,
        clocks=clocks(Random(f"clocks/{seed}")),
    )


def _wrong_key(rng: Random) -> WrongKey | None:
    if rng.random() >= 0.08:
        return None
    templates, people = rng.choice(tuple(Templates)), rng.choice(tuple(People))
    return WrongKey(templates, people, rng.random() < 0.5, rng.randrange(3))


def _leaver(rng: Random) -> Leaver | None:
    if rng.random() >= 0.15:
        return None
    meanwhile = rng.choice(tuple(Meanwhile))
    second = rng.uniform(10, 40) if meanwhile is Meanwhile.SEEMS_GONE else rng.uniform(0, 6)
    return Leaver("H-0", meanwhile, second)
