"""Digests of what a plan was made from. Keyed, because birth dates and names are in them."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

from kardia_ctl.model.patient import ATTRIBUTES, LivePatient
from kardia_ctl.model.plan import Change, Values
from kardia_ctl.model.state import State
from kardia_ctl.planning.inputs import Question

NO_STATE: Final = "none"
"""The digest of a state that does not exist: plan and apply may then run on different machines."""


def digest(key: bytes, texts: Iterable[str | None]) -> str:
    """A keyed digest (hex, 128 bits) of a sequence of texts; every text is framed by its length."""
    hasher = blake2b(digest_size=16, key=key[:64])
    for text in texts:
        raw = b"\xff" if text is None else text.encode("utf-8", "surrogatepass")
        hasher.update(len(raw).to_bytes(8, "big"))
        hasher.update(raw)
    return hasher.hexdigest()


def change_digest(key: bytes, change: Change) -> str:
    """The digest of everything about a change that its execution or meaning depends on."""
    facts = (str(change.address), change.action, change.cause, change.id, change.target, str(change.price))
    return digest(key, (*facts, *_values(change.before), "→", *_values(change.after)))


def _values(values: Values | None) -> Iterator[str | None]:
    for name, value in sorted((values or {}).items()):
        yield name
        yield value


def state_digest(state: State) -> str:
    """Names exactly one content of a workspace."""
    return f"{state.lineage}:{state.serial}" if state.exists else NO_STATE


def live_digest(key: bytes, question: Question) -> str:
    """The digest of every live fact that the plan used; patients whom nobody declared are not among them."""
    return digest(key, _facts(question))


def _facts(question: Question) -> Iterator[str | None]:
    observed = question.observed
    yield observed.coverage
    for mrn, want in sorted(question.desired.patients.items()):
        candidates = observed.twins.get(mrn) or (observed.patients.get(mrn),)
        for live in candidates:
            yield from (mrn,) if live is None else _patient(live, status=bool(want.codes))
    for patient_id, live in sorted(observed.by_id.items()):
        yield patient_id
        yield from _patient(live, status=True)
    yield from sorted(observed.missing)
    for address, resource in sorted(observed.settings.items(), key=lambda pair: pair[0].order):
        yield str(address)
        yield from _values(None if resource is None else resource.attributes)
    for template in sorted(observed.templates or (), key=lambda template: template.id):
        yield from (template.id, template.name, template.team, str(template.price), str(template.duration))


def _patient(live: LivePatient, *, status: bool) -> Iterator[str | None]:
    yield live.id
    yield live.mrn
    for name in ATTRIBUTES:
        value = getattr(live, name)
        yield None if value is None else str(value)
    if status:
        yield live.status
