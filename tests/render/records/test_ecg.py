"""An ECG's samples: millivolts by their resolution, both ways of naming, on paper of 25 mm/s and 10 mm/mV."""

import sys
from typing import Any

import pytest

from kardia_ctl.render.records.ecg import Ecg, Filtering, Lead, NoEcg, read_ecg
from kardia_ctl.render.records.ecg_strip import FORMS, CannotDraw, ecg_csv, ecg_picture

TABLE = {
    "frequency": 300,
    "mainsFrequency": 60,
    "amplitudeResolution": 500,
    "samples": {"leadI": [397, -262]},
}
EXAMPLE = {"frequency": 300, "mains_freq": 60, "samples": {"lead_I": [397, -262]}, "numLeads": 1}


def v1(raw: dict[str, Any] | None = None, enhanced: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"data": {"raw": raw, "enhanced": enhanced}}


def test_millivolts_are_samples_by_a_million_over_the_resolution() -> None:
    ecg = read_ecg(v1(TABLE))
    assert ecg.unit == "mV"
    assert ecg.leads[0].samples == pytest.approx((397 / (1e6 / 500), -262 / (1e6 / 500)))
    assert (ecg.frequency, ecg.mains, ecg.filtering) == (300, 60, Filtering.RAW)


def test_without_a_resolution_samples_stay_as_they_are_and_are_called_so() -> None:
    ecg = read_ecg(v1(enhanced=EXAMPLE))
    assert (ecg.unit, ecg.leads[0].samples, ecg.mains) == ("ADC units", (397, -262), 60)


@pytest.mark.parametrize("name", ["leadI", "lead_I", "LeadI", "I"])
def test_a_lead_has_one_name_however_it_is_written(name: str) -> None:
    assert read_ecg(v1({"frequency": 300, "samples": {name: [1]}})).leads[0].name == "I"


def test_six_leads_stay_in_their_order() -> None:
    names = ["leadI", "leadII", "leadIII", "AVR", "AVL", "AVF"]
    ecg = read_ecg(v1({"frequency": 300, "samples": {name: [1, 2] for name in names}}))
    assert [lead.name for lead in ecg.leads] == ["I", "II", "III", "aVR", "aVL", "aVF"]


def test_pro_has_samples_without_raw_and_enhanced() -> None:
    assert read_ecg({"data": EXAMPLE}).filtering is None


def test_enhanced_is_taken_before_raw_unless_raw_is_asked_for() -> None:
    both = v1(TABLE, EXAMPLE)
    assert read_ecg(both).filtering is Filtering.ENHANCED
    assert read_ecg(both, Filtering.RAW).filtering is Filtering.RAW


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"data": None},
        v1(),
        v1({"samples": {"leadI": [1]}}),
        v1({"frequency": 0, "samples": {"leadI": [1]}}),
        v1({"frequency": True, "samples": {"leadI": [1]}}),
        v1({"frequency": 300}),
        v1({"frequency": 300, "samples": {"leadI": []}}),
        v1({"frequency": 300, "samples": {"leadI": ["Joe"]}}),
        v1({"frequency": 300, "samples": {"leadI": "Joe"}}),
    ],
)
def test_what_is_no_ecg_is_said_without_its_values(record: dict[str, Any]) -> None:
    with pytest.raises(NoEcg) as caught:
        read_ecg(record)
    assert "Joe" not in str(caught.value)


def test_csv_has_the_time_in_seconds_and_the_unit_in_its_heading() -> None:
    ecg = Ecg((Lead("I", (0.5, -1.25)), Lead("=cmd", (1.0,))), 300, "mV")
    assert ecg_csv(ecg) == "time_s,I_mV,'=cmd_mV\n0.000000,0.5,1\n0.003333,-1.25,\n"
    assert ecg_csv(Ecg((Lead("I", (7,)),), 300, "ADC units")).startswith("time_s,I_adc\n")


def _png_size(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def strip(seconds: float, leads: int = 1, unit: str = "mV") -> Ecg:
    samples = tuple(float(place % 7) / 7 for place in range(int(seconds * 300)))
    return Ecg(tuple(Lead(f"L{number}", samples) for number in range(leads)), 300, unit)


def test_ten_seconds_are_a_quarter_of_a_metre_and_every_lead_has_its_rows() -> None:
    mm = 100 / 25.4  # dots
    one, six = (ecg_picture(strip(30, leads), "A recording", "png") for leads in (1, 6))
    assert _png_size(one)[0] == pytest.approx((250 + 20) * mm, abs=2)
    height = 20 + 12  # what stands around the strips, in mm
    assert _png_size(one)[1] == pytest.approx((3 * 20 + height) * mm, abs=2)
    assert _png_size(six)[1] == pytest.approx((18 * 20 + height) * mm, abs=2)


@pytest.mark.parametrize(("form", "mark"), [*zip(FORMS, (b"\x89PNG", b"%PDF", b"<?xml"), strict=True)])
@pytest.mark.parametrize("unit", ["mV", "ADC units"])
def test_a_picture_is_what_its_name_says(form: str, mark: bytes, unit: str) -> None:
    assert ecg_picture(strip(2, unit=unit), "$\\frac{$ \x1b[2J", form).startswith(mark)


def test_a_flat_line_and_a_loose_electrode_can_be_drawn() -> None:
    for samples in ((0.0,), (900.0, -900.0, 0.0)):
        for unit in ("mV", "ADC units"):
            assert ecg_picture(Ecg((Lead("I", samples),), 300, unit), "x", "png").startswith(b"\x89PNG")


def test_a_recording_that_is_too_long_is_refused() -> None:
    with pytest.raises(CannotDraw, match="--csv"):
        ecg_picture(strip(600, 6), "x", "png")


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib.backends.backend_agg", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CannotDraw, match=r"pip install 'kardia-ctl\[plot\]'"):
        ecg_picture(strip(1), "x", "png")
