from pathlib import Path

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.open import open_store, sqlite_path


def test_a_relative_path_lies_below_the_configuration() -> None:
    assert sqlite_path("sqlite:///.kardia/state.db", Path("/configuration")) == Path(
        "/configuration/.kardia/state.db"
    )


def test_a_fourth_slash_makes_the_path_absolute() -> None:
    assert sqlite_path("sqlite:////var/kardia/a b#?.db".replace("?", ""), Path("/x")) == Path(
        "/var/kardia/a b#.db"
    )


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_a_scheme_that_comes_later_is_refused_by_name_and_without_its_password(scheme: str) -> None:
    with pytest.raises(StateError) as caught:
        open_store(f"{scheme}://user:secret@host.example.com/state", Path(), "default")
    assert f"{scheme} state is not supported in this version; use sqlite:///" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "state.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a/", "sqlite:///a?mode=ro"],
)
def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(StateError, match=r"sqlite:///\.kardia/state\.db|as in sqlite:///"):
        open_store(url, Path(), "default")


def test_opening_touches_nothing(tmp_path: Path) -> None:
    open_store("sqlite:///deep/state.db", tmp_path, "default").close()
    assert list(tmp_path.iterdir()) == []
