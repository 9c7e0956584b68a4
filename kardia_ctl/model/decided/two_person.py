"""What a second person has to approve before apply does it."""

from enum import StrEnum


class TwoPerson(StrEnum):
    """An entry of ``two_person`` in kardia.yaml: a kind of change that its author alone may not apply."""

    DELETE = "delete"
    DISCONNECT = "disconnect"
    CALLBACK = "callback"
