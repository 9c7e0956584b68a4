"""The undeclared live patients as they can be imported, and who cannot, with the reason."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from kardia_ctl.kinds.texts.births import latest_birth
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.model.results import LeftOut
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.live.adoptable import blocked_adoptions
from kardia_ctl.planning.live.declarable import REQUIRED, all_declarable
from kardia_ctl.planning.live.undeclared import undeclared_patients

CODES: Final = "codes"
"""The attribute that names the template of somebody's code, which a person has to say."""

ORDERED: Final = ("pending", "connected")
"""The statuses of patients for whom a code was ordered."""

_NAMES: Final = {"dob": "birth date", "email": "e-mail address"}
_REMEDIES: Final = {
    "mrn": "Correct it in Kardia, or leave the patient undeclared",
    "dob": "Correct it in Kardia, where alone it can be changed, then import again",
    "email": "Declare the patient with the right address and ignore_changes: [email], or correct it in "
    "Kardia and import again",
}
_TWINS: Final = (
    "Find out which record is the patient's, and declare the mrn with its id. The other one can leave "
    "by a departure with its id"
)
_BLOCKED: Final = "Declare the patient by hand and run plan: it says what state knows and what to do"


@dataclass(slots=True)
class Importable:
    """The undeclared live patients, one by one, and what was found on the way.

    Attributes:
        inputs: What is declared, observed and recorded.
        codes: The template (its name in the YAML) of everybody's codes; empty when nobody said so.
        left_out: Who cannot.
        dropped: By attribute and reason, how many values are not declared although they are live.
        statuses: How many of those that can be imported have each connection status.
    """

    inputs: PlanInputs
    codes: str = ""
    left_out: list[LeftOut] = field(default_factory=list)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        """What to declare of each patient, in the order of the mrns."""
        latest = latest_birth(self.inputs.now.day)
        blocked = blocked_adoptions(self.inputs, undeclared_patients(self.inputs))
        doubtful = bool(blocked or self.inputs.observed.twins)
        for live, values, flaws in all_declarable(undeclared_patients(self.inputs), latest):
            if flaws or doubtful:
                if (why := self._obstacle(live, flaws, blocked)) is not None:
                    self.left_out.append(LeftOut(live, *why, values))
                    continue
                self.dropped.update(flaws.items())
            status = live.status or ""
            self.statuses[status] += 1
            yield {**values, CODES: self.codes} if self.codes and status in ORDERED else values

    def _obstacle(
        self, live: LivePatient, flaws: Mapping[str, str], blocked: Mapping[str, str]
    ) -> tuple[str, str] | None:
        """Why a patient cannot be imported, and what helps; None when it can."""
        twins = self.inputs.observed.twins.get(live.mrn)
        if twins is not None and "mrn" not in flaws:
            return f"{len(twins)} live patients have this mrn", _TWINS
        for name in REQUIRED:
            if name in flaws:
                return f"its {_NAMES.get(name, name)} {flaws[name]}", _REMEDIES[name]
        if live.mrn in blocked:
            return f"a plan would block its adoption ({blocked[live.mrn]})", _BLOCKED
        return None
