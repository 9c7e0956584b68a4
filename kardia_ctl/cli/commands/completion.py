"""``kardia-ctl completion``."""

import click
from click.shell_completion import get_completion_class

from kardia_ctl.model.errors import RunStopped


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  kardia-ctl completion bash > ~/.local/share/bash-completion/completions/kardia-ctl
    zsh:   kardia-ctl completion zsh > "${fpath[1]}/_kardia-ctl"
    fish:  kardia-ctl completion fish > ~/.config/fish/completions/kardia-ctl.fish
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from kardia_ctl.cli.main import root

    kind = get_completion_class(shell)
    if kind is None:
        raise RunStopped(f"there is no completion for {shell}")
    click.echo(kind(root, {}, "kardia-ctl", "_KARDIA_CTL_COMPLETE").source())
