"""Addresses: the one name that a resource has in YAML, plans, state and output."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote


class Kind(StrEnum):
    """What a resource is. The order is the order in which a plan shows them."""

    CALLBACK = "callback"
    QT_CALLBACK = "qt_callback"
    SERVICE_PROVIDER = "service_provider"
    PATIENT = "patient"
    CONNECTION_CODE = "connection_code"
    MOBILE_USER = "mobile_user"


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
        if len(names) != _NAMES[kind] or not all(names):
            raise ValueError(f"{text!r} is not an address: write {_FORM[kind]}")
        return cls(kind, tuple(unquote(name, errors="strict") for name in names))


_FORM = {
    Kind.CALLBACK: "callback",
    Kind.QT_CALLBACK: "qt_callback",
    Kind.SERVICE_PROVIDER: "service_provider/ID",
    Kind.PATIENT: "patient/MRN",
    Kind.CONNECTION_CODE: "connection_code/MRN/TEMPLATE",
    Kind.MOBILE_USER: "mobile_user/MRN",
}
_NAMES = {kind: form.count("/") for kind, form in _FORM.items()}


def patient_address(mrn: str) -> Address:
    """The address of the patient with this mrn."""
    return Address(Kind.PATIENT, (mrn,))


def code_address(mrn: str, template: str) -> Address:
    """The address of a patient's connection code; ``template`` is its name in the YAML."""
    return Address(Kind.CONNECTION_CODE, (mrn, template))


def owner_of(address: Address) -> Address | None:
    """The address that this one depends on: a code's or user's patient. None when it depends on nothing."""
    match address.kind:
        case Kind.CONNECTION_CODE | Kind.MOBILE_USER:
            return patient_address(address.names[0])
        case _:
            return None
