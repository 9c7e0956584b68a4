"""What the server or the way to it refuses: one message that says why and what to do, without a password."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Note, PatientRecord, Remember
from kardia_ctl.state.postgres.postgres_errors import postgres_errors, refusal
from kardia_ctl.state.postgres.postgres_store import PostgresStore
from kardia_ctl.state.postgres.postgres_url import postgres_url
from tests.state.postgres_server import PostgresServer, distributed, postgres_server

SECRET = "hunter2-s3cret"
MRN = "JS-20000721-marked"


@dataclass(frozen=True)
class Guarded:
    """A server that wants TLS and passwords. ``authority`` signed its certificate."""

    server: PostgresServer
    authority: Path

    def url(
        self, user: str = "clinic", password: str = SECRET, database: str = "clinic", **options: str
    ) -> str:
        text = "&".join(f"{name}={value}" for name, value in options.items())
        return f"{self.server.url(database, user, password)}?{text}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    place = tmp_path_factory.mktemp("certificates")
    certificate, key = self_signed("localhost")
    access = (
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        "hostnossl all plain 127.0.0.1/32 scram-sha-256\n"
    )
    with postgres_server(distributed(), access=access) as server:  # the package's knows no TLS
        server.stop()
        for name, content in (("server.crt", certificate), ("server.key", key)):
            server.put(name, content)
        server.settings = {"fsync": "off", "ssl": "on"}
        server.start()
        (place / "authority.crt").write_bytes(certificate)
        for user in ("clinic", "plain", "replica", "reader"):
            server.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{SECRET}'")
        server.execute("CREATE ROLE full LOGIN CONNECTION LIMIT 0 PASSWORD 'hunter2-s3cret'")
        server.execute("ALTER ROLE replica SET default_transaction_read_only = on")
        server.execute("CREATE DATABASE clinic OWNER clinic")
        server.execute("GRANT ALL ON DATABASE clinic TO replica, plain")
        yield Guarded(server, place / "authority.crt")


def self_signed(name: str) -> tuple[bytes, bytes]:
    """A certificate for a host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(encoding), secret


def told(url: str) -> str:
    """What a run is told that does not get the lock."""
    with pytest.raises(StateError) as caught, PostgresStore(url, "default").lock("apply"):
        pass
    text = str(caught.value)
    assert SECRET not in text
    assert "Next: " in text
    assert caught.value.__cause__ is None
    return text


def test_a_wrong_password(guarded: Guarded) -> None:
    text = told(guarded.url(password="wrong-s3cret"))
    assert "the server refused the user or the password. Next: set PGPASSWORD" in text
    assert f"locking the state postgresql://127.0.0.1:{guarded.server.port}/clinic" in text
    assert "wrong" not in text


def test_no_password(guarded: Guarded) -> None:
    assert "set PGPASSWORD" in told(guarded.url(password=""))


