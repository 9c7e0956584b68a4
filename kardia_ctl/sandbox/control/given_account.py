"""Starts an account with what a file says: an invented twin of a real one, as `kardia-ctl import` writes it.

The file is `account.ndjson`: a JSON object about the account (`format`, `templates`, `callbacks`), then one
for each patient, the newest first, with the fields of the API reference, "Patient Object".
"""

import json
from pathlib import Path
from typing import Any

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.invented import TEAM_ID
from kardia_ctl.sandbox.data.values import ConnectionTemplate, Hook

FILE = "account.ndjson"
FORMAT = "kardia-ctl invented account 1"


class UnusableAccount(ValueError):  # noqa: N818 - named by what the file is
    """The file is no account; the message says why, without its content."""


def start_with(account: Account, directory: Path) -> int:
    """Fill a new account from the file in a directory, and return the number of patients.

    Raises:
        UnusableAccount: there is no such file, or it is not of this format, or the account has patients.
    """
    file = directory / FILE
    try:
        with file.open(encoding="utf-8") as stream:
            lines = enumerate(stream, 1)
            about = _object(next(lines, (1, "")))
            if about.get("format") != FORMAT:
                raise UnusableAccount(f"{file} is no account of kardia-ctl import --sanitize")
            with account.writing():
                if account.patients.last_seq():
                    raise UnusableAccount("the account has patients already")
                _settings(account, about)
                return account.patients.insert_all(list(map(_patient, lines)))
    except OSError as error:
        raise UnusableAccount(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnusableAccount(f"{file} is not UTF-8") from error


def _object(numbered: tuple[int, str]) -> dict[str, Any]:
    number, line = numbered
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnusableAccount(f"line {number} is no JSON object")
    return found


def _settings(account: Account, about: dict[str, Any]) -> None:
    for template in account.settings.templates():
        account.settings.remove_template(template.id)
    try:
        for given in about["templates"]:
            texts = str(given["id"]), TEAM_ID, str(given["name"])
            numbers = int(given["duration"]), float(given["price"])
            account.settings.add_template(ConnectionTemplate(*texts, *numbers))
        for name, url in about["callbacks"].items():
            account.settings.set_callback(Hook(name), str(url))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnusableAccount("line 1 has no valid templates or callbacks") from error


def _patient(numbered: tuple[int, str]) -> tuple[Any, ...]:
    """A patient's values in the order of the table's columns."""
    found = _object(numbered)
    names = ("id", "mrn", "dob", "email", "firstname", "lastname", "sex", "status")
    values = [found.get(name) for name in names]
    if not all(value is None or isinstance(value, (str, int, float)) for value in values):
        raise UnusableAccount(f"line {numbered[0]} has a value that is no text and no number")
    patient_id, mrn, dob, email, first, last, sex, status = values
    if not isinstance(patient_id, str) or status not in ("none", "pending", "connected"):
        raise UnusableAccount(f"line {numbered[0]} has no id, or no status that patients have")
    return patient_id, mrn or "", dob or "", email or "", first, last, sex, status
