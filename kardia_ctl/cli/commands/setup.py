"""``kardia-ctl init``, ``schema`` and ``completion``: set-up commands, without an account."""

import json
from pathlib import Path
from typing import Final

import click

from kardia_ctl.cli.output.console import print_line, print_message, print_result
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.model.errors import RunStopped

_STARTER: Final = """\
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
# Keys and state of kardia-ctl, quarantined rows, codes, results, saved plans, pages: never commit them.
.kardia/
*.rejected.csv
*.rejected.csv.age
.*.kardia-tmp
codes.csv
codes.ndjson
*codes*.csv
*codes*.ndjson
*results*.csv
*results*.ndjson
*.plan
*.tfplan
plan*.json
plan*.ndjson
plan*.md
plan*.html
status*.html
status*.json
recordings*.json
*.sarif
*junit*.xml
*code-quality*.json
kardia-ci/
report*.json
*.pdf
*.patch
/letters/
/merge*.csv
/users*.csv
/ecg*.csv
/problems*.json
*.log
*key*.txt
*.key
kardia-key-*
"""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
def init_command(directory: Path) -> None:
    """Write a first kardia.yaml, and a .gitignore for keys and state, into DIRECTORY (default: here)."""
    file = directory / "kardia.yaml"
    directory.mkdir(parents=True, exist_ok=True)
    if not _created(file, _STARTER):
        raise RunStopped(f"{file} already exists and was not changed")
    if not _created(directory / ".gitignore", _IGNORED):
        print_message(
            f"Warning: {directory / '.gitignore'} already exists and was not changed. Add to it: "
            + " ".join(line for line in _IGNORED.splitlines() if not line.startswith("#"))
        )
    print_line(f"Wrote {file}. Edit it, then: kardia-ctl plan {directory} --sandbox")


def _created(file: Path, text: str) -> bool:
    """Create a file, unless its name exists, be it as a link that leads nowhere."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        return False
    return True


@click.command("schema")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
def schema_command(directory: Path | None) -> None:
    """Print the JSON Schema (draft-07) of kardia.yaml, or write it into DIRECTORY as kardia.schema.json.

    YAML editors read it: put  # yaml-language-server: $schema=PATH  on the first line of kardia.yaml.
    """
    from kardia_ctl.config.schema.build import editors_schema

    text = json.dumps(editors_schema(), indent=2, ensure_ascii=False) + "\n"
    if directory is None:
        print_result(text)
        return
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "kardia.schema.json"
    check_outputs([Output("schema", file, starts_with('{\n  "$schema": "http://json-schema.org/draft-07/'))])
    file.write_text(text, encoding="utf-8")
    print_line(f"Wrote {file}")


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  kardia-ctl completion bash > ~/.local/share/bash-completion/completions/kardia-ctl
    zsh:   kardia-ctl completion zsh > "${fpath[1]}/_kardia-ctl"
    fish:  kardia-ctl completion fish > ~/.config/fish/completions/kardia-ctl.fish
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from click.shell_completion import get_completion_class

    from kardia_ctl.cli.main import root

    script = get_completion_class(shell)
    if script is None:
        raise RunStopped(f"there is no completion for {shell}")
    print_result(script(root, {}, "kardia-ctl", "_KARDIA_CTL_COMPLETE").source() + "\n")
