"""Files that SOPS encrypted (https://getsops.io): its binary mode is read, its other modes are refused.

In the modes for YAML, JSON and dotenv SOPS parses the file before it encrypts the values. So 0012345 became
5349 (octal), and a date a time, before anything was encrypted. Nobody can tell which values were changed.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from kardia_ctl.config.source_files import InvalidContent, Unopened

LIMIT: Final = 64 << 20
"""Bytes of a file of SOPS, which holds it in memory several times."""

_SECONDS: Final = 60.0
"""How long a key service may take to answer."""

_BINARY: Final = re.compile(rb'\s*\{\s*"data":\s*"ENC\[AES256_GCM,')
_VALUE: Final = re.compile(rb'^[ \t]*(?:- )?[^\s#][^\n]{0,200}?[:=]\s*"?ENC\[AES256_GCM,data:', re.MULTILINE)
_MARK: Final = b"ENC[AES256_GCM,data:"
_OURS: Final = "KARDIA_"

_AGAIN: Final = "Encrypt it as a whole: kardia-ctl encrypt, or sops encrypt --input-type binary"


def is_binary(head: bytes) -> bool:
    """Whether a file that begins so was encrypted in the binary mode."""
    return _BINARY.match(head) is not None


def refuse_parsed(head: bytes) -> None:
    """Refuse a file whose values were encrypted one by one.

    Raises:
        InvalidContent: it is one, at the line of the first of them.
    """
    if _MARK in head and (found := _VALUE.search(head)):
        raise InvalidContent(
            "SOPS encrypted the values of this file one by one: it parsed them first, which turns 0012345 "
            "into 5349 and a date into a time",
            _AGAIN,
            head.count(b"\n", 0, found.start()) + 1,
        )


def decrypted(data: bytes, environ: Mapping[str, str]) -> bytes:
    """The plain text of a file in the binary mode, from the program ``sops``. Nothing is written to a file.

    ``environ`` is passed on without our own keys. Which key service sops asks is for the file to say.

    Raises:
        Unopened: the program is missing, fails or takes too long. Its messages are not repeated.
    """
    program = shutil.which("sops", path=environ.get("PATH", ""))
    if program is None:
        raise Unopened(
            "the file is encrypted with SOPS, and the program sops is not there",
            "Install sops (https://getsops.io), or encrypt the file with kardia-ctl encrypt",
        )
    words = [program, "-d", "--input-type", "binary", "--output-type", "binary", "/dev/stdin"]
    theirs = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
    try:
        done = subprocess.run(  # noqa: S603  (a fixed command line; the program is the person's own)
            words, input=data, env=theirs, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unopened(
            f"sops did not end within {_SECONDS:.0f} s", "Run sops decrypt FILE to see what it waits for"
        ) from None
    except OSError as error:
        raise Unopened("the program sops cannot be started", "Run sops --version") from error
    if done.returncode:
        raise Unopened(
            f"sops could not decrypt the file (exit {done.returncode})", "Run sops decrypt FILE to see why"
        )
    return done.stdout
