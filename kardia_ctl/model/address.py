"""Addresses: the one name that a resource has in YAML, plans, state and output."""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from kardia_ctl.model.kinds import Kind

_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Address:
    """A kind and the names below it: ``patient/JS-1``, ``connection_code/JS-1/one-year``, ``callback``.

    Names are the raw text (an mrn byte for byte); the printed form percent-encodes everything outside
    RFC 3986's unreserved characters, so that an mrn may hold a slash, a space or an emoji.
    """

    kind: Kind
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "/".join((self.kind.value, *(quote(name, safe="") for name in self.names)))

    def has_mrn(self, text: str) -> bool:
        """Whether a text is the mrn of its patient, as the live id of a pro participant is."""
        return not self.kind.is_setting and self.names[:1] == (text,)

    @property
    def order(self) -> tuple[int, tuple[str, ...]]:
        """The sort key that makes a plan's order independent of its inputs' order."""
        return _RANK[self.kind], self.names

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read a printed address back.

        Raises:
            ValueError: the text is not an address; the message says why.
        """
        kind_text, *names = text.split("/")
        try:
            kind = Kind(kind_text)
        except ValueError:
            known = ", ".join(Kind)
            raise ValueError(f"{text!r} is not an address: it must begin with one of {known}") from None
        if len(names) != len(kind.facts.names) or not all(names):
            raise ValueError(f"{text!r} is not an address: write {kind.form}")
        return cls(kind, tuple(unquote(name, errors="strict") for name in names))


def patient_address(mrn: str) -> Address:
    """The address of the patient with this mrn."""
    return Address(Kind.PATIENT, (mrn,))


def code_address(mrn: str, template: str) -> Address:
    """The address of a patient's connection code; ``template`` is its name in the YAML."""
    return Address(Kind.CONNECTION_CODE, (mrn, template))


def owner_of(address: Address) -> Address | None:
    """The address that this one depends on: a code's or user's patient. None when it depends on nothing."""
    owner = address.kind.facts.owner
    return None if owner is None else Address(owner, address.names[: len(owner.facts.names)])


def record_key(address: Address, target: str = "") -> tuple[str, str]:
    """The name and detail of an address's record in state; the pair is unique.

    ``target`` is the template's id, for a kind that is ``keyed_by_target``.
    """
    if address.kind.facts.keyed_by_target:
        return address.names[0], target
    name, detail, *_ = (*address.names, "", "")
    return name, detail
