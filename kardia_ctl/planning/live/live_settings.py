"""Which live settings can be declared as they are."""

from collections.abc import Sequence
from typing import Final

from kardia_ctl.kinds import SETTINGS
from kardia_ctl.kinds.formats import MAX_LENGTH, flaw
from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import Setting
from kardia_ctl.planning.inputs import PlanInputs

_REFUSED: Final = "the API key may not read it (403)"


def importable_settings(
    inputs: PlanInputs, callback_hosts: Sequence[str]
) -> tuple[dict[Address, str], dict[Address, str]]:
    """The URL of each live setting that can be declared, and of the others why they cannot.

    ``callback_hosts`` are the only hosts that the configuration allows; none for no such rule.
    """
    urls: dict[Address, str] = {}
    others: dict[Address, str] = dict.fromkeys(inputs.observed.refused, _REFUSED)
    for address, setting in inputs.observed.settings.items():
        if setting is not None:
            if problem := _problem(setting, callback_hosts):
                others[address] = problem
            else:
                urls[address] = setting.attributes["url"]
    return urls, others


def _problem(setting: Setting, callback_hosts: Sequence[str]) -> str:
    url = setting.attributes["url"]
    if len(url) > MAX_LENGTH:
        return f"the url is longer than {MAX_LENGTH:,} characters"
    if found := flaw(TextFormat.OTHER, url):
        return f"the url {found.words}"
    problem = SETTINGS[setting.address.kind].problem(setting, callback_hosts)
    return "" if problem is None else f"{problem[0]}. {problem[1]}"
