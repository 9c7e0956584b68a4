"""An ECG's samples, as either API sends them, in millivolts where their resolution is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, Final

_NANOVOLTS_PER_MILLIVOLT: Final = 1e6
_LIMB: Final = {"i": "I", "ii": "II", "iii": "III", "avr": "aVR", "avl": "aVL", "avf": "aVF"}


class Filtering(StrEnum):
    """Which samples: as the device took them, or filtered (API reference, "ECG Object": ``data``)."""

    RAW = "raw"
    ENHANCED = "enhanced"


class NoEcg(ValueError):  # noqa: N818  (it names what is missing)
    """The record holds no samples that can be read; the text says what is missing, and no value."""


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead: its name (I, II, III, aVR, aVL, aVF, or the API's own) and its samples."""

    name: str
    samples: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ecg:
    """The leads of one recording.

    Attributes:
        leads: In the API's order.
        frequency: Samples a second.
        unit: ``mV``, or ``ADC units`` when the record does not say how much one unit is: the document
            names no value that would hold then.
        mains: The frequency of the mains in Hz, when it is known.
        filtering: Which samples these are; None when the record has one kind alone.
    """

    leads: tuple[Lead, ...]
    frequency: float
    unit: str
    mains: float | None = None
    filtering: Filtering | None = None

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the end of the last."""
        return max(len(lead.samples) for lead in self.leads) / self.frequency


def read_ecg(record: Mapping[str, Any], wanted: Filtering | None = None) -> Ecg:
    """The samples of a recording.

    v1 has ``data.raw`` and ``data.enhanced``, pro has ``data`` alone. The documents' tables and examples
    name fields differently; both names are taken. Millivolts are samples ÷ (1e6 ÷ amplitudeResolution),
    which is in nanovolts for each unit (API reference, "ECG Data Object", "ECG Samples Object").

    Args:
        record: As the API sent it.
        wanted: Which samples; enhanced, else raw, when nothing is said.

    Raises:
        NoEcg: there are no such samples, or their frequency is not known.
    """
    data, filtering = _data(record, wanted)
    frequency = _positive(_named(data, "frequency"))
    if frequency is None:
        raise NoEcg("the recording has no sampling frequency")
    found = _named(data, "samples")
    if not isinstance(found, Mapping):
        raise NoEcg("the recording has no samples")
    resolution = _positive(_named(data, "amplituderesolution"))
    scale = 1.0 if resolution is None else resolution / _NANOVOLTS_PER_MILLIVOLT
    leads = tuple(_lead(str(name), samples, scale) for name, samples in found.items() if samples)
    if not leads:
        raise NoEcg("the recording has no samples")
    return Ecg(
        leads,
        frequency,
        "ADC units" if resolution is None else "mV",
        _positive(_named(data, "mainsfrequency", "mainsfreq")),
        filtering,
    )


def _data(record: Mapping[str, Any], wanted: Filtering | None) -> tuple[Mapping[str, Any], Filtering | None]:
    data = record.get("data")
    if not isinstance(data, Mapping):
        raise NoEcg("the recording has no data")
    for filtering in (wanted,) if wanted else (Filtering.ENHANCED, Filtering.RAW):
        if isinstance(found := data.get(filtering), Mapping):
            return found, filtering
    if "samples" not in data or wanted:
        raise NoEcg(f"the recording has no {wanted or 'raw or enhanced'} data")
    return data, None


def _named(data: Mapping[str, Any], *names: str) -> Any:
    """The value of the first field with such a name, however it is written: leadI, lead_I."""
    return next((value for key, value in data.items() if _plain(key) in names), None)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _lead(name: str, samples: Any, scale: float) -> Lead:
    short = _LIMB.get(_plain(name).removeprefix("lead"), name)
    if not isinstance(samples, list) or not all(_is_number(sample) for sample in samples):
        raise NoEcg(f"lead {short} contains a value that is not a number")
    return Lead(short, tuple(samples) if scale == 1.0 else tuple(sample * scale for sample in samples))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _positive(value: Any) -> float | None:
    return float(value) if _is_number(value) and value > 0 else None
