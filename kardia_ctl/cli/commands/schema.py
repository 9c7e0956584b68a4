"""``kardia-ctl schema``."""

import json
from pathlib import Path

import click

from kardia_ctl.config.schema.build import editors_schema


@click.command("schema")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
def command(directory: Path | None) -> None:
    """Print the JSON Schema (draft-07) of kardia.yaml, or write it into DIRECTORY as kardia.schema.json.

    YAML editors read it: put  # yaml-language-server: $schema=PATH  on the first line of kardia.yaml.
    """
    text = json.dumps(editors_schema(), indent=2, ensure_ascii=False) + "\n"
    if directory is None:
        click.echo(text, nl=False)
        return
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "kardia.schema.json"
    file.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {file}")
