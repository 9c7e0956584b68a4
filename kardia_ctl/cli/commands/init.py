"""``kardia-ctl init``."""

from pathlib import Path
from typing import Final

import click

from kardia_ctl.model.errors import RunStopped

STARTER: Final = """\
# What should exist in the Kardia account. kardia-ctl validate checks it, plan shows what differs.
version: 1

# team: the id of your team; apply then refuses a key that belongs to another
# callback: {url: https://hooks.example.com/kardia}

# Names for your connection templates; codes are issued by name.
# templates:
#   one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403

patients: []
# patients:
#   - mrn: JS-20000721        # your own identifier, byte for byte
#     dob: 2000-07-21
#     email: joe@example.com
#     firstname: Joe
#     lastname: Smith
#     codes: [one-year]
"""

_IGNORED: Final = """\
# Keys and state of kardia-ctl, rows that cohorts set aside, codes: never commit them.
.kardia/
*.rejected.csv
.*.rejected.csv.*
codes.csv
codes.ndjson
"""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
def command(directory: Path) -> None:
    """Write a first kardia.yaml, and a .gitignore for keys and state, into DIRECTORY (default: here)."""
    file = directory / "kardia.yaml"
    if file.exists():
        raise RunStopped(f"{file} exists already; it was left as it is")
    directory.mkdir(parents=True, exist_ok=True)
    file.write_text(STARTER, encoding="utf-8")
    ignore = directory / ".gitignore"
    if not ignore.exists():
        ignore.write_text(_IGNORED, encoding="utf-8")
    click.echo(f"Wrote {file}. Edit it, then: kardia-ctl plan {directory} --sandbox")
