import sys
from pathlib import Path

import pytest

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.open import open_store
from kardia_ctl.state.postgres.postgres_url import postgres_url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://joe:s3cret@db.example.com:5433/clinic", "postgresql://db.example.com:5433/clinic"),
        ("postgres://db/clinic?sslmode=require&password=s3cret", "postgresql://db/clinic"),
        ("postgresql://joe@db/clinic?schema=trial%201", "postgresql://db/clinic?schema=trial%201"),
        ("postgresql://db/clinic?schema=kardia_ctl", "postgresql://db/clinic"),
        ("postgresql://[::1]:5433/clinic", "postgresql://[::1]:5433/clinic"),
        ("postgresql://a:1,b:2/clinic?target_session_attrs=read-write", "postgresql://a:1,b:2/clinic"),
        ("postgresql://a,b:2/clinic", "postgresql://a,b:2/clinic"),
        ("postgresql:///clinic?host=/run/postgresql", "postgresql:///clinic?host=/run/postgresql"),
        ("postgresql://%2Frun%2Fpostgresql/clinic", "postgresql:///clinic?host=/run/postgresql"),
        ("postgresql:///?service=clinic", "postgresql:///?service=clinic"),
        ("postgresql://", "postgresql:///"),
        ("postgresql://db/a%2Fb", "postgresql://db/a%2Fb"),
    ],
)
def test_the_place_of_a_state_says_where_and_not_who_or_how(url: str, place: str) -> None:
    assert postgres_url(url).place == place
    assert "s3cret" not in repr(postgres_url(url))


def test_options_reach_libpq_unchanged_and_some_have_a_default() -> None:
    options = postgres_url(
        "postgresql://joe@db/clinic?schema=x&sslmode=verify-full&connect_timeout=3"
    ).options
    assert options["sslmode"] == "verify-full"
    assert options["connect_timeout"] == "3"
    assert options["tcp_user_timeout"] == "30000"
    assert options["fallback_application_name"] == "kardia-ctl"
    assert "schema" not in options


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://joe:s3cret@db/x?nonsense=1",
        "postgresql://joe:s3cret@[db/x",
        "postgres://%zz:s3cret@db/x",
    ],
)
def test_a_url_that_libpq_cannot_read_is_not_repeated(url: str) -> None:
    with pytest.raises(StateError, match="the state URL cannot be read") as caught:
        open_store(url, Path(), "default")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("schema", ["", "pg_temp", "x" * 64, "%00"])
def test_a_schema_that_cannot_be_is_refused(schema: str) -> None:
    with pytest.raises(StateError, match="option schema must be a name"):
        open_store(f"postgresql://db/clinic?schema={schema}", Path(), "default")


def test_without_psycopg_one_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("kardia_ctl.state.postgres.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StateError, match=r"Next: pip install 'kardia-ctl\[postgresql\]'") as caught:
        open_store("postgresql://joe:s3cret@db/clinic", Path(), "default")
    assert "s3cret" not in str(caught.value)


def test_opening_connects_to_nothing() -> None:
    open_store("postgresql://nowhere.invalid/clinic", Path(), "default").close()
