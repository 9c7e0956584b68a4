"""The values that no text of a server may repeat: of everybody who is declared, recorded or observed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from kardia_ctl.cli.environment import KEYS
from kardia_ctl.model.configuration import Configuration, Desired, SecretSource
from kardia_ctl.model.patient import LivePatient
from kardia_ctl.planning.inputs import PlanInputs

if TYPE_CHECKING:
    from kardia_ctl.api.scrubbing.scrub import Scrubber


def scrubber(configuration: Callable[[], Configuration], environ: Mapping[str, str]) -> "Scrubber":
    """A scrubber that knows the values of a configuration, which is read when the first error comes."""
    from kardia_ctl.api.scrubbing.scrub import Scrubber

    scrub = Scrubber()
    scrub.know(lambda: _declared(configuration(), environ))
    return scrub


def know_observed(scrub: "Scrubber", inputs: PlanInputs) -> None:
    """Let no later error name whom a plan has observed or state has recorded, declared or not."""
    scrub.know(lambda: _observed(inputs))


def know_secrets(scrub: "Scrubber", secrets: Iterable[str]) -> None:
    """Let no later error repeat secrets, which are read when the first error comes."""
    from kardia_ctl.api.scrubbing.value_index import keys_of_value

    scrub.know(lambda: chain.from_iterable(map(keys_of_value, secrets)))


def _declared(configuration: Configuration, environ: Mapping[str, str]) -> Iterator[str]:
    from kardia_ctl.api.scrubbing.value_index import keys_of_mrn, keys_of_person, keys_of_value

    desired = configuration.desired
    for patient in desired.patients.values():
        yield from keys_of_person(patient)
    for mrn in (*(departure.mrn for departure in desired.departures), *desired.quarantined):
        yield from keys_of_mrn(mrn)
    for quarantine in configuration.quarantines:
        for _, _, cells in quarantine.rows:
            for cell in cells:
                yield from keys_of_value(cell)
    for secret in _secrets(desired, environ):
        yield from keys_of_value(secret)


def _secrets(desired: Desired, environ: Mapping[str, str]) -> Iterator[str]:
    """The tokens of callbacks; users' passwords and our own keys that stand in the environment."""
    from kardia_ctl.api.scrubbing.scrub import secrets_of

    for setting in desired.settings:
        yield from secrets_of(setting.attributes.get("url", ""))
    for user in desired.users.values():
        if user.password.source is SecretSource.ENV:
            yield environ.get(user.password.name, "")
    for name in KEYS:
        yield environ.get(name, "").strip()


def _observed(inputs: PlanInputs) -> Iterator[str]:
    from kardia_ctl.api.scrubbing.value_index import keys_of_mrn, keys_of_person

    observed, declared = inputs.observed, inputs.desired.patients
    for patient in chain(
        observed.patients.values(), observed.by_id.values(), chain.from_iterable(observed.twins.values())
    ):
        if not _is_declared(patient, inputs.desired):
            yield from keys_of_person(patient)
    for mrn in inputs.state.patients:
        if mrn not in declared:
            yield from keys_of_mrn(mrn)


def _is_declared(patient: LivePatient, desired: Desired) -> bool:
    """Whether the values are the declared ones, and so known already."""
    want = desired.patients.get(patient.mrn)
    names = ("dob", "email", "firstname", "lastname")
    return want is not None and all(getattr(want, name) == (getattr(patient, name) or "") for name in names)
