"""The limit of open files, wherever it is met: a connection, a look-up of a name, the state, an input."""

import errno
import os
from typing import Final

MET: Final = frozenset({errno.EMFILE, errno.ENFILE})
"""The codes of a limit that is met: of this process, and of the whole machine (errno(3))."""

REASON: Final = "too many open files"
REMEDY: Final = "raise the limit of open files (ulimit -n), or use a lower --parallelism"


def is_met() -> bool:
    """Whether no file can be opened now. Libraries give other reasons for that, such as a wrong name."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in MET
    return False
