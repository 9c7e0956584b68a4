"""What a valid configuration declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.decision import Decision
from kardia_ctl.model.decided.departure_code import DepartureCode
from kardia_ctl.model.decided.move import Move
from kardia_ctl.model.decided.two_person import TwoPerson
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.source import ConfigurationPart, Problem, Source
from kardia_ctl.model.template import DeclaredTemplate


class Dialect(StrEnum):
    """Which of the two APIs the account speaks."""

    V1 = "v1"
    PRO = "pro"


class Authorization(StrEnum):
    """How a request to pro carries the API key: the reference has both ``Bearer KEY`` and the bare key."""

    BEARER = "bearer"
    BARE = "bare"


class Region(StrEnum):
    """Where the account lives (API reference, "Base URL")."""

    US = "us"
    EU = "eu"


class ScanPolicy(StrEnum):
    """What proves a scan: totalCount, or two equal scans where the server's count is known to be wrong."""

    COUNT = "count"
    AGREE_TWICE = "agree-twice"


class DepartureAction(StrEnum):
    """What a departure does to its patient."""

    DISCONNECT = "disconnect"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared or observed setting: a callback, a QT callback or a service provider."""

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
    """A patient to disconnect or delete.

    Attributes:
        mrn: The patient's mrn.
        action: What to do.
        reason: Why: free text about a person, shown on the person's own terminal alone.
        id: The live id, for a patient without a record in state, or one of two with a declared mrn.
        source: Where it is declared.
        export: Whether to export the patient's data before a deletion.
        exported: The day (YYYY-MM-DD) on which the export arrived; the deletion waits for it.
        confirmed: Whether a patient may be deleted who is or may be connected or has or may have recordings.
        done: The day (YYYY-MM-DD) since which a person knows that it is done: nothing is sent for it.
        code: Why, as a word that reviewers may see.
    """

    mrn: str
    action: DepartureAction
    reason: str = field(repr=False)
    id: str = ""
    source: Source | None = None
    export: bool = False
    exported: str = ""
    confirmed: bool = False
    done: str = ""
    code: DepartureCode = DepartureCode.OTHER


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
    """Applies many patients in waves of ``size``.

    The run ends after a wave in which ``stop_on_failures`` writes failed or are in doubt.
    """

    size: int = 500
    stop_on_failures: int = 5


@dataclass(frozen=True, slots=True, repr=False)
class Desired:
    """Everything that should exist. The order within a mapping does not matter.

    Attributes:
        team: The tenant's team id; empty when it is not declared.
        patients: By mrn.
        settings: Callbacks and service providers.
        templates: By their names in the YAML.
        departures: The patients to disconnect or delete.
        limits: How much one run may do.
        quarantined: The sources of quarantined rows, by mrn. These patients count as declared.
        quarantined_without_mrn: The number of quarantined rows that have no usable mrn.
        users: Mobile users by their patient's mrn.
        moved: The patients whose mrn was corrected.
        decisions: What a person decided, each until a day.
    """

    team: str = ""
    patients: Mapping[str, DesiredPatient] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    templates: Mapping[str, DeclaredTemplate] = field(default_factory=dict)
    departures: tuple[Departure, ...] = ()
    limits: Limits = Limits()
    quarantined: Mapping[str, Source] = field(default_factory=dict)
    quarantined_without_mrn: int = 0
    users: Mapping[str, MobileUser] = field(default_factory=dict)
    moved: tuple[Move, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a table is written: the program that wrote it reads perhaps no other form.

    ``has_mark`` says that it begins with a byte order mark: without one, Excel does not read UTF-8.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    has_mark: bool = False
    line_end: str = "\n"


@dataclass(frozen=True, slots=True, repr=False)
class Quarantine:
    """The bad rows of one cohort (``on_bad_row: quarantine``).

    Attributes:
        cohort: The cohort's name.
        source: The cohort's file, named as in a ``Source``.
        target: The file to write the rows to. When there are none, a file from an earlier run is obsolete.
        header: The column names of the cohort's file.
        rows: Each row's line (or number), the reason, and its unchanged cells, which are patients' values.
        problems: The problems of the rows in order, without values.
        form: The form of the cohort's file, in which they are written.
    """

    cohort: str
    source: str
    target: Path
    header: tuple[str, ...] = ()
    rows: tuple[tuple[int, str, tuple[str, ...]], ...] = ()
    problems: tuple[Problem, ...] = ()
    form: TextForm = TextForm()


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration as it was read. ``root`` is the directory of kardia.yaml; ``settle`` is in seconds.

    ``state_declared`` is whether kardia.yaml says where the state is, or that it is lost on purpose.
    ``digest`` is the SHA-256 (hex) of names and contents of all files read and of the environment values
    substituted in them, except in ``state``: a saved plan belongs to exactly one digest, that of ``parts``.
    ``quarantines`` has an entry for each cohort that quarantines rows. ``sources`` are the files that were
    read, or that kardia.yaml names. ``callback_hosts`` are the only hosts of callbacks; none: any.
    ``two_person``: what needs a second person; ``recipients``: whom files are for; ``plain_people``:
    the files with patients in plain text; ``phi_accepted``: git may have them; ``shows_mrns``: to everybody.
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
    state_declared: bool = False
    workspace: str = "default"
    digest: str = ""
    parts: tuple[ConfigurationPart, ...] = ()
    sources: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
    callback_hosts: tuple[str, ...] = ()
    two_person: tuple[TwoPerson, ...] = ()
    recipients: tuple[str, ...] = ()
    phi_accepted: bool = False
    shows_mrns: bool = False
    plain_people: tuple[Path, ...] = ()
