"""The registry of patients: each mrn once, whichever file declares it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import Any, Final

from kardia_ctl.config.context import LoadContext, address_of
from kardia_ctl.config.schema.messages import near, quoted
from kardia_ctl.config.template_names import are_plain_codes
from kardia_ctl.kinds import mobile_user
from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.configuration import MobileUser
from kardia_ctl.model.patient import UNSET, DesiredPatient
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import DeclaredTemplate

Locate = Callable[..., Source]
"""Returns the place of a patient's attribute, by its name and, for codes, an index."""

_codes_of = attrgetter("codes")

_MOST_MEANT: Final = 20
"""Undeclared labels for which the declared one that was probably meant is looked for."""
_MOST_NAMED: Final = 10
"""Declared labels that a remedy lists."""


def patient_of(values: Mapping[str, Any], file: str, line: int, cohort: str = "") -> DesiredPatient:
    """The patient that validated values declare."""
    get = values.get
    return DesiredPatient(
        values["mrn"],
        get("dob", UNSET),
        get("email", UNSET),
        get("firstname", UNSET),
        get("lastname", UNSET),
        kind.SEX_DIGITS[get("sex", UNSET)],
        tuple(get("codes", ())),
        tuple(get("ignore_changes", ())),
        get("id", UNSET),
        file,
        line,
        cohort,
        get("phone", UNSET),
    )


