"""The options of ``kardia-ctl import --update``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.options import Options
from kardia_ctl.cli.options import address as address_type
from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped

update_options: Final = Options(
    click.option(
        "--update", is_flag=True, help="Take what changed in Kardia into the files that declare it."
    ),
    click.option(
        "--accept",
        type=address_type,
        multiple=True,
        metavar="ADDRESS",
        help="With --update: take this address without a question, also where the live side is not known to "
        "have changed it. May be repeated.",
    ),
    click.option(
        "--patch",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="With --update: write a patch for git apply instead; - is stdout.",
    ),
    click.option(
        "--show-phi", is_flag=True, help="With --patch -: also if the output is not your own terminal."
    ),
)
"""--update, --accept, --patch and --show-phi."""

_OF_IMPORT: Final = ("split", "into", "cohort", "codes", "adopt", "sanitize")
_OF_UPDATE: Final = ("accept", "patch", "show_phi")


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """What to take, and where to: into the files, or into a patch of them."""

    accept: tuple[Address, ...] = ()
    patch: Path | None = None
    show_phi: bool = False
    accept_unknown_team: bool = False


def update_from(options: dict[str, Any]) -> UpdateOptions | None:
    """The options of an update, which are removed; None without --update.

    Raises:
        RunStopped: options of an import and of an update are mixed.
    """
    is_update = options.pop("update")
    for name in _OF_IMPORT if is_update else _OF_UPDATE:
        if options[name]:
            option = f"--{name.replace('_', '-')}"
            way = "is not for --update, which adds nothing" if is_update else "is for --update"
            raise RunStopped(f"{option} {way}")
    update = UpdateOptions(
        **{name: options.pop(name) for name in _OF_UPDATE},
        accept_unknown_team=options["accept_unknown_team"],
    )
    return update if is_update else None
