"""Passwords of mobile users: read from where the configuration says, or generated; never stored."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_letters, digits
from typing import Final, assert_never

from kardia_ctl.model.address import Address, owner_of
from kardia_ctl.model.configuration import Desired, Secret, SecretSource
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.plan import Action, Cause, Plan

_LENGTH: Final = 20
_ALPHABET: Final = "".join(sorted(set(ascii_letters + digits) - set("0O1lI")))
"""Without the characters that people confuse on paper: 20 of these 57 are 116 bits."""

_LARGEST: Final = 4096
"""Bytes or characters of a password."""

_STRONG: Final = 3
"""The lowest accepted zxcvbn score, of 0 to 4: "safely unguessable", 10⁸ guesses or more."""

_SHOWN: Final = 20


@dataclass(slots=True)
class Passwords:
    """The passwords of the users that a plan creates, by mrn.

    ``hand_out`` receives the mrn and each generated password, before it is sent.
    """

    hand_out: Callable[[str, str], None]
    _passwords: dict[str, str] = field(default_factory=dict, repr=False)
    _generated: set[str] = field(default_factory=set, repr=False)

    def prepare(self, plan: Plan, desired: Desired, root: Path, environ: Mapping[str, str]) -> None:
        """Read or generate every password before the first write.

        Args:
            plan: Creates the users.
            desired: Names the source of each password.
            root: The directory that files are relative to.
            environ: The environment variables.

        Raises:
            RunStopped: passwords are missing or weak; names their sources, never their values.
        """
        wrong = []
        for mrn in users_created(plan):
            secret = desired.users[mrn].password
            try:
                self._passwords[mrn] = _read(secret, root, environ)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                wrong.append(f"{_address(mrn)}: {secret}: {reason}")
                continue
            if secret.source is SecretSource.GENERATE:
                self._generated.add(mrn)
            elif weakness := weakness_of(self._passwords[mrn], desired.patients[mrn]):
                wrong.append(f"{_address(mrn)}: {secret}: {weakness}")
        if wrong:
            more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            raise RunStopped(f"nothing was sent: {'; '.join(wrong[:_SHOWN])}{more}")

    @property
    def prepared(self) -> Collection[str]:
        """The passwords that were read or generated."""
        return self._passwords.values()

    def __call__(self, mrn: str) -> str:
        """The password of a patient's user; ``hand_out`` receives a generated one first."""
        if mrn in self._generated:
            self.hand_out(mrn, self._passwords[mrn])
        return self._passwords[mrn]


def users_created(plan: Plan) -> list[str]:
    """The mrns of the patients for whom an apply of a plan may create a user.

    A patient in doubt counts too: the same run settles it, and then creates the user.
    """
    doubted = {change.address for change in plan.changes if change.cause is Cause.IN_DOUBT}
    return [
        change.address.names[0]
        for change in plan.changes
        if change.address.kind is Kind.MOBILE_USER
        and (change.action is Action.CREATE or owner_of(change.address) in doubted)
    ]


def generates_passwords(plan: Plan, desired: Desired) -> bool:
    """Whether an apply of a plan generates a password, and so needs a file for it."""
    return any(desired.users[mrn].password.source is SecretSource.GENERATE for mrn in users_created(plan))


def weakness_of(password: str, patient: DesiredPatient) -> str:
    """Why a password is refused; empty when it is strong. Parts of the patient's own values make it weak."""
    from zxcvbn import zxcvbn

    own = (patient.mrn, patient.email, patient.firstname, patient.lastname, patient.dob)
    known = [value for value in (*own, patient.email.partition("@")[0]) if value]
    judged = zxcvbn(password, user_inputs=known, max_length=_LARGEST)
    return "" if judged["score"] >= _STRONG else "the password is easy to guess; choose a longer one"


def _address(mrn: str) -> Address:
    return Address(Kind.MOBILE_USER, (mrn,))


def _read(secret: Secret, root: Path, environ: Mapping[str, str]) -> str:
    match secret.source:
        case SecretSource.ENV:
            found = environ.get(secret.name, "")
        case SecretSource.FILE:
            with (root / secret.name).open("rb") as opened:
                found = opened.read(_LARGEST + 1).decode().rstrip("\r\n")
        case SecretSource.GENERATE:
            found = _generate()
        case _:
            assert_never(secret.source)
    if not found or len(found) > _LARGEST or not found.isprintable():
        empty = "it is not set" if secret.source is SecretSource.ENV else "it is empty"
        raise ValueError(empty if not found else "it is not a line of text")
    return found


def _generate() -> str:
    """A random password with a lower-case letter, a capital and a digit, which many services require."""
    while True:
        made = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        if any(map(str.islower, made)) and any(map(str.isupper, made)) and any(map(str.isdigit, made)):
            return made
