"""Live values are taken into plain files beside encrypted ones, and into these where that is possible."""

from pathlib import Path

import pytest

from kardia_ctl.cli.files.replaced_files import replace_files
from kardia_ctl.config.editing.live_values import LiveValue
from kardia_ctl.config.editing.taken_values import take_values
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.errors import RunStopped
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
    assert "the file is encrypted, and kardia.yaml does not say for whom to encrypt it again" in left.text()


def sealed(tmp_path: Path) -> dict[str, bytes]:
    """Encrypted files with one patient each, for the recipient that is declared."""
    main = f"version: 1\nrecipients: [{OURS.recipient}]\ninclude: [sealed.yaml.age]\n"
    (tmp_path / "kardia.yaml").write_text(main + "cohorts: {c: {source: c.csv.age}}\n")
    plain = {
        "sealed.yaml.age": ONE.format("S-1").encode() + b"# a note\n",
        "c.csv.age": b"mrn,dob,email,firstname\r\nC-1,2000-07-21,c@example.com,Ann\r\n",
    }
    for name, text in plain.items():
        (tmp_path / name).write_bytes(OURS.sealed(text))
    return plain


def test_a_value_of_an_encrypted_file_is_edited_in_its_plain_text_and_encrypted_again(tmp_path: Path) -> None:
    plain = sealed(tmp_path)
    values = [LiveValue(patient_address(mrn), "firstname", "Zoë") for mrn in ("S-1", "C-1")]
    found = take_values(tmp_path, {}, NOW, loaded(tmp_path, now=NOW), values, OURS.unlocking)
    assert found.not_taken == ()
    replace_files(found.files)
    new = {"sealed.yaml.age": '"Zoë"'.encode(), "c.csv.age": "Zoë".encode()}
    for name, text in plain.items():
        stored = (tmp_path / name).read_bytes()
        assert stored.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
        assert OURS.opened(stored) == text.replace(b"Ann", new[name])
    patients = loaded(tmp_path, now=NOW).desired.patients
    assert {mrn: patient.firstname for mrn, patient in patients.items()} == {"S-1": "Zoë", "C-1": "Zoë"}
    assert {file.name for file in tmp_path.iterdir()} == {"kardia.yaml", *plain}


def test_no_plain_text_of_an_encrypted_file_is_written_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(tmp_path)
    value = LiveValue(patient_address("S-1"), "firstname", "Zoë")
    found = take_values(tmp_path, {}, NOW, loaded(tmp_path, now=NOW), [value], OURS.unlocking)
    seen: list[bytes] = []

    def looking(_: int) -> None:
        seen.extend(file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("."))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kardia_ctl.cli.files.replaced_files.os.fsync", looking)
    with pytest.raises(RunStopped, match=r"Nothing was written\."):
        replace_files(found.files)
    assert len(seen) == 1
    assert seen[0].startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")


def test_an_encrypted_file_has_no_patch(tmp_path: Path) -> None:
    sealed(tmp_path)
    value = LiveValue(patient_address("C-1"), "firstname", "Zoë")
    found = take_values(tmp_path, {}, NOW, loaded(tmp_path, now=NOW), [value], OURS.unlocking, in_patch=True)
    assert "a patch would be of its plain text. Leave --patch out" in found.not_taken[0].text()
    assert found.files == ()


def test_an_encrypted_file_that_changed_meanwhile_stays(tmp_path: Path) -> None:
    plain = sealed(tmp_path)
    value = LiveValue(patient_address("C-1"), "firstname", "Zoë")
    before = loaded(tmp_path, now=NOW)
    other = OURS.sealed(plain["c.csv.age"].replace(b"Ann", b"Eve"))
    (tmp_path / "c.csv.age").write_bytes(other)
    found = take_values(tmp_path, {}, NOW, before, [value], OURS.unlocking)
    assert "the file changed while it was being read" in found.not_taken[0].text()
