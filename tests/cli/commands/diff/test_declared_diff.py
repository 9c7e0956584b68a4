"""What two revisions declare differently, as the command says it."""

import json
from pathlib import Path

import pytest

from tests.cli.commands.diff.conftest import Diff
from tests.cli.commands.diff.repositories import START, Repository

_LEAVES = (
    "departures:\n"
    "  - {mrn: AC-77, id: x1, action: delete, code: withdrew-consent, reason: letter of second of March}\n"
)


def test_equal_revisions_do_not_differ(diff: Diff) -> None:
    code, out, _ = diff("HEAD", "HEAD", "clinic", "--detailed-exitcode")
    assert code == 0
    assert out.startswith("No differences in what is declared.\n")


def test_without_head_the_work_tree_is_compared(clinic: Repository, diff: Diff) -> None:
    clinic.write(START.replace("barnabo@", "barnabas@"))
    code, out, _ = diff("HEAD", "clinic", "--detailed-exitcode")
    assert code == 2
    assert "1 patient changed.\n" in out
    assert "changed: email" in out
    assert "clinic/kardia.yaml:6" in out


def test_a_departure_comes_first_with_its_code_and_never_with_its_reason(
    clinic: Repository, diff: Diff
) -> None:
    clinic.write(START.replace("hooks.", "other.") + _LEAVES)
    _, out, err = diff("HEAD", "clinic")
    assert out.startswith("1 departure added; 1 callback URL changed.")
    assert out.index("departs: delete (withdrew-consent)") < out.index("other.example.com")
    for hidden in ("letter", "AC-77"):
        assert hidden not in out + err
    assert "letter" not in json.dumps(json.loads(diff("HEAD", "clinic", "--json")[1]))


def test_who_is_no_longer_declared_is_forgotten_and_who_departs_is_not(
    clinic: Repository, diff: Diff
) -> None:
    clinic.write("version: 1\n" + _LEAVES.replace("AC-77", "CL-1"))
    _, out, _ = diff("HEAD", "clinic")
    assert "2 patients no longer declared" in out
    assert out.count("forgotten, untouched in Kardia") == 3  # a patient, the callback, the code
    assert out.count(" departs  ") == 1


def test_neither_mrns_nor_values_are_shown_outside_of_a_terminal(
    clinic: Repository, diff: Diff, tmp_path: Path
) -> None:
    clinic.write(START.replace("CL-2", "CL-3").replace("1958", "1959") + _LEAVES)
    page = tmp_path / "page.md"
    seen = "".join(diff("HEAD", "clinic", "--markdown", str(page))[1:])
    seen += "".join(diff("HEAD", "clinic", "--json")[1:]) + page.read_text()
    for hidden in ("CL-", "AC-77", "ottoline", "Ottoline", "barnabo", "1958", "1959", "1971"):
        assert hidden not in seen


