"""What each letter says: a declared patient, and the codes that a file of codes has for this mrn."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from kardia_ctl.model.configuration import Desired
from kardia_ctl.model.patient import DesiredPatient


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A row of a file of codes, by its columns. A row with a password has no code."""

    mrn: str
    code: str = field(repr=False)
    template: str
    issued: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """A patient, the latest code of each template in the order in which they are declared, and a password."""

    patient: DesiredPatient
    codes: tuple[CodeRow, ...]
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters, and whom there is none for.

    Attributes:
        facts: Sorted by mrn.
        without: Wanted patients who should have a code or a password, and have none in the file.
        unknown: Mrns of the file that nobody declares.
        outdated: Declared patients with a row whose template they do not declare any more.
    """

    facts: tuple[LetterFacts, ...]
    without: tuple[DesiredPatient, ...] = ()
    unknown: tuple[str, ...] = ()
    outdated: tuple[DesiredPatient, ...] = ()


def letters_of(desired: Desired, wanted: Collection[str], rows: Iterable[CodeRow]) -> Letters:
    """Match the rows of a file of codes with the wanted patients. Of equal rows the last one counts."""
    codes: dict[str, dict[str, CodeRow]] = {}
    passwords: dict[str, str] = {}
    for row in rows:
        codes.setdefault(row.mrn, {})
        if row.password:
            passwords[row.mrn] = row.password
        if row.code:
            codes[row.mrn][row.template] = row
    facts, without, outdated = [], [], []
    for mrn in sorted(wanted):
        patient, found = desired.patients[mrn], codes.get(mrn, {})
        issued = tuple(found[label] for label in patient.codes if label in found)
        if issued or mrn in passwords:
            facts.append(LetterFacts(patient, issued, passwords.get(mrn, "")))
        elif patient.codes or mrn in desired.users:
            without.append(patient)
        if found.keys() - set(patient.codes):
            outdated.append(patient)
    unknown = tuple(sorted(codes.keys() - desired.patients.keys()))
    return Letters(tuple(facts), tuple(without), unknown, tuple(outdated))
