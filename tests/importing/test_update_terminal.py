"""``import --update`` on a real terminal: it shows both values there, asks, and writes what was accepted."""

from pathlib import Path

from tests.attacks.processes import in_terminal, site


def test_a_person_accepts_one_and_not_the_other(tmp_path: Path) -> None:
    with site(tmp_path, count=2) as place:
        assert place.run("apply", "--auto-approve")[0] == 0
        before = (place.path / "c.csv").read_bytes()
        for patient in place.account.patients.all():
            place.account.patients.change(patient.id, firstname=f"Annabel of {patient.mrn[-1]}")
        terminal = in_terminal(place, "import", "--update")
        terminal.read_until("[q]uit: ")
        terminal.type(b"n\n")
        terminal.read_until("patient/S-0001")
        terminal.read_until('"Ann1" -> "Annabel of 1"')
        terminal.type(b"y\n")
        assert terminal.end() == 0, terminal.text
        assert b'firstname = "Ann0" -> "Annabel of 0"' in terminal.text
        assert b"Took 1 live value of 1 resource into the files" in terminal.text
        assert (place.path / "c.csv").read_bytes() == before.replace(b"Ann1", b"Annabel of 1")