@dataclass(slots=True)
class PatientRegistry:
    """Patients, and their mobile users, by mrn. ``templates`` are the names that codes may use."""

    context: LoadContext
    templates: Mapping[str, DeclaredTemplate]
    patients: dict[str, DesiredPatient] = field(default_factory=dict)
    users: dict[str, MobileUser] = field(default_factory=dict)
    _faulty: dict[str, Source] = field(default_factory=dict)
    _meant: dict[str, str] = field(default_factory=dict)
    _sound_codes: set[tuple[str, ...]] = field(default_factory=lambda: {()})
    _ids: dict[str, DesiredPatient] = field(default_factory=dict)
    _logins: dict[str, DesiredPatient] = field(default_factory=dict)

    def add(self, patient: DesiredPatient, locate: Locate) -> None:
        """Register a patient with valid values; report conflicts with other patients."""
        mrn = patient.mrn
        if (earlier := self.patients.setdefault(mrn, patient)) is not patient:
            self._report_duplicate(mrn, locate("mrn"), Source(earlier.file, earlier.line))
        elif mrn in self._faulty:
            self._report_duplicate(mrn, locate("mrn"), self._faulty[mrn])
        self._check(patient, locate)

    def add_user(self, patient: DesiredPatient, user: MobileUser, locate: Locate) -> None:
        """Register a patient's mobile user, which needs an e-mail address and, to redeem, a code."""
        self.users[patient.mrn] = user
        problem, mrn = self.context.row_problem, patient.mrn
        if not patient.email:
            message = "mobile_user needs the patient's email: it is the login"
            problem(locate("mobile_user"), message, "Add email", address_of(mrn))
        else:
            self._check_login(patient, locate)
        if user.redeem and not patient.codes:
            message = "mobile_user redeems a code, but codes is empty"
            problem(locate("mobile_user"), message, "Add codes, or remove redeem", address_of(mrn))

    def _check_login(self, patient: DesiredPatient, locate: Locate) -> None:
        login = mobile_user.login_of(patient.email)
        other = self._logins.setdefault(login, patient)
        if other.mrn != patient.mrn:
            message = (
                "another mobile_user has this login, which is the patient's email without case; it is at"
            )
            remedy = "Give each user an email of its own, or remove one mobile_user"
            first = Source(other.file, other.line)
            self._report_collision(locate("email"), message, remedy, first, (patient.mrn, other.mrn))

    def add_all(
        self,
        mrns: Sequence[str],
        patients: Sequence[DesiredPatient],
        locate: Callable[[int], Locate],
        *,
        pinned: bool,
    ) -> None:
        """``add`` for many patients at once; faster, because checks run on the whole batch.

        ``locate`` returns the ``Locate`` of the row that begins in a line; ``pinned``: some may have an id.
        """
        if (
            pinned
            or not self._sound_codes.issuperset(map(_codes_of, patients))
            or (self._faulty and not self._faulty.keys().isdisjoint(mrns))
        ):
            for patient in patients:
                self.add(patient, locate(patient.line))
            return
        entered = list(map(self.patients.setdefault, mrns, patients))
        if entered == patients:
            return
        for earlier, patient in zip(entered, patients, strict=True):
            if earlier is not patient:
                self._report_duplicate(
                    patient.mrn, locate(patient.line)("mrn"), Source(earlier.file, earlier.line)
                )

    def _check(self, patient: DesiredPatient, locate: Locate) -> None:
        mrn = patient.mrn
        if patient.codes and patient.codes not in self._sound_codes:
            self._check_codes(mrn, patient.codes, locate)
        if patient.id and (other := self._ids.setdefault(patient.id, patient)) is not patient:
            message, remedy = "another patient has the same id, at", "Give each patient its own id"
            first = Source(other.file, other.line)
            self._report_collision(locate("id"), message, remedy, first, (mrn, other.mrn))

    def add_faulty(self, mrn: Any, codes: Any, locate: Locate) -> None:
        """Register a patient with invalid values, and check what can still be checked.

        The mrn may be a duplicate, and the codes may name undeclared templates.
        """
        if isinstance(codes, list) and all(isinstance(name, str) for name in codes):
            names = tuple(codes)
            if are_plain_codes(names):
                self._check_codes(mrn, names, locate)
        if isinstance(mrn, str) and mrn:
            if place := self._source(mrn):
                self._report_duplicate(mrn, locate("mrn"), place)
            self._faulty.setdefault(mrn, locate("mrn"))

    def place(self, mrn: str) -> str:
        """Where the patient with this mrn is declared; empty if it is not."""
        return str(self._source(mrn) or "")

    def _source(self, mrn: str) -> Source | None:
        if patient := self.patients.get(mrn):
            return Source(patient.file, patient.line)
        return self._faulty.get(mrn)

    def _report_duplicate(self, mrn: str, source: Source, first: Source) -> None:
        remedy = "Remove one, or give each its own mrn"
        self._report_collision(
            source, "two patients have this mrn; the other is at", remedy, first, (mrn, mrn)
        )

    def _report_collision(
        self, source: Source, message: str, remedy: str, first: Source, mrns: tuple[str, str]
    ) -> None:
        """Report two patients of which at most one can be correct; nothing is sent for either.

        Rows are quarantined only when both are: otherwise it is a problem of the configuration.
        """
        mrn, earlier = mrns
        quarantined = self.context.quarantined
        if first.file not in quarantined or source.file not in quarantined:
            self.context.problem(source, f"{message} {first}", remedy, address_of(mrn))
            return
        self.context.row_problem(source, f"{message} {first}", remedy, address_of(mrn))
        if all(problem.remedy != remedy for problem in quarantined[first.file].get(first.line, ())):
            place = Source(first.file, first.line)
            self.context.row_problem(
                place, f"{message} {source.file}:{source.line}", remedy, address_of(earlier)
            )

    def remove_quarantined(self) -> None:
        """Remove every patient whose row is quarantined."""
        rows = self.context.quarantined
        if any(rows.values()):
            for patient in [
                known for known in self.patients.values() if known.line in rows.get(known.file, ())
            ]:
                del self.patients[patient.mrn]

    def _check_codes(self, mrn: Any, codes: tuple[str, ...], locate: Locate) -> None:
        problem, address = self.context.row_problem, address_of(mrn)
        meant: dict[tuple[str, ...], str] = {}
        sound = True
        for index, label in enumerate(codes):
            if template := self.templates.get(label):
                other = meant.setdefault(template.meaning, label)
                if other != label:
                    message = f"codes{quoted(other)} and{quoted(label)} are the same template"
                    problem(locate("codes", index), message, "Keep one of them", address)
                    sound = False
            else:
                problem(locate("codes", index), *self._undeclared(label), address)
                sound = False
        if sound:
            self._sound_codes.add(codes)

    def _undeclared(self, label: str) -> tuple[str, str]:
        """Message and remedy. They do not quote the label: in a CSV file it may come from the wrong column.

        Only the first labels are compared with all templates: a file may have another one in every row.
        """
        if label not in self._meant and len(self._meant) < _MOST_MEANT:
            self._meant[label] = near(label, self.templates)
        if meant := self._meant.get(label):
            return f"codes names a template that is not declared: did you mean {meant}?", ""
        names = [*islice(self.templates, _MOST_NAMED)]
        more = " …" if len(names) < len(self.templates) else ""
        remedy = f"Declare it under templates, or use {', '.join(names)}{more}"
        return (
            "codes names a template that is not declared",
            remedy if names else "Declare it under templates",
        )
