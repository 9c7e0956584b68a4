"""The objects below a prefix, through obstore: S3, Azure Blob Storage and Google Cloud Storage."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore import exceptions as refusals
from obstore.store import AzureStore, GCSStore, S3Store

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.objects.object_errors import meaning_of
from kardia_ctl.state.objects.objects_port import Changed, Existing, Found, Traffic, Unanswered
from kardia_ctl.state.objects.objects_url import ObjectsUrl

if TYPE_CHECKING:
    from obstore import PutMode, PutResult
    from obstore.store import RetryConfig

_LARGE: Final = 4_000_000
_LARGE_FOLDERS: Final = ("snapshots/", "history/")
_QUICK, _LONG = timedelta(seconds=10), timedelta(minutes=5)
_RETRY: Final["RetryConfig"] = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=3),
        "base": 2,
    },
}
"""A request that fails ends after 20 seconds of retries and one last timeout."""

_ALLOW_HTTP: Final = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP")
"""The client's own variables, which the options given here would hide."""

_STORES: Final[dict[str, Any]] = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}
_DEFINITE: Final = (
    refusals.PermissionDeniedError,
    refusals.UnauthenticatedError,
    refusals.InvalidPathError,
    refusals.NotSupportedError,
    refusals.UnknownConfigurationKeyError,
    FileNotFoundError,
)
"""What certainly had no effect."""


class Bucket:
    """The ``Objects`` below the prefix of a URL. The environment gives credentials, region and endpoint."""

    def __init__(self, url: ObjectsUrl) -> None:
        self._url = url
        self._traffic = Traffic()
        with self._errors("opening"):
            self._quick, self._long = self._store(_QUICK), self._store(_LONG)

    @property
    def place(self) -> str:
        """The URL of the prefix."""
        return self._url.place

    @property
    def traffic(self) -> Traffic:
        """What was sent so far."""
        return self._traffic

    def get(self, name: str) -> Found | None:
        """An object; None when there is none of this name."""
        self._traffic.requests += 1
        store = self._long if name.startswith(_LARGE_FOLDERS) else self._quick
        with self._errors("reading"):
            try:
                answer = obstore.get(store, name)
                body = bytes(answer.bytes())
            except FileNotFoundError as error:
                if "ucket" in meaning_of(str(error), ""):
                    raise
                return None
            self._traffic.read += len(body)
            return Found(body, _version(answer.meta), answer.meta["last_modified"].timestamp())

    def create(self, name: str, body: bytes) -> str:
        """Create an object and return its version. Raises ``Existing``."""
        with self._errors("writing"):
            try:
                return _version(self._put(name, body, "create"))
            except (refusals.AlreadyExistsError, refusals.PreconditionError) as error:
                raise Existing from error

    def swap(self, name: str, body: bytes, version: str) -> str:
        """Replace this version of an object and return the new one. Raises ``Changed``."""
        tag, _, number = version.partition("\n")
        mode: PutMode = {"e_tag": tag, "version": number} if number else {"e_tag": tag}
        with self._errors("writing"):
            try:
                return _version(self._put(name, body, mode))
            except (refusals.AlreadyExistsError, refusals.PreconditionError) as error:
                raise Changed from error

    def put(self, name: str, body: bytes) -> None:
        """Create or replace an object, whatever it is."""
        with self._errors("writing"):
            self._put(name, body, "overwrite")

    def names(self, folder: str, after: str = "") -> Sequence[str]:
        """The names that begin with ``folder``, sorted, from the one after ``after``."""
        with self._errors("listing"):
            found: list[str] = []
            for page in obstore.list(self._quick, folder, offset=after or None, chunk_size=1000):
                self._traffic.requests += 1
                found += (entry["path"] for entry in page)
            self._traffic.requests += not found
        return sorted(name for name in found if name > after)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone stay gone."""
        listed = list(names)
        self._traffic.requests += bool(listed)
        with self._errors("removing from"):
            try:
                if listed:
                    obstore.delete(self._quick, listed)
            except FileNotFoundError as error:
                if "ucket" in meaning_of(str(error), ""):
                    raise

    def _put(self, name: str, body: bytes, mode: "PutMode") -> "PutResult":
        self._traffic.requests += 1
        self._traffic.written += len(body)
        store = self._long if len(body) > _LARGE else self._quick
        return obstore.put(store, name, body, mode=mode, use_multipart=False)

    def _store(self, timeout: timedelta) -> Any:
        return _STORES[self._url.scheme](
            self._url.bucket,
            prefix=self._url.prefix,
            retry_config=_RETRY,
            client_options={
                "connect_timeout": timedelta(seconds=5),
                "timeout": timeout,
                "allow_http": any(os.environ.get(name, "").lower() == "true" for name in _ALLOW_HTTP),
            },
        )

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (refusals.BaseError, OSError, ValueError) as error:
            name = type(error).__name__
            kind = StateError if isinstance(error, _DEFINITE) else Unanswered
            raise kind(f"{doing} the state {self.place}: {meaning_of(str(error), name)}") from None


def _version(meta: Any) -> str:
    """An object's version as one text: the etag, and where the server counts versions, its number."""
    return f"{meta['e_tag'] or ''}\n{meta['version'] or ''}"
