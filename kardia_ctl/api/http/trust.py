"""Which certificates are trusted, whatever the environment says."""

import ssl
from typing import Any

from kardia_ctl.model.errors import ApiError


def trust_of(ca_file: str | None) -> ssl.SSLContext:
    """A context for connections as a client: TLS 1.2 or later, certificates and host names verified.

    It is built here because ``ssl.create_default_context``, which httpx calls too, writes the keys of every
    connection to the file that ``SSLKEYLOGFILE`` names.

    Args:
        ca_file: A PEM file whose authorities are trusted instead of the built-in ones.

    Raises:
        ApiError: the file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        import certifi

        context.load_verify_locations(cafile=certifi.where())
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ApiError(
            f"the CA file {ca_file} cannot be used: {type(error).__name__}. Next: name a PEM file"
        ) from error
    return context


def tls_version(stream: Any) -> str:
    """The version of TLS of a connection (httpx's ``network_stream``), such as TLSv1.3; empty without TLS."""
    ssl_object = None if stream is None else stream.get_extra_info("ssl_object")
    return "" if ssl_object is None else str(ssl_object.version() or "")