def test_a_password_from_the_environment(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", SECRET)
    store = PostgresStore(guarded.url(password=""), "environment")
    with store.lock("apply"):
        store.commit([Note("team", "team-1")])
    assert store.load().team == "team-1"


def test_a_server_that_requires_tls(guarded: Guarded) -> None:
    assert "the server requires TLS. Next: add sslmode" in told(guarded.url(sslmode="disable"))


def test_a_server_without_tls(server: PostgresServer) -> None:
    assert "the server offers no TLS" in told(f"{server.url()}?sslmode=require")


def test_tls_options_reach_libpq(guarded: Guarded) -> None:
    store = PostgresStore(guarded.url(sslmode="verify-ca", sslrootcert=str(guarded.authority)), "verified")
    with store.lock("apply"):
        assert store._run is not None
        assert store._run._connection.pgconn.ssl_in_use


def test_a_certificate_of_another_host(guarded: Guarded) -> None:
    url = guarded.url(sslmode="verify-full", sslrootcert=str(guarded.authority))
    assert "the server's certificate is not accepted. Next: check sslrootcert" in told(url)


def test_a_certificate_of_an_unknown_authority(guarded: Guarded, tmp_path: Path) -> None:
    (tmp_path / "other.crt").write_bytes(self_signed("other")[0])
    url = guarded.url(sslmode="verify-ca", sslrootcert=str(tmp_path / "other.crt"))
    assert "the server's certificate is not accepted" in told(url)


def test_no_authority_at_all(guarded: Guarded, tmp_path: Path) -> None:
    url = guarded.url(sslmode="verify-ca", sslrootcert=str(tmp_path / "nothing.crt"))
    assert "there is no file with the authority" in told(url)


def test_a_database_that_does_not_exist(guarded: Guarded) -> None:
    assert "the database does not exist. Next: create it" in told(guarded.url(database="nowhere"))


def test_a_user_who_may_not_create_the_schema(guarded: Guarded) -> None:
    assert "permission was denied. Next: let the database's owner GRANT" in told(guarded.url("reader"))


def test_a_replica_that_only_reads(guarded: Guarded) -> None:
    assert "the server only reads" in told(guarded.url("replica", schema="replica"))


def test_too_many_connections(guarded: Guarded) -> None:
    assert "the server has too many connections" in told(guarded.url("full"))


def test_nobody_listens(server: PostgresServer) -> None:
    with postgres_server() as other:
        url = other.url()
    assert "nothing answers there (connection refused)" in told(url)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            'could not translate host name "db" to address: Name or service not known',
            "its host was not found",
        ),
        ("[Errno -2] Name or service not known", "its host was not found"),
        ("connection timeout expired", "nothing answered within connect_timeout"),
        ("server closed the connection unexpectedly", "the connection was closed before"),
        ("FATAL:  the database system is starting up", "the server is starting or shutting down"),
        ("connection failed: FATAL:  the moon is in the wrong house", "the moon is in the wrong house"),
        (f"connection failed: FATAL:  no way with {SECRET}\x1b[2J", "no way with … [2J"),
    ],
)
def test_what_libpq_says_while_it_connects(text: str, what: str) -> None:
    url = postgres_url(f"postgresql://joe:{SECRET}@db/clinic")
    error = str(refusal("reading the state", url, psycopg.OperationalError(text)))
    assert error.startswith("reading the state postgresql://db/clinic: ")
    assert what in error
    assert SECRET not in error


@pytest.mark.parametrize("state", ["53100", "57014", "55P03", "57P03", "42501", "25006", "99999"])
def test_a_refused_statement_is_named_and_its_text_is_not_repeated(state: str) -> None:
    url = postgres_url(f"postgresql://joe:{SECRET}@db/clinic")

    class Refused(psycopg.DatabaseError):
        sqlstate = state

    with pytest.raises(StateError) as caught, postgres_errors("writing the state", url):
        raise Refused(f"Key (name)=({MRN})")
    assert str(caught.value).startswith("writing the state postgresql://db/clinic: ")
    assert "Next: " in str(caught.value)
    assert MRN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert state != "99999" or "PostgreSQL answered Refused, 99999" in str(caught.value)


def test_what_the_server_says_of_an_mrn_is_not_repeated(
    server: PostgresServer, database: str, store: PostgresStore, capfd: pytest.CaptureFixture[str]
) -> None:
    with store.lock("apply"):
        server.execute(f"ALTER TABLE kardia_ctl.record ADD CHECK (name <> '{MRN}')", database)
        with pytest.raises(StateError) as caught:
            store.commit([Remember(Kind.PATIENT, MRN, "", PatientRecord("id"))])
        with pytest.raises(StateError, match="a value is too large to store"):
            store.commit([Remember(Kind.PATIENT, "".join(map(chr, range(900, 6000))), "", PatientRecord())])
        store.commit([Note("team", "team-1")])
    assert MRN not in str(caught.value)
    assert "PostgreSQL answered CheckViolation, 23514" in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert (store.load().serial, store.load().patients) == (1, {})


def test_tables_that_were_dropped_during_a_run(
    server: PostgresServer, database: str, store: PostgresStore
) -> None:
    with pytest.raises(StateError, match="tables of the state are missing"), store.lock("apply"):
        server.execute("DROP SCHEMA kardia_ctl CASCADE", database)
