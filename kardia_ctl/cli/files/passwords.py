"""Passwords of mobile users: taken from where the configuration points to, or made up, and kept nowhere."""

import secrets
from collections.abc import Callable, Mapping
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
"""Without what people confuse when they type it from paper: 20 of these 57 are 116 bits."""

_LARGEST: Final = 4096
_STRONG: Final = 3
"""Of zxcvbn's scores 0 to 4: "safely unguessable", ten to the eighth guesses or more."""

_SHOWN: Final = 20


@dataclass(slots=True)
class Passwords:
    """The passwords of the users that a plan makes, by mrn.

    ``hand_out`` gets the mrn and each password that was made up, before it is sent.
    """

    hand_out: Callable[[str, str], None]
    _known: dict[str, str] = field(default_factory=dict, repr=False)
    _made_up: set[str] = field(default_factory=set, repr=False)

    def prepare(self, plan: Plan, desired: Desired, root: Path, environ: Mapping[str, str]) -> None:
        """Have every password at hand before the first write.

        Args:
            plan: Whose users.
            desired: AccountOptions their passwords are referred to.
            root: What files are relative to.
            environ: What variables are taken from.

        Raises:
            RunStopped: some are not to be had, or are weak; it names them, never their values.
        """
        wrong = []
        for mrn in users_made(plan):
            secret = desired.users[mrn].password
            try:
                self._known[mrn] = _found(secret, root, environ)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                wrong.append(f"{_address(mrn)}: {secret}: {reason}")
                continue
            if secret.source is SecretSource.GENERATE:
                self._made_up.add(mrn)
            elif weakness := weakness_of(self._known[mrn], desired.patients[mrn]):
                wrong.append(f"{_address(mrn)}: {secret}: {weakness}")
        if wrong:
            more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            raise RunStopped(f"nothing was sent: {'; '.join(wrong[:_SHOWN])}{more}")

    def __call__(self, mrn: str) -> str:
        """The password of a patient's user; one that was made up is handed out first."""
        if mrn in self._made_up:
            self.hand_out(mrn, self._known[mrn])
        return self._known[mrn]


def users_made(plan: Plan) -> list[str]:
    """The mrns of the patients for whom an apply of a plan may make a user.

    Also those whose patient is in doubt: it is settled in the same run, and then the user follows.
    """
    doubted = {change.address for change in plan.changes if change.cause is Cause.IN_DOUBT}
    return [
        change.address.names[0]
        for change in plan.changes
        if change.address.kind is Kind.MOBILE_USER
        and (change.action is Action.CREATE or owner_of(change.address) in doubted)
    ]


def makes_up_passwords(plan: Plan, desired: Desired) -> bool:
    """Whether a password will be made up, so that there must be a file for it."""
    return any(desired.users[mrn].password.source is SecretSource.GENERATE for mrn in users_made(plan))


def weakness_of(password: str, patient: DesiredPatient) -> str:
    """Why a password is not sent; empty when it is strong.

    What it may not be made of includes the patient's own values.
    """
    from zxcvbn import zxcvbn

    own = (patient.mrn, patient.email, patient.firstname, patient.lastname, patient.dob)
    known = [value for value in (*own, patient.email.partition("@")[0]) if value]
    judged = zxcvbn(password, user_inputs=known, max_length=_LARGEST)
    return "" if judged["score"] >= _STRONG else "the password is easy to guess; choose a longer one"


def _address(mrn: str) -> Address:
    return Address(Kind.MOBILE_USER, (mrn,))


def _found(secret: Secret, root: Path, environ: Mapping[str, str]) -> str:
    match secret.source:
        case SecretSource.ENV:
            found = environ.get(secret.name, "")
        case SecretSource.FILE:
            with (root / secret.name).open("rb") as opened:
                found = opened.read(_LARGEST + 1).decode().rstrip("\r\n")
        case SecretSource.GENERATE:
            found = _made_up()
        case _:
            assert_never(secret.source)
    if not found or len(found) > _LARGEST or not found.isprintable():
        empty = "it is not set" if secret.source is SecretSource.ENV else "it is empty"
        raise ValueError(empty if not found else "it is no line of text")
    return found


def _made_up() -> str:
    """A random password that has a small letter, a capital and a digit, as many services want."""
    while True:
        made = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        if any(map(str.islower, made)) and any(map(str.isupper, made)) and any(map(str.isdigit, made)):
            return made
