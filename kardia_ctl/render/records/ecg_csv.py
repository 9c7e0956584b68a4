"""An ECG's samples as CSV: the time in seconds, then a column for each lead."""

from itertools import zip_longest

from kardia_ctl.model.ecg import Ecg
from kardia_ctl.render.escape import escape
from kardia_ctl.render.files.csv import safe_cell


def ecg_csv(ecg: Ecg) -> str:
    """A row for each sample, with the unit in the heading; empty where a lead is shorter than another."""
    unit = "mV" if ecg.unit == "mV" else "adc"
    names = [safe_cell(escape(lead.name)).replace(",", " ").replace('"', " ") for lead in ecg.leads]
    lines = [",".join(("time_s", *(f"{name}_{unit}" for name in names)))]
    rows = zip_longest(*(lead.samples for lead in ecg.leads))
    lines += [
        ",".join((f"{index / ecg.frequency:.6f}", *map(_number, row))) for index, row in enumerate(rows)
    ]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"
