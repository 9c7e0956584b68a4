import sys
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


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://", "the name of a bucket"),
        ("s3://bucket", "a prefix of letters"),
        ("az://container/", "a prefix of letters"),
        ("s3://bucket/../other", "a prefix of letters"),
        ("s3://access:secret@bucket/prefix", "and no user, key or port"),
        ("gs://bucket/prefix?lease=1", "from 2 to 3600"),
        ("s3://bucket/prefix?lease=soon", "from 2 to 3600"),
        ("s3://bucket/prefix?secret=1", "the only option is lease"),
        ("s3://bucket/prefix?secret", "cannot be read as a URL"),
    ],
)
def test_a_wrong_url_of_an_object_store_is_refused_without_its_secrets(url: str, reason: str) -> None:
    with pytest.raises(StateError, match="the state URL is wrong") as caught:
        open_store(url, Path(), "default")
    assert reason in str(caught.value)
    assert "Next: write SCHEME://BUCKET/PREFIX" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_missing_obstore_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "kardia_ctl.state.objects.bucket", raising=False)
    with pytest.raises(StateError, match=r"Next: pip install 'kardia-ctl\[objects\]'$"):
        open_store("s3://clinic-state/kardia", Path(), "default")


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
