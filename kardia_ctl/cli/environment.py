"""The environment variables that are read: what surrounds a secret on its way here is no part of it."""

import os
from collections.abc import Mapping
from typing import IO, Any, Final

from kardia_ctl.model.errors import RunStopped

KEYS: Final = (
    "KARDIA_STATE_KEY",
    "KARDIA_PLAN_KEY",
    "KARDIA_REVIEW_KEY",
    "KARDIA_STATE_ENCRYPTION_KEY",
    "KARDIA_AGE_IDENTITY",
)
"""The variables that hold keys of our own; that of the API is the account's."""

SECRETS: Final = ("KARDIA_API_KEY", *KEYS, "KARDIA_PROXY")
"""The variables that count as not set when they are empty."""

_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
"""The variables that other programs take a proxy from, the one for https first."""

_QUOTES: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "\u2018": "\u2019", "„": "“", "«": "»"}
"""What opens a quotation, and what closes it."""


def given(environ: Mapping[str, str], name: str) -> str:
    """The value of a variable, without blanks and line ends around it; empty when it is not set or empty.

    Raises:
        RunStopped: the value has quotes around it.
    """
    return unquoted(environ.get(name, ""), name)


def unquoted(value: str, what: str) -> str:
    """A value without blanks and line ends around it. A byte order mark counts as one of them.

    A shell takes quotes away; an env file, a CI secret or a file keeps them, and no server would know the
    value.

    Args:
        value: The value as it was read.
        what: Where it comes from, such as the variable's name.

    Raises:
        RunStopped: the value has quotes around it. The message never repeats the value.
    """
    value = value.strip().strip("\ufeff").strip()
    if len(value) > 1 and _QUOTES.get(value[0]) == value[-1]:
        raise RunStopped(
            f"{what} has quotes around its value ({value[0]} and {value[-1]}), which belong to no key and no "
            "URL. Remove them: env files and CI secrets keep quotes that a shell would take away"
        )
    return value


EMPTY: Final = "{} is set but empty, and counts as not set. In CI: does the job have this secret?"


def empty_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """A warning for each variable that is set and empty, as when a CI secret is missing."""
    return tuple(EMPTY.format(name) for name in SECRETS if name in environ and not environ[name].strip())


def other_proxy(environ: Mapping[str, str]) -> str:
    """The first variable that other programs take a proxy from, as it is written; empty without one."""
    return next((name for name in _PROXIES if environ.get(name, "").strip()), "")


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is the job of a CI system: CI is set, and neither empty nor a word for no."""
    return environ.get("CI", "").strip().lower() not in ("", "false", "0", "no", "off")


def wants_no_colour(environ: Mapping[str, str]) -> bool:
    """Whether NO_COLOR is set and not empty (https://no-color.org)."""
    return environ.get("NO_COLOR", "") != ""


def is_own_terminal(stream: IO[Any]) -> bool:
    """Whether the stream is a person's own terminal, and not the log of a CI job."""
    return stream.isatty() and not is_ci(os.environ)
