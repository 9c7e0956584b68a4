"""A configuration with one value to replace, in files of every form, and what may change in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from kardia_ctl.config import load
from kardia_ctl.config.editing.live_values import LiveValue
from kardia_ctl.config.editing.taken_values import TakenValues, take_values
from kardia_ctl.model.address import Address, patient_address
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.patient import DesiredPatient
from tests.moments import at

ODD = (
    "Zoë", "O'Hara", 'Ann "Nan" Lee', "No", "null", "~", "0x1F", "1e5", "123e4567", "0012345", "+12",
    "12:30", "2000-07-21", "# Ann", "Ann: Lee", "- Ann", "Ann # Lee", "yes", "=", "<<",
    "a\u200db", "\U0001d518nn",
    "Ann\\n", "{Ann}", "[Ann]", "*Ann", "&Ann", "!Ann", "|", ">", "%Ann",
    "@Ann", "`Ann`", "?", "- -", "...", "---",
)  # fmt: skip
"""Texts that some reader of YAML takes for something else when nobody quotes them."""

texts = st.sampled_from(ODD) | st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=20
)

NOW: Final = at(1_700_000_000.0)
"""Late in 2023: birth dates of these tests are before it."""


@dataclass
class World:
    """Files below a directory; ``environ`` fills ``${VAR}``."""

    path: Path
    files: Mapping[str, bytes]
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, data in self.files.items():
            (self.path / name).write_bytes(data)

    def load(self) -> Configuration:
        return load(self.path, self.environ, NOW)

    def take(self, *values: LiveValue, configuration: Configuration | None = None) -> TakenValues:
        return take_values(self.path, self.environ, NOW, configuration or self.load(), values)

    def taken(self, *values: LiveValue) -> dict[str, bytes]:
        """The files once the values are taken, all of which must be; they are on the disk then."""
        found = self.take(*values)
        assert not found.not_taken, [one.text() for one in found.not_taken]
        assert found.taken == values
        for file in found.files:
            assert file.before == file.path.read_bytes()
            file.path.write_bytes(file.after)
        return {name: (self.path / name).read_bytes() for name in self.files}

    def refused(self, *values: LiveValue) -> list[str]:
        """Why the values are not taken, none of which may be."""
        found = self.take(*values)
        assert not found.taken
        assert not found.files
        return [one.text() for one in found.not_taken]


def live(mrn: str, attribute: str, value: str | None) -> LiveValue:
    return LiveValue(patient_address(mrn), attribute, value)


def set_live(address: str, attribute: str, value: str | None) -> LiveValue:
    return LiveValue(Address.parse(address), attribute, value)


def facts(patient: DesiredPatient) -> tuple[object, ...]:
    return tuple(
        getattr(patient, name) for name in patient.__struct_fields__ if name not in ("line", "firstname")
    )
