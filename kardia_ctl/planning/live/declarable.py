"""What can be declared of a live patient, so that the declaration is valid and equals what is live.

===================  =========================================  =============================================
attribute            in Kardia                                  declared
===================  =========================================  =============================================
mrn, dob             valid                                      as it is; of a dob with a time of day its day
mrn, dob             missing or not valid                       the patient is left out, with the reason
email                valid                                      as it is
email                missing or not valid                       left out: only a person knows the right one
firstname, lastname  valid                                      as it is
firstname, lastname  missing                                    not at all
firstname, lastname  not valid                                  not at all, which is counted: what is not
                                                                declared is not compared
sex                  a digit of ISO/IEC 5218                    as it is
sex                  missing; anything else                     not at all; anything else is counted
===================  =========================================  =============================================
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.formats import MAX_LENGTH, flaw
from kardia_ctl.kinds.texts.births import birth_fault, latest_birth
from kardia_ctl.model.patient import ATTRIBUTES, LivePatient
from kardia_ctl.model.results import LeftOut
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.live.adoptable import blocked_adoptions
from kardia_ctl.planning.live.undeclared import undeclared_patients

IMPORTED: Final = ("mrn", *ATTRIBUTES)
"""The attributes that are imported, in the order in which they are written."""

_REQUIRED: Final = ("mrn", "dob", "email")
_NAMES: Final = {"dob": "birth date", "email": "e-mail address"}
_REMEDIES: Final = {
    "mrn": "Correct it in Kardia, or leave the patient undeclared",
    "dob": "Correct it in Kardia, where alone it can be changed, then import again",
    "email": "Declare the patient with the right address and ignore_changes: [email], or correct it in "
    "Kardia and import again",
}
_TWINS: Final = (
    "Find out which record is the patient's, and declare the mrn with its id:. The other one can leave "
    "by a departure with its id:"
)
_BLOCKED: Final = "Declare the patient by hand and run plan: it says what state knows and what to do"


@dataclass(slots=True)
class Importable:
    """The undeclared live patients, one by one, and what was found on the way.

    Attributes:
        inputs: What is declared, observed and recorded.
        count: How many can be imported, of those that were asked for so far.
        left_out: Who cannot.
        dropped: By attribute and reason, how many values are not declared although they are live.
        statuses: How many of those that can be imported have each connection status.
    """

    inputs: PlanInputs
    count: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        """What to declare of each patient, in the order of the mrns."""
        desired, observed = self.inputs.desired, self.inputs.observed
        latest = latest_birth(self.inputs.now.day)
        blocked = blocked_adoptions(self.inputs, undeclared_patients(desired, observed))
        for live in undeclared_patients(desired, observed):
            values, flaws = declarable(live, latest)
            if (why := self._obstacle(live, flaws, blocked)) is not None:
                self.left_out.append(LeftOut(live, *why, values))
                continue
            for name, words in flaws.items():
                self.dropped[name, words] += 1
            self.statuses[live.status or ""] += 1
            self.count += 1
            yield values

    def _obstacle(
        self, live: LivePatient, flaws: Mapping[str, str], blocked: Mapping[str, str]
    ) -> tuple[str, str] | None:
        """Why a patient cannot be imported, and what helps; None when it can."""
        if (twins := self.inputs.observed.twins.get(live.mrn)) is not None:
            return f"{len(twins)} live patients have this mrn", _TWINS
        for name in _REQUIRED:
            if name in flaws:
                return f"its {_NAMES.get(name, name)} {flaws[name]}", _REMEDIES[name]
        if live.mrn in blocked:
            return f"a plan would block its adoption ({blocked[live.mrn]})", _BLOCKED
        return None


def declarable(live: LivePatient, latest_birth: str) -> tuple[dict[str, str], dict[str, str]]:
    """The values that can be declared of a live patient, and of the others what is wrong with them."""
    values, flaws = {}, {}
    for name in IMPORTED:
        if value := _live_text(live, name):
            if words := _flaw(name, value, latest_birth):
                flaws[name] = words
            else:
                values[name] = value
        elif name in _REQUIRED:
            flaws[name] = "is missing in Kardia"
    return values, flaws


def _live_text(live: LivePatient, name: str) -> str:
    """A live value as it would be declared; empty where there is none."""
    if name == "sex" and live.sex in (None, ""):
        return ""
    value = kind.live_value(live, name)
    return kind.normalise(name, value) if name == "dob" else value


def _flaw(name: str, value: str, latest_birth: str) -> str:
    """What is wrong with a value that is not declarable; empty when nothing is."""
    if name == "sex":
        return "" if value in kind.SEXES.values() else "is no digit of ISO/IEC 5218"
    if len(value) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH:,} characters"
    found = flaw(kind.FORMATS_OF[name], value)
    if found is None and name == "dob":
        found = birth_fault(value, latest_birth)
    return "" if found is None else found.words
