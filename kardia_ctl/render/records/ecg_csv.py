"""An ECG's samples as CSV: the time in seconds, then a column for each lead."""

from itertools import zip_longest

from kardia_ctl.model.ecg import Ecg
from kardia_ctl.render.escape import escape
from kardia_ctl.render.files.csv import Number, csv_text


def ecg_csv(ecg: Ecg) -> str:
    """A row for each sample, with the unit in the heading; empty where a lead is shorter than another."""
    unit = "mV" if ecg.unit == "mV" else "adc"
    names = [escape(lead.name).replace(",", " ").replace('"', " ") for lead in ecg.leads]
    samples = zip_longest(*(lead.samples for lead in ecg.leads))
    return csv_text(
        [
            ("time_s", *(f"{name}_{unit}" for name in names)),
            *((Number(f"{at / ecg.frequency:.6f}"), *map(_number, row)) for at, row in enumerate(samples)),
        ]
    )


def _number(value: float | None) -> str:
    return Number("" if value is None else f"{value:.7g}")
