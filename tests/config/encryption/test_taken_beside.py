"""Taking a live value into a plain file does not mind that others are encrypted; those are left alone."""

from pathlib import Path

from kardia_ctl.config.editing.live_values import LiveValue
from kardia_ctl.config.editing.taken_values import take_values
from kardia_ctl.model.address import patient_address
from tests.config.encryption.sealing import OURS, loaded
from tests.moments import at

MAIN = "version: 1\ninclude: [plain.yaml, sealed.yaml.age]\n"
ONE = "patients:\n  - {{mrn: {}, dob: 2000-07-21, email: a@example.com, firstname: Ann}}\n"
NOW = at(1_700_000_000.0)


def test_a_value_of_a_plain_file_is_taken_and_of_an_encrypted_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "kardia.yaml").write_text(MAIN)
    (tmp_path / "plain.yaml").write_text(ONE.format("P-1"))
    (tmp_path / "sealed.yaml.age").write_bytes(OURS.sealed(ONE.format("S-1")))
    values = [LiveValue(patient_address(mrn), "firstname", "Zoë") for mrn in ("P-1", "S-1")]
    found = take_values(tmp_path, {}, NOW, loaded(tmp_path, now=NOW), values, OURS.unlocking)
    assert [one.address for one in found.taken] == [patient_address("P-1")]
    assert [(file.path.name, b"Zo\xc3\xab" in file.after) for file in found.files] == [("plain.yaml", True)]
    (left,) = found.not_taken
    assert "encrypt" in left.text()
