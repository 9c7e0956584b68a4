"""``kardia-ctl get callback`` and ``get qt-callback``."""

from typing import Any

import click

from kardia_ctl.cli.account.account_workspace import workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.options import json_option, show_phi_option, shows_phi
from kardia_ctl.cli.output.console import print_json_line, print_line, print_message
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.render.redaction import shown


def _command(name: str, kind: Kind, text: str) -> click.Command:
    """The command that prints one setting."""

    @click.command(name, help=text)
    @json_option("Print a JSON object: its url is null when none is set.")
    @show_phi_option
    @workspace_options
    def command(as_json: bool, show_phi: bool, **options: Any) -> None:
        workspace = workspace_from(options)
        if kind not in workspace.capabilities.kinds:
            raise RunStopped(f"the {workspace.capabilities.dialect} API has no {kind.facts.singular}")
        url = in_session(workspace, lambda session: session.reader.setting(kind))
        text = shown(kind, "url", url, show_phi=shows_phi(asked=show_phi)).text
        if as_json:
            print_json_line({"url": text})
        elif url is None:
            print_message(f"No {kind.facts.singular} is set.")
        else:
            print_line(text or "(hidden)")

    return command


_QUERY = "On your own terminal with its query, which may be a secret; elsewhere without."

callback_command = _command("callback", Kind.CALLBACK, f"Print the URL that Kardia posts events to. {_QUERY}")
qt_callback_command = _command(
    "qt-callback", Kind.QT_CALLBACK, f"Print the URL that Kardia posts QT measurements to. {_QUERY}"
)
