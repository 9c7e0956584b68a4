"""What the configuration declares, once it has been read and found right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from kardia_ctl.model.address import Address
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.source import Problem, Source
from kardia_ctl.model.template import DeclaredTemplate


class Dialect(StrEnum):
    """Which of the two APIs the account speaks."""

    V1 = "v1"
    PRO = "pro"


class Authorization(StrEnum):
    """How the pro API is shown the key: its document has ``Bearer KEY`` and the key alone."""

    BEARER = "bearer"
    BARE = "bare"


class Region(StrEnum):
    """Where the account lives (API reference, "Base URL")."""

    US = "us"
    EU = "eu"


class ScanPolicy(StrEnum):
    """What proves a scan: totalCount, or two equal scans of a server whose count is known to be off."""

    COUNT = "count"
    AGREE_TWICE = "agree-twice"


class Departing(StrEnum):
    """What a departure asks for."""

    DISCONNECT = "disconnect"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Resource:
    """A desired or observed thing that is not a patient: a callback, a QT callback, a service provider."""

    address: Address
    attributes: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None


class SecretSource(StrEnum):
    """Where a secret comes from."""

    ENV = "env"
    FILE = "file"
    GENERATE = "generate"


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret, never the secret itself.

    ``name`` is the variable, or the path relative to the configuration's root; empty when it is generated.
    """

    source: SecretSource
    name: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class MobileUser:
    """A Kardia Mobile user for a patient (API reference, "Create User").

    ``country`` is an ISO 3166-1 alpha-2 code in lower case. ``redeem`` has the patient's code redeemed for
    the new user, where the dialect has a request for that.
    """

    country: str
    password: Secret
    redeem: bool = False


@dataclass(frozen=True, slots=True)
class Departure:
    """A patient who leaves, with the reason that the record needs. ``id`` serves when state has no record.

    ``export`` asks for the patient's data first; the deletion then waits until ``exported`` (YYYY-MM-DD) says
    that it has come. ``confirmed`` lets somebody be deleted who is connected or has recordings.
    """

    mrn: str
    action: Departing
    reason: str
    id: str = ""
    source: Source | None = None
    export: bool = False
    exported: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may do; None is unlimited. ``cost`` is in the templates' currency."""

    create: int | None = None
    update: int | None = None
    disconnect: int | None = 100
    delete: int | None = 10
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Waves:
    """Bulk in parts of ``size`` patients.

    A wave in which ``stop_on_failures`` writes failed or are in doubt is the last.
    """

    size: int = 500
    stop_on_failures: int = 5


@dataclass(frozen=True, slots=True, repr=False)
class Desired:
    """Everything that should exist. ``patients`` and ``users`` by mrn; their order does not matter.

    ``quarantined`` are the mrns of declared patients whose rows are quarantined, with their places: nothing
    else is known of them. ``quarantined_without_mrn`` counts the quarantined rows that have no usable mrn.
    """

    team: str = ""
    patients: Mapping[str, DesiredPatient] = field(default_factory=dict)
    settings: tuple[Resource, ...] = ()
    templates: Mapping[str, DeclaredTemplate] = field(default_factory=dict)
    departures: tuple[Departure, ...] = ()
    limits: Limits = Limits()
    quarantined: Mapping[str, Source] = field(default_factory=dict)
    quarantined_without_mrn: int = 0
    users: Mapping[str, MobileUser] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Quarantine:
    """The bad rows of one cohort (``on_bad_row: quarantine``).

    Attributes:
        cohort: The cohort's name.
        source: Its file, as sources name it.
        target: The file to write them to; without rows, a file from an earlier run is out of date.
        header: The source's own headers.
        rows: The line (or number) of each, why, and its cells as they stand: values of patients.
        problems: What is wrong with them, without values, in order.
    """

    cohort: str
    source: str
    target: Path
    header: tuple[str, ...] = ()
    rows: tuple[tuple[int, str, tuple[str, ...]], ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration as it was read. ``root`` is the directory of kardia.yaml; ``settle`` is in seconds.

    ``digest`` is the SHA-256 (hex) of every file that was read, with their names, and of the environment
    values that were put into them, those of ``state`` aside: a saved plan belongs to exactly one digest.
    ``quarantines`` has one for each cohort that quarantines bad rows, even if it has none.
    """

    root: Path
    desired: Desired
    dialect: Dialect = Dialect.V1
    region: Region = Region.US
    authorization: Authorization = Authorization.BEARER
    scan: ScanPolicy = ScanPolicy.COUNT
    settle: float = 120.0
    waves: Waves | None = None
    state: str = "sqlite:///.kardia/state.db"
    workspace: str = "default"
    digest: str = ""
    warnings: tuple[str, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
