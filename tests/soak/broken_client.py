"""kardia-ctl with a defect, for the harness's own test: it has to find out what each of them does.

SOAK_DEFECT has to name the defect, so that nobody calls this by mistake.
"""

import os
import sys
from dataclasses import replace
from enum import Enum
from typing import Final, assert_never

from kardia_ctl.api import endpoints
from kardia_ctl.cli.main import main
from kardia_ctl.model.state import State
from kardia_ctl.state.sqlite.sqlite_store import SqliteStore

VARIABLE: Final = "SOAK_DEFECT"


class Defect(Enum):
    """What is wrong with it."""

    BLIND_RETRY = "blind-retry"
    """A create whose answer is lost is sent again at once."""
    FORGETFUL = "forgetful"
    """What was in flight when a run was killed is not known to the next one."""


def inflict(defect: Defect) -> None:
    """Break the client in this process."""
    match defect:
        case Defect.BLIND_RETRY:
            again = replace(endpoints.CREATE_PATIENT, nature=endpoints.Nature.REPEATABLE)
            vars(endpoints)["CREATE_PATIENT"] = again
        case Defect.FORGETFUL:
            load = SqliteStore.load

            def forgetful(store: SqliteStore) -> State:
                return replace(load(store), intents={})

            setattr(SqliteStore, load.__name__, forgetful)
        case _:
            assert_never(defect)


if __name__ == "__main__":
    try:
        inflict(Defect(os.environ.get(VARIABLE)))
    except ValueError:
        sys.exit(f"this client is broken on purpose; {VARIABLE} names how")
    main()
