"""``kardia-ctl version``."""

import platform
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import takewhile

import click

from kardia_ctl import __version__
from kardia_ctl.cli.options import json_option
from kardia_ctl.cli.output.console import print_json, print_line
from kardia_ctl.render.plan.terraform_json import TERRAFORM_VERSION


@click.command("version")
@json_option("Print Terraform's version document; the versions of the libraries are ours.")
def command(as_json: bool) -> None:
    """Print the versions of kardia-ctl, Python and the libraries that are installed."""
    libraries = dict(sorted(_libraries().items()))
    if as_json:
        print_json(
            {
                "terraform_version": TERRAFORM_VERSION,
                "platform": f"{platform.system().lower()}_{platform.machine().lower()}",
                "provider_selections": {},
                "terraform_outdated": False,
                "kardia_ctl": {
                    "version": __version__,
                    "python": platform.python_version(),
                    "libraries": libraries,
                },
            },
            indent=2,
        )
        return
    print_line(f"kardia-ctl v{__version__}")
    print_line(f"on {platform.system().lower()}_{platform.machine().lower()}")
    print_line(f"+ Python v{platform.python_version()}")
    for name, found in libraries.items():
        print_line(f"+ {name} v{found}")


def _libraries() -> dict[str, str]:
    """The versions of the libraries that kardia-ctl names, of extras too, as far as they are installed."""
    found = {}
    for requirement in requires("kardia-ctl") or ():
        name = "".join(takewhile(lambda char: char.isalnum() or char in "-_.", requirement))
        if name == "kardia-ctl" or "extra == 'dev'" in requirement.replace('"', "'"):
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an extra
            continue
    return found
