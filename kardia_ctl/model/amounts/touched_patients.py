"""Whom a plan touches: what somebody who approves it has to know first."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Touched:
    """How many patients lose something, and whose webhook events go elsewhere.

    A patient is counted once, whatever happens to them. Numbers that no read of the plan shows are None.

    Attributes:
        leaving: Patients who are disconnected or deleted.
        connected: Of those who leave: connected.
        unknown: Of those who leave: their connection is not known, or is one that the API does not document.
        deleted: Of those who leave: deleted, which cannot be undone.
        recorded: Of those who are deleted: with recordings.
        unread: Of those who are deleted: the number of recordings is not known.
        patients: The live patients of the account, where a callback changes.
        monitored: Of them: connected.
        redirected: The addresses of the callbacks whose events would go elsewhere.
        opened: The addresses of the callbacks to which events would go that went nowhere.
    """

    leaving: int = 0
    connected: int = 0
    unknown: int = 0
    deleted: int = 0
    recorded: int = 0
    unread: int = 0
    patients: int | None = None
    monitored: int | None = None
    redirected: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()

    @property
    def is_nobody(self) -> bool:
        """Whether nobody leaves, and no events go elsewhere."""
        return not (self.leaving or self.redirected or self.opened)
