"""A saved plan for its readers, who may not have the key of its seal."""

from dataclasses import dataclass
from typing import Final

from kardia_ctl.cli.account.keys import Keys
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.planning.saved.codec import SavedPlan
from kardia_ctl.planning.saved.file import SEALED_WITH, key_source, unseal, unverified

_STRONGEST: Final = "plan-key"


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A saved plan that is only shown. ``doubt`` says why its seal was not checked; empty when it was."""

    saved: SavedPlan
    doubt: str = ""


def to_show(data: bytes, keys: Keys) -> ShownPlan:
    """A saved plan for its readers: also where the key of its seal is not at hand.

    Raises:
        PlanRefused: it is not a saved plan, or the key is here and the seal is another.
    """
    source = key_source(data)
    try:
        key, _ = keys.plans(source)
    except KardiaError:  # as that of an encrypted state, which is not here
        key = b""
    if key:
        return ShownPlan(unseal(data, key), _weakness(source, keys))
    doubt = f"Not verified: the key that sealed this plan is not here ({SEALED_WITH[source]})"
    return ShownPlan(unverified(data), f"{doubt}. Anybody may have written the file")


def _weakness(source: str, keys: Keys) -> str:
    """Why a matching seal proves nothing: its key may lie beside the plan, and whoever wrote both has it."""
    if source == _STRONGEST or keys.plans(_STRONGEST)[0] == b"":
        return ""
    return (
        f"Not verified: the key that sealed this plan ({SEALED_WITH[source]}) may lie beside it, and "
        f"{SEALED_WITH[_STRONGEST]} is required here: apply refuses it"
    )
