"""The days that a person writes into a departure: none of them may lie in the future."""

from datetime import UTC, datetime, timedelta
from typing import Final

from kardia_ctl.model.configuration import Departure
from kardia_ctl.planning.inputs import PlanInputs

_AHEAD: Final = timedelta(hours=14)
"""How far the calendar of the easternmost time zone is ahead of UTC."""


def day_in_the_future(inputs: PlanInputs, departure: Departure) -> str:
    """The key of a day that lies in the future everywhere; empty when there is none."""
    today = (datetime.fromtimestamp(inputs.now.wall, UTC) + _AHEAD).date().isoformat()
    days = {"done": departure.done, "exported": departure.exported}
    return next((key for key, day in days.items() if day > today), "")
