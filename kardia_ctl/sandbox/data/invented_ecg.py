"""The units and determinations of an ECG, and the parameters of an invented one.

Source: API reference, "ECG Data Object" and "ECG Samples Object".
"""

from dataclasses import dataclass

FREQUENCY = 300
"""Samples per second."""
AMPLITUDE_RESOLUTION = 500
"""Nanovolts in one unit of a sample: a sample divided by (1e6 / 500) is in millivolts."""
UNITS_PER_MILLIVOLT = 1_000_000 // AMPLITUDE_RESOLUTION
DETERMINATIONS = (
    "normal",
    "afib",
    "unclassified",
    "bradycardia",
    "tachycardia",
    "too_short",
    "too_long",
    "unreadable",
    "sinus_rhythm",
    "sinus_rhythm,multiple_pacs",
    "sinus_rhythm,multiple_pvcs",
    "sinus_rhythm,wide_qrs",
    "no_analysis",
    "sinusRhythm",
    "atrialFibrillation",
    "inconclusiveLowHeartRate",
    "inconclusiveHighHeartRate",
    "inconclusivePoorReading",
    "inconclusiveOther",
    "unrecognized",
    "notSet",
)
"""The values of `algorithmDetermination`, Apple's last (API reference, "ECG Object")."""
NORMAL = frozenset(("normal", "sinus_rhythm", "sinusRhythm"))
FIBRILLATION = frozenset(("afib", "atrialFibrillation"))
NOISY = frozenset(("unreadable", "inconclusivePoorReading"))


@dataclass(frozen=True, slots=True)
class Trace:
    """The parameters of an invented ECG: milliseconds, beats per minute, 1 or 6 leads."""

    seed: int
    determination: str
    heart_rate: int
    duration: int
    leads: int
    mains: int = 60
