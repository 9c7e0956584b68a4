"""What the operating system may keep of this process: no memory image, no secrets of its connections."""

import os
import sys
from contextlib import suppress
from typing import Final

import click

UNSUPPORTED: Final = (
    "Error: kardia-ctl runs on Linux and macOS. On Windows, run it in WSL (the Windows Subsystem for Linux): "
    "https://learn.microsoft.com/windows/wsl/install"
)
"""What a system without locks of files is told."""

_PR_SET_DUMPABLE: Final = 4
"""linux/prctl.h"""
_KEY_LOG: Final = "SSLKEYLOGFILE"


def protect_process() -> None:
    """Turn off core files, and the log of TLS keys, for the rest of the process.

    A core file would hold the API key, passwords, codes and every patient. Its limit alone is not enough:
    Linux does not apply it where ``kernel.core_pattern`` hands the image to a program. A process that is not
    dumpable writes none, and other processes of the same user cannot read its memory or environment either.
    A program that this one starts is not affected.
    """
    _no_core_file()
    if os.environ.pop(_KEY_LOG, None):
        click.echo(f"Warning: {_KEY_LOG} is ignored: whoever has that file can read what was sent.", err=True)


def _no_core_file() -> None:
    with suppress(ImportError, OSError, ValueError):  # Windows has no limits
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):  # a Python without ctypes, another C library
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
