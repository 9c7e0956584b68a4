"""Kardia Mobile users (API reference, "Create User"; Kardia Pro API reference, "Create User", "Redeem Code").

A user belongs to a patient. Its login is the patient's e-mail address, which patients may share and users may
not. Its password is declared as a reference to a secret. The API cannot read a user.
"""

from collections.abc import Mapping
from typing import Any, Final

from kardia_ctl.fingerprints import fingerprint
from kardia_ctl.kinds.folding import unified
from kardia_ctl.kinds.formats import flag, text
from kardia_ctl.model.configuration import MobileUser, Secret, SecretSource

_PASSWORD: Final[Mapping[str, Any]] = {
    "description": "Where the password comes from: {env: NAME}, {file: PATH} or {generate: true}.",
    "type": "object",
    "properties": {
        "env": text("The environment variable that holds it.", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"),
        "file": text("The file that holds it, relative to this file."),
        "generate": {
            "description": "Generate one and write it once to --codes-out.",
            "enum": ["true", True],
        },
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}

SCHEMA: Final[Mapping[str, Any]] = {
    "description": "A user of the Kardia app for the patient, connected by itself.",
    "type": "object",
    "properties": {
        "country": text("The country as ISO 3166-1 alpha-2, e.g. us.", format="country"),
        "password": _PASSWORD,
    },
    "required": ["country", "password"],
    "additionalProperties": False,
}

REDEEMING_SCHEMA: Final[Mapping[str, Any]] = {
    **SCHEMA,
    "properties": {
        **SCHEMA["properties"],
        "redeem": flag("Redeem the patient's code for the new user, so that both are connected."),
    },
}
"""The schema for pro, where a request of its own redeems the patient's code."""


def user_of(value: Mapping[str, Any], path_of: Mapping[str, str]) -> MobileUser:
    """The user that a valid value declares. ``path_of`` maps a declared file to its path from the root."""
    source, name = next(iter(value["password"].items()))
    kind = SecretSource(source)
    named = {SecretSource.ENV: name, SecretSource.FILE: path_of.get(name, name), SecretSource.GENERATE: ""}
    return MobileUser(
        value["country"].lower(), Secret(kind, named[kind]), redeem=value.get("redeem") == "true"
    )


def login_of(email: str) -> str:
    """What is unique among the app's users: the e-mail address, without case."""
    return unified(email)


def login_fingerprint(key: bytes, email: str) -> bytes:
    """The keyed fingerprint of a login, equal whoever the patient is; empty without key or address."""
    return fingerprint(key, "", "login", login_of(email)) if key and email else b""
