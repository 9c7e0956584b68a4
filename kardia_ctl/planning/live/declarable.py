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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from kardia_ctl.kinds import patient as kind
from kardia_ctl.kinds.formats import MAX_LENGTH, flaw
from kardia_ctl.kinds.texts.births import are_date_texts, are_usual_births, birth_fault
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import are_sound
from kardia_ctl.model.patient import ATTRIBUTES, LivePatient

IMPORTED: Final = ("mrn", *ATTRIBUTES)
"""The attributes that are imported, in the order in which they are written."""

REQUIRED: Final = ("mrn", "dob", "email")
"""Those without which nobody can be declared."""

_TOGETHER: Final = 256
"""Patients that are checked together, which takes a tenth of the time of checking each."""

_SEXES: Final[Mapping[float | str | None, str]] = {
    None: "",
    "": "",
    **{digit: digit for digit in kind.SEXES.values()},
    **{int(digit): digit for digit in kind.SEXES.values()},
}
"""What is declared for each usual live value of a sex."""

Declarable = tuple[LivePatient, Mapping[str, str], Mapping[str, str]]
"""A live patient, the values that can be declared, and of the others what is wrong with them."""


def all_declarable(patients: Iterable[LivePatient], latest_birth: str) -> Iterator[Declarable]:
    """``declarable`` of many patients, in their order; most of them are checked together."""
    every = iter(patients)
    while some := list(islice(every, _TOGETHER)):
        yield from _checked(some, latest_birth)


def _checked(patients: Sequence[LivePatient], latest_birth: str) -> Iterator[Declarable]:
    """Check some patients together; where not all of them are plain, each half of them."""
    if _are_plain(patients, latest_birth):
        yield from ((live, _plain_values(live), {}) for live in patients)
    elif len(patients) == 1:
        yield patients[0], *declarable(patients[0], latest_birth)
    else:
        half = len(patients) // 2
        yield from _checked(patients[:half], latest_birth)
        yield from _checked(patients[half:], latest_birth)


def _are_plain(patients: Sequence[LivePatient], latest_birth: str) -> bool:
    """Whether certainly nothing is wrong with any value of some patients."""
    days = [live.dob or "" for live in patients]
    texts = (
        (TextFormat.IDENTIFIER, [live.mrn for live in patients]),
        (TextFormat.EMAIL, [live.email or "" for live in patients]),
        (TextFormat.NAME, [live.firstname for live in patients if live.firstname]),
        (TextFormat.NAME, [live.lastname for live in patients if live.lastname]),
    )
    return (
        all(live.sex in _SEXES for live in patients)
        and are_date_texts(days)
        and are_usual_births(days, latest_birth)
        and all(max(map(len, column), default=0) <= MAX_LENGTH for _, column in texts)
        and all(are_sound(form, column) for form, column in texts)
    )


def _plain_values(live: LivePatient) -> dict[str, str]:
    """The values of a patient who is plain."""
    values = {"mrn": live.mrn, "dob": live.dob or "", "email": live.email or ""}
    if live.firstname:
        values["firstname"] = live.firstname
    if live.lastname:
        values["lastname"] = live.lastname
    if sex := _SEXES[live.sex]:
        values["sex"] = sex
    return values


def declarable(live: LivePatient, latest_birth: str) -> tuple[dict[str, str], dict[str, str]]:
    """The values that can be declared of a live patient, and of the others what is wrong with them."""
    values, flaws = {}, {}
    for name in IMPORTED:
        if value := _live_text(live, name):
            if words := _flaw(name, value, latest_birth):
                flaws[name] = words
            else:
                values[name] = value
        elif name in REQUIRED:
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
