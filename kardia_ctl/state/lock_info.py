"""Who holds the single writer's lock."""

import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass, fields
from typing import Final
from uuid import uuid4

from kardia_ctl import __version__


@dataclass(frozen=True, slots=True)
class LockInfo:
    """The run that holds the lock: Terraform's lock information, field for field, and the process id.

    ``created`` is RFC 3339 in UTC, ``path`` the state's place without a password, ``info`` the workspace.
    """

    id: str
    operation: str
    info: str
    who: str
    version: str
    created: str
    path: str
    pid: int

    @classmethod
    def of_this_process(cls, operation: str, workspace: str, created: str, path: str) -> "LockInfo":
        """The lock information of a run that begins in this process."""
        return cls(str(uuid4()), operation, workspace, who(), __version__, created, path, os.getpid())

    def encoded(self) -> bytes:
        """The JSON that is stored with the lock."""
        names = {name: _TERRAFORM.get(name, name) for name in asdict(self)}
        return json.dumps({names[name]: value for name, value in asdict(self).items()}).encode()

    @classmethod
    def decoded(cls, text: bytes) -> "LockInfo | None":
        """The lock information in a text; None when it is not readable as such."""
        try:
            values = json.loads(text)
            return cls(
                **{field.name: values[_TERRAFORM.get(field.name, field.name)] for field in fields(cls)}
            )
        except (ValueError, KeyError, TypeError):
            return None

    def __str__(self) -> str:
        place = f", workspace {self.info}" if self.info else ""
        return f"{self.operation} by {self.who} (process {self.pid}{place}) since {self.created}"


_TERRAFORM: Final = {
    "id": "ID",
    "operation": "Operation",
    "info": "Info",
    "who": "Who",
    "version": "Version",
    "created": "Created",
    "path": "Path",
}


def who() -> str:
    """``user@host``; a user without a name, as in many containers, is shown as a number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
