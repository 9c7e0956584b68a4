"""A configuration that declares exactly who is live, as a CSV cohort or as YAML, known to its state."""

import csv
from enum import Enum
from pathlib import Path
from typing import Final, assert_never

from tests.benchmarks.processes import SCRIPT, Run, run
from tests.benchmarks.server import Server

NOTHING_TO_DO: Final = "No changes."
_NAMES: Final = ("mrn", "dob", "email", "firstname", "lastname", "sex")


class Form(Enum):
    """How the patients are declared."""

    CSV = "CSV"
    YAML = "YAML"


def adopted(server: Server, form: Form, directory: Path) -> Path:
    """Declare every live patient in a new directory, and apply once so that state knows them all.

    Returns the file that holds the patients; kardia.yaml lies beside it, or is it.
    """
    directory.mkdir(parents=True)
    file = _declare(server, form, directory)
    run(
        [SCRIPT, "apply", str(directory), "--auto-approve", "--endpoint", server.url],
        expect="kardia-ctl will",
    )
    return file


def no_op_plan(server: Server, directory: Path) -> Run:
    """Plan what is as declared already."""
    return run([SCRIPT, "plan", str(directory), "--endpoint", server.url], expect=NOTHING_TO_DO)


def _declare(server: Server, form: Form, directory: Path) -> Path:
    match form:
        case Form.CSV:
            return _as_csv(server, directory)
        case Form.YAML:
            return _as_yaml(server, directory)
        case _:
            assert_never(form)


def _as_csv(server: Server, directory: Path) -> Path:
    (directory / "kardia.yaml").write_text("version: 1\ncohorts:\n  everyone: {source: everyone.csv}\n")
    file = directory / "everyone.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(_NAMES)
        writer.writerows(server.people())
    return file


def _as_yaml(server: Server, directory: Path) -> Path:
    file = directory / "kardia.yaml"
    with file.open("w", encoding="utf-8") as opened:
        opened.write("version: 1\npatients:\n")
        for person in server.people():
            lines = (f"{name}: {value}\n" for name, value in zip(_NAMES, person, strict=True))
            opened.write("  - " + "    ".join(lines))
    return file


def newcomers(directory: Path, count: int) -> Path:
    """Declare so many patients with one code each, whom nobody knows yet; the CSV file that holds them."""
    (directory / "kardia.yaml").write_text(
        "version: 1\ntemplates: {one-year: tpl-1}\n"
        "cohorts:\n  new: {source: new.csv, defaults: {codes: [one-year]}}\n"
    )
    file = directory / "new.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(_NAMES)
        for number in range(count):
            mail = f"patient-{number}@example.com"
            writer.writerow((f"NC-{number:07}", "1980-01-02", mail, "Ansa", f"Belmir-{number}", "0"))
    return file
