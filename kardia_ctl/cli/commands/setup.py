"""``kardia-ctl schema`` and ``completion``: set-up commands, without an account."""

import json
from pathlib import Path

import click

from kardia_ctl.cli.output.console import print_line, print_result
from kardia_ctl.cli.outputs import Output, check_outputs, starts_with
from kardia_ctl.model.errors import RunStopped


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