def test_pseudonyms_are_those_of_the_key_and_without_one_of_this_output_which_is_said(
    clinic: Repository, diff: Diff, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.write(START.replace("barnabo@", "barnabas@"))
    first = diff("HEAD", "clinic")
    assert "of this output alone" in first[2]
    monkeypatch.setenv("KARDIA_REVIEW_KEY", "k" * 32)
    keyed = diff("HEAD", "clinic")
    assert keyed == diff("HEAD", "clinic")
    assert keyed[1] != first[1]
    assert keyed[2] == ""


def test_no_secret_of_a_pipeline_is_needed(
    clinic: Repository, diff: Diff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request of a fork has variables that are unset, or set and empty."""
    monkeypatch.setenv("KARDIA_AGE_IDENTITY", "")
    monkeypatch.setenv("KARDIA_API_KEY", "")
    text = START.replace("https://hooks.example.com/kardia", '"https://${HOST}/kardia"')
    clinic.write(text + "state: postgresql://${USER_NAME}:${PASSWORD}@db.example.com/kardia\n")
    code, out, err = diff("HEAD", "clinic")
    assert code == 0, err
    assert 'url = "https://hooks.example.com/kardia" -> "https://${HOST}/kardia"' in out
    assert "PASSWORD" not in out


def test_encrypted_files_are_named_and_compared_by_their_bytes(clinic: Repository, diff: Diff) -> None:
    import pyrage

    def sealed(text: str) -> bytes:
        recipient = pyrage.x25519.Identity.generate().to_public()
        return bytes(pyrage.encrypt(text.encode(), [recipient], armored=True))

    one = sealed("patients:\n- {mrn: SE-1, dob: 1970-01-01, email: a@example.com}\n")
    clinic.write(START + "include: [more/*.yaml.age]\n")
    clinic.write(one, "clinic/more/a.yaml.age")
    clinic.write(one, "clinic/more/b.yaml.age")
    clinic.commit()
    clinic.write(sealed("patients: []\n"), "clinic/more/b.yaml.age")
    code, out, _ = diff("HEAD", "clinic", "--detailed-exitcode")
    assert code == 2
    assert out.startswith("1 encrypted file changed.\n")
    assert "more/b.yaml.age changed" in out
    assert "the work tree: 2 encrypted files were not opened here: more/a.yaml.age, more/b.yaml.age" in out


def test_a_base_without_the_path_makes_everything_new(clinic: Repository, diff: Diff) -> None:
    clinic.write(START, "second/kardia.yaml")
    code, out, _ = diff("HEAD", "second")
    assert code == 0
    assert "2 patients added" in out
    assert "there is no kardia.yaml at second; everything counts as added" in out
    assert "everything counts as added" in diff("0" * 40, "HEAD", "clinic")[1]


def test_a_base_with_problems_makes_everything_new_and_a_head_with_problems_is_an_error(
    clinic: Repository, diff: Diff
) -> None:
    clinic.write(START.replace("1958-03-14", "1958-02-30"))
    code, out, err = diff("HEAD", "clinic")
    assert (code, out) == (1, "")
    assert "clinic/kardia.yaml:5:" in err
    clinic.commit()
    assert diff("HEAD^", "HEAD", "clinic")[0] == 1
    clinic.write(START)
    code, out, err = diff("HEAD", "clinic")
    assert code == 0
    assert "its configuration has 1 problem; everything counts as added" in out
    assert "CL-1" not in out + err


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=touch gone",
        "-x",
        "--help-all",
        "main\nHEAD",
        "",
        "HEAD:clinic",
        "no-such",
        "@{upstream}",
    ],
)
def test_what_is_no_revision_is_refused_and_never_an_option_of_git(
    name: str, clinic: Repository, diff: Diff
) -> None:
    for words in ((name, "HEAD", "clinic"), ("HEAD", name, "clinic")):
        code, out, err = diff("--", *words)
        assert (code, out) == (1, "")
        assert "git knows no commit" in err or "no upstream" in err
    assert not (clinic.top / "gone").exists()


def test_a_word_that_is_a_revision_and_a_path_is_refused(clinic: Repository, diff: Diff) -> None:
    clinic.git("branch", "clinic")
    code, _, err = diff("HEAD", "clinic")
    assert code == 1
    assert "both a revision and a path" in err
    assert diff("HEAD", "HEAD", "clinic")[0] == 0
    assert "neither a revision" in diff("HEAD", "elsewhere")[2]


def test_outside_of_a_repository_there_is_nothing_to_compare(
    diff: Diff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "alone").mkdir()
    monkeypatch.chdir(tmp_path / "alone")
    code, _, err = diff("HEAD", "HEAD", ".")
    assert code == 1
    assert "in no git repository" in err


def test_two_dots_name_both_revisions(clinic: Repository, diff: Diff) -> None:
    clinic.git("tag", "before")
    clinic.write(START.replace("hooks.", "other."))
    clinic.commit()
    expected = diff("before", "HEAD", "clinic")
    assert "1 callback URL changed" in expected[1]
    for range_ in ("before..HEAD", "before.."):
        assert diff(range_, "clinic")[1].replace(range_, "before") == expected[1]
    assert "$(git merge-base before HEAD) HEAD" in diff("before...HEAD", "clinic")[2]
    assert "only PATH" in diff("before..HEAD", "HEAD", "clinic")[2]
